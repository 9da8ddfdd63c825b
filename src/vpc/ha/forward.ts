import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../../base/clock.ts';
import type { WireRequest } from '../auth/sigv4.ts';
import type { Dispatch, WireResponse } from '../dispatch.ts';
import { collectionsOf, type Store } from '../store/store.ts';

/** What forwarding knows of the replica. */
export interface Forwarding {
  readonly store: Store;
  readonly clock: Clock;
  readonly caPem: string | undefined;
  readonly leads: () => boolean;
  readonly leaderUrl: () => string | undefined;
}

const FORWARDED = 'x-trunkline-forwarded';
/** Versions that the writer had seen when it answered, by resource. */
const SEEN = 'x-trunkline-seen';
const TIMEOUT_MS = 30_000;
/** How long an answer waits for our own memory to catch up with the writer's. */
const CATCH_UP_MS = 2_000;
const CATCH_UP_STEP_MS = 5;
/** How often a waiting request looks whether its writer still is one. */
const WATCH_STEP_MS = 100;

/**
 * Answers reads from here, and writes too while we lead; else the writer answers them. The request
 * goes on as it came, so the signature still fits. The answer waits until our memory has what the
 * writer had: a client reads its own writes, whichever server it asks next through us.
 */
export function withForwarding(dispatch: Dispatch, forwarding: Forwarding): Dispatch {
  return async (request, requestId) => {
    if (forwarding.leads()) {
      const answer = await dispatch(request, requestId);
      return isForwarded(request) ? withSeen(answer, forwarding.store) : answer;
    }
    if (isRead(request)) return dispatch(request, requestId);
    const url = forwarding.leaderUrl();
    if (url === undefined || isForwarded(request)) return unavailable(requestId);
    try {
      const answer = await sendWhile(() => forwarding.leaderUrl() === url, url, {
        request,
        forwarding,
      });
      await catchUp(forwarding, answer.headers?.[SEEN]);
      return answer;
    } catch {
      return unavailable(requestId);
    }
  };
}

/** Roles are assumed without a trace: credentials are sealed, not stored. */
const READS = /^(Describe|Get|List|Search|Decode|Simulate|AssumeRole)/;

/** Whether a request changes nothing. */
export function isRead({ method, path, query, body }: WireRequest): boolean {
  // A token review is a POST, and a read.
  if (path.startsWith('/_trunkline/')) return path !== '/_trunkline/reset';
  if (path.length > 1) return method === 'GET';
  const text = body.length > 0 ? new TextDecoder().decode(body) : query;
  const action = new URLSearchParams(text).get('Action') ?? '';
  return READS.test(action);
}

function isForwarded({ headers }: WireRequest): boolean {
  return headers.has(FORWARDED);
}

/** As EC2 says it; SDKs try such answers again. */
function unavailable(requestId: string): WireResponse {
  const error = '<Code>Unavailable</Code><Message>No server can write at the moment.</Message>';
  return {
    status: 503,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${error}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
    requestId,
  };
}

function withSeen(answer: WireResponse, store: Store): WireResponse {
  const seen = collectionsOf(store).map(({ plural, seenVersion }) => `${plural}=${seenVersion}`);
  return { ...answer, headers: { ...answer.headers, [SEEN]: seen.join(',') } };
}

async function catchUp({ store, clock }: Forwarding, seen: string | undefined): Promise<void> {
  const wanted = new Map(
    (seen ?? '').split(',').map((part) => {
      const [plural = '', version = '0'] = part.split('=');
      return [plural, Number(version)];
    }),
  );
  const untilMs = clock.monotonicMs() + CATCH_UP_MS;
  const behind = (): boolean =>
    collectionsOf(store).some((each) => each.seenVersion < (wanted.get(each.plural) ?? 0));
  while (behind() && clock.monotonicMs() < untilMs) await clock.sleep(CATCH_UP_STEP_MS);
}

/** Gives up when another writer is elected: the one that we asked may be stopped for long. */
async function sendWhile(
  isWriter: () => boolean,
  url: string,
  { request, forwarding }: { readonly request: WireRequest; readonly forwarding: Forwarding },
): Promise<WireResponse> {
  const done = new AbortController();
  const answer = send(url, request, { caPem: forwarding.caPem, signal: done.signal });
  const watch = async (): Promise<void> => {
    while (!done.signal.aborted && isWriter())
      await forwarding.clock.sleep(WATCH_STEP_MS, done.signal).catch(() => {});
    done.abort(new Error('The writer changed'));
  };
  void watch();
  return answer.finally(() => done.abort(new Error('Answered')));
}

interface SendOptions {
  readonly caPem: string | undefined;
  readonly signal: AbortSignal;
}

function send(
  url: string,
  request: WireRequest,
  { caPem, signal }: SendOptions,
): Promise<WireResponse> {
  const target = new URL(request.path + (request.query && `?${request.query}`), url);
  const open = target.protocol === 'https:' ? httpsRequest : httpRequest;
  // The host that the client signed, not the one that we connect to.
  const headers = { ...Object.fromEntries(request.headers), [FORWARDED]: '1' };
  return new Promise((resolve, reject) => {
    const sent = open(
      target,
      { method: request.method, headers, signal, timeout: TIMEOUT_MS, ...(caPem && { ca: caPem }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve(answerOf(response, Buffer.concat(chunks).toString('utf8'))),
        );
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('The writer did not answer')));
    sent.on('error', reject);
    sent.end(request.body);
  });
}

const PASSED_ON = ['x-amzn-errortype', SEEN] as const;

function answerOf(
  {
    statusCode,
    headers,
  }: { statusCode?: number | undefined; headers: NodeJS.Dict<string | string[]> },
  body: string,
): WireResponse {
  const passed = PASSED_ON.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return {
    status: statusCode ?? 502,
    body,
    requestId: String(headers['x-amzn-requestid'] ?? ''),
    contentType: headers['content-type']?.toString() ?? 'text/xml;charset=UTF-8',
    headers: Object.fromEntries(passed),
  };
}

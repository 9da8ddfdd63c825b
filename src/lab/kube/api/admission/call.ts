import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Clock } from '../../../../base/clock.ts';

/** A resolved webhook: where to connect, and by which name its certificate is checked. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly serverName: string;
  /** For messages. */
  readonly url: string;
  readonly caPem?: string;
}

/** Largest answer that is read. */
const ANSWER_LIMIT_BYTES = 8 * 1024 * 1024;

/** Posts JSON and answers the parsed reply; throws an Error in the words of Go's HTTP client. */
export async function postJson(
  endpoint: Endpoint,
  body: unknown,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<unknown> {
  const done = new AbortController();
  const late = clock.sleep(timeoutMs, done.signal).then(
    () => {
      throw new Error(
        `failed to call webhook: Post "${endpoint.url}": context deadline exceeded ` +
          '(Client.Timeout exceeded while awaiting headers)',
      );
    },
    () => undefined,
  );
  try {
    return await Promise.race([exchange(endpoint, JSON.stringify(body), done.signal), late]);
  } finally {
    done.abort();
    late.catch(() => {});
  }
}

function exchange(endpoint: Endpoint, payload: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new Error(`failed to call webhook: Post "${endpoint.url}": ${error.message}`));
    const outgoing = httpsRequest({
      host: endpoint.host,
      port: endpoint.port,
      path: endpoint.path,
      method: 'POST',
      // An address is no server name (RFC 6066); Node then checks the certificate for the host.
      ...(isIP(endpoint.serverName) === 0 && { servername: endpoint.serverName }),
      ...(endpoint.caPem !== undefined && { ca: endpoint.caPem }),
      headers: {
        host: endpoint.serverName,
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': Buffer.byteLength(payload),
      },
      signal,
      agent: false,
    });
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        chunks.push(chunk);
        if (sizeBytes > ANSWER_LIMIT_BYTES) outgoing.destroy(new Error('the answer is too large'));
      });
      response.on('error', fail);
      response.on('end', () => {
        try {
          resolve(parsed(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    });
    outgoing.end(payload);
  });
}

function parsed(status: number, text: string): unknown {
  if (status < 200 || status > 299) {
    const about = text.trim().slice(0, 200);
    throw new Error(`failed to call webhook: the server returned ${status}: ${about}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`failed to call webhook: ${(error as Error).message}`, { cause: error });
  }
}

import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import type { Log } from '../../base/log.ts';
import {
  FLOW_HEADER,
  formatFlowRecord,
  matchesFlow,
  type FlowFilter,
  type FlowRecord,
} from '../../policy/flow-record.ts';
import type { DropCount } from '../fabric/drop-counts.ts';
import { family } from './counters.ts';
import type { FlowRecorder } from './recorder.ts';
import { skipRecord } from './writer.ts';

/** What is served. */
export interface FlowServerDeps {
  readonly recorder: FlowRecorder;
  readonly socketPath: string;
  readonly instanceId: string;
  readonly nodeName: string | undefined;
  readonly drops: () => Promise<readonly DropCount[]>;
  /** The interface that a link belongs to. */
  readonly interfaceOf: (link: string) => string;
  readonly log: Log;
}

/** What a follower may leave unread before records are left out for it. */
const UNREAD_BYTES_MAX = 1024 * 1024;

/**
 * Serves records and metrics over HTTP on a unix socket that only root may use:
 *
 *   GET /flows?since=MS&follow=1&pod=P&verdict=accept|reject&group=G   lines, the first one names the fields
 *   GET /metrics                                                      Prometheus
 *
 * Without `since` there is no history. While nothing is recorded, /flows answers 409.
 */
export async function serveFlows(deps: FlowServerDeps): Promise<{ close(): Promise<void> }> {
  const { socketPath, log } = deps;
  mkdirSync(dirname(socketPath), { recursive: true });
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    answer(deps, request, response).catch((error: unknown) => {
      log.error('Flow records cannot be served', { error });
      response.destroy();
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(socketPath, resolve);
  await promise;
  chmodSync(socketPath, 0o600);
  return {
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  deps: FlowServerDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  response.on('error', () => response.destroy());
  if (url.pathname === '/metrics') return sendMetrics(deps, response);
  if (url.pathname !== '/flows') return end(response, 404, 'There is /flows and /metrics\n');
  if (!deps.recorder.recording) return end(response, 409, 'Flow records are off\n');
  await sendFlows(deps, url.searchParams, response);
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

async function sendFlows(
  deps: FlowServerDeps,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const filter = filterOf(query);
  const since = query.get('since');
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.write(`${FLOW_HEADER}\n`);
  const waiting: FlowRecord[] = [];
  let send = (record: FlowRecord): void => void waiting.push(record);
  const follow = query.get('follow') === '1';
  const unlisten = follow ? deps.recorder.listen((record) => send(record)) : undefined;
  response.once('close', () => unlisten?.());
  if (since !== null) await sendHistory(deps, { sinceMs: Number(since), filter }, response);
  if (!unlisten) return void response.end();
  const live = follower(deps, filter, response);
  for (const record of waiting) live(record);
  send = live;
}

async function sendHistory(
  { recorder }: FlowServerDeps,
  { sinceMs, filter }: { readonly sinceMs: number; readonly filter: FlowFilter },
  response: ServerResponse,
): Promise<void> {
  for await (const record of recorder.history(sinceMs, filter)) {
    if (response.destroyed) return;
    if (!response.write(`${formatFlowRecord(record)}\n`))
      await new Promise((resolve) => {
        response.once('drain', resolve);
        response.once('close', resolve);
      });
  }
}

/** Writes what passes the filter, as fast as it is read, and says so where records are left out. */
function follower(
  { instanceId, nodeName = '-' }: FlowServerDeps,
  filter: FlowFilter,
  response: ServerResponse,
): (record: FlowRecord) => void {
  let gap: FlowRecord | undefined;
  return (record) => {
    if (!matchesFlow(filter, record)) return;
    if (response.writableLength > UNREAD_BYTES_MAX) {
      gap ??= skipRecord(nodeName, instanceId, Number(record.end) * 1000);
      return;
    }
    if (gap) response.write(`${formatFlowRecord(gap)}\n`);
    gap = undefined;
    response.write(`${formatFlowRecord(record)}\n`);
  };
}

function filterOf(query: URLSearchParams): FlowFilter {
  const [pod, verdict, group] = ['pod', 'verdict', 'group'].map((name) => query.get(name));
  return {
    ...(pod && { pod }),
    ...((verdict === 'accept' || verdict === 'reject') && { verdict }),
    ...(group && { group }),
  };
}

async function sendMetrics(
  { recorder, drops, interfaceOf }: FlowServerDeps,
  response: ServerResponse,
): Promise<void> {
  const name = 'trunkline_port_dropped_packets_total';
  const lines = (await drops()).map(
    ({ link, gate, packets }) =>
      `${name}{interface="${interfaceOf(link)}",gate="${gate}"} ${packets}`,
  );
  const text = [recorder.counters.text(), ...family(name, 'Packets dropped.', lines), ''];
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(text.join('\n'));
}

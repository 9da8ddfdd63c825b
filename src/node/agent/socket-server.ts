import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Log } from '../../base/log.ts';
import { CniError, cniErrorBody } from '../cni/errors.ts';
import type { AgentRequest, AgentResponse, CniResult } from '../cni/wire.ts';

/** Answers one call; throws CniError. */
export type RequestHandler = (request: AgentRequest) => Promise<CniResult | undefined>;

/** Longest request in bytes; a prevResult is far smaller. */
const LARGEST_REQUEST_BYTES = 1 << 20;

/** Serves CNI calls as JSON lines on a unix socket that only root may use. */
export async function serveSocket(
  path: string,
  handler: RequestHandler,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const server = createServer((socket) => serveConnection(socket, handler, log));
  await listen(server, path);
  chmodSync(path, 0o600);
  return { close: () => new Promise((resolve) => void server.close(() => resolve())) };
}

async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
}

function serveConnection(socket: Socket, handler: RequestHandler, log: Log): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('error', (error) => log.debug('CNI connection failed', { error }));
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > LARGEST_REQUEST_BYTES) socket.destroy();
    const end = text.indexOf('\n');
    if (end < 0) return;
    const line = text.slice(0, end);
    text = '';
    void respond(line, handler, log).then((answer) => {
      socket.end(`${JSON.stringify(answer)}\n`);
    });
  });
}

async function respond(line: string, handler: RequestHandler, log: Log): Promise<AgentResponse> {
  try {
    const result = await handler(JSON.parse(line) as AgentRequest);
    return result ? { ok: true, result } : { ok: true };
  } catch (error) {
    if (!(error instanceof CniError)) log.error('CNI call failed', { error });
    return { ok: false, error: cniErrorBody(error) };
  }
}

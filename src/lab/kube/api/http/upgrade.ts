import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Api } from '../api.ts';
import { authenticate } from '../authn/authenticate.ts';
import type { Tokens } from '../authn/tokens.ts';
import { EXEC_PROTOCOLS, finish, joinExec } from '../pods/exec-socket.ts';
import { connectPod, type PodConnection } from '../pods/pod-target.ts';
import { badRequest, statusOf, toApiError, type ApiError } from '../status.ts';
import { requestUrl, unauthorized } from './handler.ts';
import { parseResourcePath } from './request-info.ts';

/** Answers upgrade requests. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Exec over websockets; other upgrades (SPDY, port-forward) are refused with a reason. */
export function createUpgradeHandler(api: Api, tokens: Tokens): UpgradeHandler {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => EXEC_PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  });
  return (request, socket, head) => {
    // A client that goes away in the middle must not take the server with it.
    socket.on('error', () => socket.destroy());
    try {
      const exec = admit(api, tokens, request);
      sockets.handleUpgrade(request, socket, head, (websocket) => {
        void runExec(api, websocket, exec);
      });
    } catch (error) {
      refuse(socket, toApiError(error));
    }
  };
}

interface Exec {
  readonly connection: PodConnection;
  readonly query: URLSearchParams;
}

function admit(api: Api, tokens: Tokens, request: IncomingMessage): Exec {
  if (authenticate(request, tokens) === undefined) throw unauthorized();
  const url = requestUrl(request);
  const path = parseResourcePath(url.pathname);
  if (path?.plural !== 'pods' || path.subresource !== 'exec') {
    throw badRequest(`only pods/exec can be upgraded in the lab, not ${url.pathname}`);
  }
  const offered = new Set(
    (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim()),
  );
  const isWebSocket = String(request.headers.upgrade).toLowerCase() === 'websocket';
  if (!isWebSocket || !EXEC_PROTOCOLS.some((protocol) => offered.has(protocol))) {
    throw badRequest(
      `pods/exec is served over websockets only (${EXEC_PROTOCOLS.join(', ')}); SPDY is not ` +
        'supported, kubectl 1.30 and later do not need it',
    );
  }
  if (!url.searchParams.has('command')) {
    throw badRequest('you must specify at least one command for the container');
  }
  const container = url.searchParams.get('container') ?? '';
  return { connection: connectPod(api, path, container), query: url.searchParams };
}

async function runExec(api: Api, socket: WebSocket, { connection, query }: Exec): Promise<void> {
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  const tty = flag('tty');
  const streams = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr') && !tty };
  const early: Buffer[] = [];
  const keep = (data: Buffer): void => void early.push(data);
  socket.on('message', keep);
  try {
    const session = await connection.runtime.exec(connection.target, {
      command: query.getAll('command'),
      stdin: streams.stdin,
      tty,
    });
    socket.off('message', keep);
    const done = joinExec(socket, session, streams);
    // What came while the command was being started goes first; nothing can arrive in between.
    for (const data of early) socket.emit('message', data);
    await done;
  } catch (error) {
    const failure = toApiError(error);
    api.log.info('A command could not be run in a pod', { error: failure.message });
    finish(socket, statusOf(failure));
  }
}

function refuse(socket: Duplex, error: ApiError): void {
  const body = `${JSON.stringify(statusOf(error))}\n`;
  socket.end(
    `HTTP/1.1 ${error.code} ${error.reason}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

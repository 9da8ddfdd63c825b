import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ExecSession } from '../../pod-runtime.ts';
import type { Api } from '../api.ts';
import { authenticate } from '../authn/authenticate.ts';
import type { Tokens } from '../authn/tokens.ts';
import { EXEC_PROTOCOLS, finish, joinExec } from '../pods/exec-socket.ts';
import { connectPod, type PodConnection } from '../pods/pod-target.ts';
import { badRequest, statusOf, toApiError, type ApiError } from '../status.ts';
import { requestUrl, unauthorized } from './handler.ts';
import { parseResourcePath, type ResourcePath } from './request-info.ts';

/** Answers upgrade requests. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Exec and attach over websockets; other upgrades (SPDY, port-forward) are refused with a reason. */
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
  readonly verb: string;
  readonly query: URLSearchParams;
}

function admit(api: Api, tokens: Tokens, request: IncomingMessage): Exec {
  if (authenticate(request, tokens) === undefined) throw unauthorized();
  const url = requestUrl(request);
  const path = parseResourcePath(url.pathname);
  const verb = path?.subresource ?? '';
  if (path?.plural !== 'pods' || !STREAMED.has(verb)) throw notStreamed(path, url);
  // What is wrong with the request itself comes first: clients try SPDY after any refusal.
  const connection = connectPod(api, path, url.searchParams.get('container') ?? '');
  checkProtocol(request, verb);
  if (verb === 'exec' && !url.searchParams.has('command')) {
    throw badRequest('you must specify at least one command for the container');
  }
  return { connection, verb, query: url.searchParams };
}

function checkProtocol(request: IncomingMessage, verb: string): void {
  const offered = new Set(
    (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim()),
  );
  const isWebSocket = String(request.headers.upgrade).toLowerCase() === 'websocket';
  if (!isWebSocket || !EXEC_PROTOCOLS.some((protocol) => offered.has(protocol))) {
    throw badRequest(
      `pods/${verb} is served over websockets only (${EXEC_PROTOCOLS.join(', ')}); SPDY is not ` +
        'supported, kubectl 1.30 and later do not need it',
    );
  }
}

/** Subresources of pods that are streamed. */
const STREAMED: ReadonlySet<string> = new Set(['exec', 'attach']);

function notStreamed(path: ResourcePath | undefined, url: URL): ApiError {
  if (path?.plural !== 'pods' || path.subresource !== 'portforward') {
    return badRequest(`only pods/exec and pods/attach can be upgraded, not ${url.pathname}`);
  }
  return badRequest('port-forward is not available in the lab: use kubectl exec, or another pod');
}

async function runExec(api: Api, socket: WebSocket, exec: Exec): Promise<void> {
  const { query } = exec;
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  const tty = flag('tty');
  const streams = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr') && !tty };
  const early: Buffer[] = [];
  const keep = (data: Buffer): void => void early.push(data);
  socket.on('message', keep);
  try {
    const session = await sessionOf(exec, { stdin: streams.stdin, tty });
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

function sessionOf(
  { connection: { runtime, target }, verb, query }: Exec,
  options: { readonly stdin: boolean; readonly tty: boolean },
): Promise<ExecSession> {
  if (verb === 'attach') return runtime.attach(target);
  return runtime.exec(target, { ...options, command: query.getAll('command') });
}

function refuse(socket: Duplex, error: ApiError): void {
  const body = `${JSON.stringify(statusOf(error))}\n`;
  socket.end(
    `HTTP/1.1 ${error.code} ${error.reason}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ExecSession } from '../../pod-runtime.ts';
import { isFields, numberAt, type Fields } from '../../../../base/json.ts';

/**
 * The remote command protocol over websockets, versions v4 and v5 (KEP-4006): the first byte of
 * each message names its stream; v5 adds a stream that says that another one has ended.
 */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

/** Subprotocols, the best first. */
export const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

/** Which streams the client asked for. */
export interface ExecStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** More than this waiting for the client stops the command's output until it has caught up. */
const HIGH_WATER_BYTES = 256 * 1024;

/** Connects a running command with a websocket until either ends. */
export async function joinExec(
  socket: WebSocket,
  session: ExecSession,
  streams: ExecStreams,
): Promise<void> {
  socket.on('message', (data: Buffer) => receive(session, streams, data));
  socket.once('close', () => session.kill());
  socket.once('error', () => session.kill());
  session.stdin.on('error', () => {
    // The command closed its input: what the client still sends is of no use.
  });
  if (!streams.stdin) session.stdin.end();
  const ends = [
    pipe(socket, session.stdout, streams.stdout ? STDOUT : undefined),
    pipe(socket, session.stderr, streams.stderr ? STDERR : undefined),
  ];
  const { code } = await session.exited;
  await Promise.all(ends);
  finish(socket, exitStatus(code));
}

function receive(session: ExecSession, streams: ExecStreams, data: Buffer): void {
  const payload = data.subarray(1);
  switch (data[0]) {
    case STDIN:
      if (streams.stdin && payload.length > 0) session.stdin.write(payload);
      return;
    case RESIZE:
      return resize(session, payload);
    case CLOSE:
      if (payload[0] === STDIN) session.stdin.end();
      return;
    default:
  }
}

function resize(session: ExecSession, payload: Buffer): void {
  let size: unknown;
  try {
    size = JSON.parse(payload.toString('utf8'));
  } catch {
    return;
  }
  if (!isFields(size)) return;
  const columns = numberAt(size, 'Width') ?? 0;
  const rows = numberAt(size, 'Height') ?? 0;
  if (columns > 0 && rows > 0) session.resize(columns, rows);
}

/** Sends a stream's data; resolves when the stream has ended. Without a channel it is drained. */
function pipe(socket: WebSocket, stream: Readable, channel: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      if (channel === undefined) return;
      send(socket, channel, chunk, () => stream.resume());
      if (socket.bufferedAmount > HIGH_WATER_BYTES) stream.pause();
    });
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve());
  });
}

function send(socket: WebSocket, channel: number, payload: Buffer, sent?: () => void): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(Buffer.concat([Buffer.from([channel]), payload]), { binary: true }, () => sent?.());
}

/** Sends the final status and closes. */
export function finish(socket: WebSocket, status: Fields): void {
  send(socket, ERROR, Buffer.from(JSON.stringify(status)));
  socket.close(1000);
}

function exitStatus(code: number): Fields {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: error executing command, exit code ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

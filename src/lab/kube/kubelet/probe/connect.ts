import { request } from 'node:http';
import { isIPv6, Socket } from 'node:net';
import { connect as startTls } from 'node:tls';
import type { Clock } from '../../../../base/clock.ts';
import { lastErrno, errnoName, socket as openSocket } from '../../../../io/netlink/libc.ts';
import { inNetns } from '../../../../io/netns.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 0x1 | 0o4000 | 0o2000000;

/** Where a probe goes, and from which network namespace. */
export interface ProbeTarget {
  readonly netns: string;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** What a probe found. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

/**
 * Connects by TCP from another network namespace. A socket belongs for good to the namespace in
 * which it was made, so only its making happens there, in one synchronous step of this thread;
 * Node does the rest. That is cheaper than a worker per node, and needs no process per probe.
 */
export async function probeTcp(target: ProbeTarget, clock: Clock): Promise<ProbeResult> {
  return limited(target, clock, (socket, done) => {
    socket.once('connect', () => done({ ok: true }));
    socket.once('error', (error) => done({ ok: false, message: connectFailure(target, error) }));
    socket.connect(target.port, target.host);
  });
}

/** GETs a path; 200 to 399 is success. Certificates are not verified, as by the real kubelet. */
export async function probeHttp(
  target: ProbeTarget & {
    readonly path: string;
    readonly scheme: string;
    readonly hostHeader: string;
  },
  clock: Clock,
): Promise<ProbeResult> {
  const { scheme, hostHeader, port, path } = target;
  const secure = scheme.toUpperCase() === 'HTTPS';
  const get = `Get "${scheme.toLowerCase()}://${hostHeader}:${port}${path}"`;
  return limited(target, clock, (socket, done) => {
    const call = request({
      host: hostHeader,
      port,
      path,
      headers: { 'user-agent': 'kube-probe/1.35', connection: 'close' },
      // Without an agent: one would connect from here.
      createConnection: () =>
        secure ? startTls({ socket, rejectUnauthorized: false, servername: '' }) : socket,
    });
    call.once('response', (response) => {
      const code = response.statusCode ?? 0;
      response.resume();
      const good = code >= 200 && code < 400;
      done(
        good ? { ok: true } : { ok: false, message: `HTTP probe failed with statuscode: ${code}` },
      );
    });
    call.once('error', (error) =>
      done({ ok: false, message: `${get}: ${connectFailure(target, error)}` }),
    );
    socket.connect(port, target.host);
    call.end();
  });
}

type Done = (result: ProbeResult) => void;

async function limited(
  target: ProbeTarget,
  clock: Clock,
  start: (socket: Socket, done: Done) => void,
): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const stop = new AbortController();
  let socket: Socket | undefined;
  try {
    socket = socketIn(target.netns, target.host);
    start(socket, resolve);
    clock.sleep(target.timeoutMs, stop.signal).then(
      () => resolve({ ok: false, message: `${timeoutText(target)}: context deadline exceeded` }),
      () => undefined,
    );
    return await promise;
  } catch (error) {
    return { ok: false, message: String(error) };
  } finally {
    stop.abort();
    // Errors after the verdict have nobody to go to.
    socket?.on('error', () => undefined);
    socket?.destroy();
  }
}

function socketIn(netns: string, host: string): Socket {
  const family = isIPv6(host) ? AF_INET6 : AF_INET;
  const fd = inNetns(netns, () => openSocket(family, SOCK_STREAM_NONBLOCK_CLOEXEC, 0));
  if (fd < 0) throw new Error(`Cannot make a socket in ${netns}: ${errnoName(lastErrno())}`);
  return new Socket({ fd });
}

function timeoutText({ host, port }: ProbeTarget): string {
  return `dial tcp ${host}:${port}`;
}

function connectFailure(target: ProbeTarget, error: NodeJS.ErrnoException): string {
  const word = error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message;
  return `dial tcp ${target.host}:${target.port}: ${word}`;
}

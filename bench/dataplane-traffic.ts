/**
 * A generator of traffic in one thread: it holds both ends of every connection, and the kernel does the whole
 * path of a packet, filter included, within the call that sends it. So the thread's processor time
 * is the cost of the path, whoever else uses the machine.
 */
import { closeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import koffi from 'koffi';
import { lastErrno } from '../src/io/netlink/libc.ts';
import { inNetns } from '../src/io/netns.ts';

const library = koffi.load('libc.so.6');
const socket = library.func('int socket(int, int, int)') as (...all: readonly number[]) => number;
const setsockopt = library.func('int setsockopt(int, int, int, const void *, uint32_t)') as (
  ...all: readonly [number, number, number, Buffer, number]
) => number;
const connect = library.func('int connect(int, const void *, uint32_t)') as Endpoint;
const bind = library.func('int bind(int, const void *, uint32_t)') as Endpoint;
const listen = library.func('int listen(int, int)') as (fd: number, backlog: number) => number;
const recvfrom = library.func('long recvfrom(int, void *, size_t, int, void *, void *)') as (
  ...all: readonly [number, Buffer, number, number, Buffer, Buffer]
) => number;
const accept = library.func('int accept(int, void *, void *)') as (
  ...all: readonly [number, null, null]
) => number;
const send = library.func('long send(int, const void *, size_t, int)') as Transfer;
const recv = library.func('long recv(int, void *, size_t, int)') as Transfer;
const close = library.func('int close(int)') as (fd: number) => number;

type Endpoint = (fd: number, address: Buffer, length: number) => number;
type Transfer = (fd: number, data: Buffer, length: number, flags: number) => number;

const [AF_INET, SOCK_STREAM, SOCK_DGRAM, SOL_SOCKET] = [2, 1, 2, 1];
const [SO_REUSEADDR, SO_LINGER, SO_SNDTIMEO, MSG_DONTWAIT] = [2, 13, 21, 0x40];
const YES = Buffer.from([1, 0, 0, 0]);
/** Lingering for no time at all: close sends a reset, and no port waits. */
const AT_ONCE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
/** struct timeval of two seconds. */
const TWO_SECONDS = Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const CHUNK = Buffer.alloc(256 * 1024);
const INTO = Buffer.alloc(1024 * 1024);
const DATAGRAM = Buffer.alloc(64);
const BATCH = 32;
/** Chunks over a new connection before it counts: its window opens. */
const WARM_UP = 20;
const TRIES_MAX = 300;

/** What a slice of traffic gave. */
export interface Slice {
  /** Connections, datagrams that arrived, or bytes that arrived. */
  readonly count: number;
  readonly wallMs: number;
  /** Processor time of this process. */
  readonly cpuMs: number;
}

/** Two hosts on either side of a fabric. */
export interface Ends {
  readonly clientNetns: string;
  readonly serverNetns: string;
  readonly serverAddress: string;
}

/** The sockets on either side of one fabric. */
export class Traffic {
  readonly #ends: Ends;
  readonly #listeners = new Map<number, number>();
  readonly #datagrams: readonly [client: number, server: number];

  constructor(ends: Ends, tcpPorts: readonly number[], udpPort: number) {
    this.#ends = ends;
    for (const port of tcpPorts) this.#listeners.set(port, this.#listener(port));
    this.#datagrams = this.#udp(udpPort);
    this.#answer();
  }

  /** Whether a datagram to the port arrives, at once. */
  reaches(port: number): boolean {
    const [client, server] = this.#udp(port);
    send(client, DATAGRAM, DATAGRAM.length, 0);
    const arrived = recv(server, INTO, INTO.length, MSG_DONTWAIT) === DATAGRAM.length;
    for (const fd of [client, server]) close(fd);
    return arrived;
  }

  /** Opens and resets connections, one after another. */
  connections(port: number, sliceMs: number): Slice {
    const listener = this.#listeners.get(port) ?? -1;
    const target = endpoint(this.#ends.serverAddress, port);
    return inNetns(this.#ends.clientNetns, () =>
      timed(sliceMs, () => {
        for (let i = 0; i < BATCH; i++) {
          const fd = socket(AF_INET, SOCK_STREAM, 0);
          if (connect(fd, target, target.length) !== 0) throw failure('connect');
          const other = accept(listener, null, null);
          setsockopt(fd, SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.length);
          close(fd);
          close(other);
        }
        return BATCH;
      }),
    );
  }

  /** Sends datagrams of 64 bytes over one flow. */
  datagrams(sliceMs: number): Slice {
    const [client, server] = this.#datagrams;
    return timed(sliceMs, () => {
      let arrived = 0;
      for (let i = 0; i < BATCH; i++) send(client, DATAGRAM, DATAGRAM.length, 0);
      while (recv(server, INTO, INTO.length, MSG_DONTWAIT) > 0) arrived += 1;
      return arrived;
    });
  }

  /** Moves bytes over new connections: what one settles at differs from connection to connection. */
  bytes(port: number, streams: number, sliceMs: number): Slice {
    const used = Array.from({ length: streams }, () => this.#connection(port));
    for (let i = 0; i < WARM_UP; i++) moveBytes(used);
    const slice = timed(sliceMs, () => moveBytes(used));
    for (const fd of used.flat()) close(fd);
    return slice;
  }

  close(): void {
    for (const fd of [...this.#listeners.values(), ...this.#datagrams]) closeSync(fd);
  }

  /** One datagram there and one back: from then on connection tracking knows the flow. */
  #answer(): void {
    const [client, server] = this.#datagrams;
    const from = Buffer.alloc(16);
    const size = Buffer.from([from.length, 0, 0, 0]);
    // A new link may take a moment to carry its first packet.
    for (let tries = 0; ; tries++) {
      send(client, DATAGRAM, DATAGRAM.length, 0);
      if (recvfrom(server, INTO, INTO.length, MSG_DONTWAIT, from, size) > 0) break;
      if (tries === TRIES_MAX) throw failure('receive the first datagram');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
    while (recv(server, INTO, INTO.length, MSG_DONTWAIT) > 0);
    connect(server, from, from.length);
    send(server, DATAGRAM, DATAGRAM.length, 0);
    if (recv(client, INTO, INTO.length, MSG_DONTWAIT) < 0) throw failure('receive the answer');
  }

  #listener(port: number): number {
    return inNetns(this.#ends.serverNetns, () => {
      const fd = bound(SOCK_STREAM, port);
      if (listen(fd, 1024) !== 0) throw failure('listen');
      return fd;
    });
  }

  #udp(port: number): readonly [number, number] {
    const server = inNetns(this.#ends.serverNetns, () => bound(SOCK_DGRAM, port));
    const client = inNetns(this.#ends.clientNetns, () => connected(this.#target(port), SOCK_DGRAM));
    return [client, server];
  }

  #connection(port: number): readonly [number, number] {
    const client = inNetns(this.#ends.clientNetns, () =>
      connected(this.#target(port), SOCK_STREAM),
    );
    return [client, accept(this.#listeners.get(port) ?? -1, null, null)];
  }

  #target(port: number): Buffer {
    return endpoint(this.#ends.serverAddress, port);
  }
}

/** A chunk over each connection; gives the bytes that arrived. */
function moveBytes(connections: readonly (readonly [client: number, server: number])[]): number {
  let arrived = 0;
  for (const [client, server] of connections) {
    send(client, CHUNK, CHUNK.length, MSG_DONTWAIT);
    for (;;) {
      const length = recv(server, INTO, INTO.length, MSG_DONTWAIT);
      if (length <= 0) break;
      arrived += length;
    }
  }
  return arrived;
}

function bound(type: number, port: number): number {
  const fd = socket(AF_INET, type, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, YES, YES.length);
  const address = endpoint('0.0.0.0', port);
  if (bind(fd, address, address.length) !== 0) throw failure('bind');
  return fd;
}

function connected(target: Buffer, type: number): number {
  const fd = socket(AF_INET, type, 0);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, TWO_SECONDS, TWO_SECONDS.length);
  if (connect(fd, target, target.length) !== 0) throw failure('connect');
  return fd;
}

/** struct sockaddr_in. */
function endpoint(address: string, port: number): Buffer {
  const out = Buffer.alloc(16);
  out.writeUInt16LE(AF_INET, 0);
  out.writeUInt16BE(port, 2);
  Buffer.from(address.split('.').map(Number)).copy(out, 4);
  return out;
}

function timed(sliceMs: number, batch: () => number): Slice {
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  let count = 0;
  let wallMs = 0;
  while (wallMs < sliceMs) {
    count += batch();
    wallMs = performance.now() - startedMs;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { count, wallMs, cpuMs: (user + system) / 1000 };
}

function failure(what: string): Error {
  return new Error(`Cannot ${what}: errno ${lastErrno()}`);
}

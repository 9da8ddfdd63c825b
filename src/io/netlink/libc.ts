import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type * as Koffi from 'koffi';

/**
 * The few C library calls that Node does not offer, through koffi. All are thread-local or act on
 * one descriptor. A result of -1 means failure; `lastErrno` then tells why. The library is loaded at
 * the first call, so that a machine on which koffi does not load can still take another way.
 */
interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly setsockopt: (...args: readonly unknown[]) => number;
  readonly getsockopt: (...args: readonly unknown[]) => number;
  readonly send: SendFunction;
  readonly recv: (fd: number, into: Buffer, length: number, flags: number) => number;
  readonly bind: (fd: number, address: Buffer, length: number) => number;
  readonly setns: (fd: number, kind: number) => number;
  readonly unshare: (flags: number) => number;
  readonly mount: (...args: readonly unknown[]) => number;
  readonly umount2: (target: string, flags: number) => number;
  readonly errno: () => number;
}

type SendArguments = readonly [fd: number, data: Buffer, length: number, flags: number];

interface SendFunction {
  (...args: SendArguments): number;
  async(...args: [...SendArguments, (error: unknown, sent: number) => void]): void;
}

const load = createRequire(import.meta.url);
let bound: Libc | undefined;

function libc(): Libc {
  bound ??= bind(load('koffi') as typeof Koffi);
  return bound;
}

function bind(koffi: typeof Koffi): Libc {
  const library = koffi.load('libc.so.6');
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, uint32_t *)'),
    send: library.func('long send(int, const void *, size_t, int)'),
    recv: library.func('long recv(int, void *, size_t, int)'),
    bind: library.func('int bind(int, const void *, uint32_t)'),
    setns: library.func('int setns(int, int)'),
    unshare: library.func('int unshare(int)'),
    mount: library.func(
      'int mount(const char *, const char *, const char *, unsigned long, const void *)',
    ),
    umount2: library.func('int umount2(const char *, int)'),
    errno: () => koffi.errno(),
  };
}

/** Whether the C library can be called on this machine. */
export function libcLoads(): boolean {
  try {
    libc();
    return true;
  } catch {
    return false;
  }
}

/** CLONE_NEWNET. */
export const CLONE_NEWNET = 0x4000_0000;
/** MNT_DETACH. */
export const MNT_DETACH = 2;
const MS_BIND = 4096;

/** socket(2). */
export function socket(domain: number, type: number, protocol: number): number {
  return libc().socket(domain, type, protocol);
}

/** send(2), whole buffer, no flags. */
export function send(fd: number, data: Buffer): number {
  return libc().send(fd, data, data.length, 0);
}

/** send(2) on a pool thread; resolves with -1 on failure. */
export function sendInBackground(fd: number, data: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    libc().send.async(fd, data, data.length, 0, (error, sent) => {
      if (error) reject(new Error('send in the background failed', { cause: error }));
      else resolve(sent);
    });
  });
}

/** recv(2), no flags. */
export function receive(fd: number, into: Buffer): number {
  return libc().recv(fd, into, into.length, 0);
}

/** bind(2); `address` is a sockaddr. */
export function bindSocket(fd: number, address: Buffer): number {
  return libc().bind(fd, address, address.length);
}

/** setns(2): moves the calling thread, which is Node's main thread. */
export function setns(fd: number, kind: number): number {
  return libc().setns(fd, kind);
}

/** unshare(2): gives the calling thread new namespaces. */
export function unshare(flags: number): number {
  return libc().unshare(flags);
}

/** Bind-mounts `source` on `target`. */
export function bindMount(source: string, target: string): number {
  return libc().mount(source, target, 'none', MS_BIND, null);
}

/** umount2(2). */
export function umount2(target: string, flags: number): number {
  return libc().umount2(target, flags);
}

/** Sets a boolean socket option. */
export function setSocketFlag(fd: number, level: number, option: number): void {
  const one = Buffer.alloc(4);
  one.writeInt32LE(1);
  libc().setsockopt(fd, level, option, one, one.length);
}

/** Sets a socket option that is a number; -1 on failure. */
export function setSocketNumber(
  fd: number,
  {
    level,
    option,
    value,
  }: { readonly level: number; readonly option: number; readonly value: number },
): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return libc().setsockopt(fd, level, option, bytes, bytes.length);
}

/** Reads a socket option that is a number; -1 on failure. */
export function socketNumber(fd: number, level: number, option: number): number {
  const bytes = Buffer.alloc(4);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(4);
  return libc().getsockopt(fd, level, option, bytes, size) < 0 ? -1 : bytes.readInt32LE();
}

/** errno of the last call on this thread. */
export function lastErrno(): number {
  return libc().errno();
}

/** Name of an errno, such as `EEXIST`; `E<number>` when unknown. */
export function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(constants.errno)) {
    if (value === errno && name !== 'EWOULDBLOCK') return name === 'ENOTSUP' ? 'EOPNOTSUPP' : name;
  }
  return `E${errno}`;
}

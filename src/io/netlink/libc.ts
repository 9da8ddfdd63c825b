import { constants } from 'node:os';
import koffi from 'koffi';

/**
 * The few C library calls that Node does not offer, through koffi. All are thread-local or act on
 * one descriptor. A result of -1 means failure; `lastErrno` then tells why.
 */
const libc = koffi.load('libc.so.6');

/** int socket(int, int, int). */
export const socket = libc.func('int socket(int, int, int)') as (
  domain: number,
  type: number,
  protocol: number,
) => number;

/** Sets an integer socket option. */
const setsockoptRaw = libc.func('int setsockopt(int, int, int, const void *, uint32_t)');

/** ssize_t send(int, const void *, size_t, int), also as an asynchronous call on a pool thread. */
export const send = libc.func('long send(int, const void *, size_t, int)');

/** ssize_t recv(int, void *, size_t, int). */
export const receive = libc.func('long recv(int, void *, size_t, int)') as (
  fd: number,
  into: Buffer,
  length: number,
  flags: number,
) => number;

/** int setns(int, int): moves the calling thread, which is Node's main thread. */
export const setns = libc.func('int setns(int, int)') as (fd: number, kind: number) => number;

/** int unshare(int): gives the calling thread new namespaces. */
export const unshare = libc.func('int unshare(int)') as (flags: number) => number;

const MS_BIND = 4096;

const mountRaw = libc.func(
  'int mount(const char *, const char *, const char *, unsigned long, const void *)',
);

/** Bind-mounts `source` on `target`; -1 on failure. */
export function bindMount(source: string, target: string): number {
  return mountRaw(source, target, 'none', MS_BIND, null) as number;
}

/** int umount2(const char *, int). */
export const umount2 = libc.func('int umount2(const char *, int)') as (
  target: string,
  flags: number,
) => number;

/** CLONE_NEWNET. */
export const CLONE_NEWNET = 0x4000_0000;
/** MNT_DETACH. */
export const MNT_DETACH = 2;

/** Sets a boolean socket option. */
export function setSocketFlag(fd: number, level: number, option: number): void {
  const one = Buffer.alloc(4);
  one.writeInt32LE(1);
  setsockoptRaw(fd, level, option, one, 4);
}

/** errno of the last call on this thread. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Name of an errno, such as `EEXIST`; `E<number>` when unknown. */
export function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(constants.errno)) {
    if (value === errno && name !== 'EWOULDBLOCK') return name === 'ENOTSUP' ? 'EOPNOTSUPP' : name;
  }
  return `E${errno}`;
}

import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetworkError, type NetnsPath } from '../base/network.ts';
import {
  CLONE_NEWNET,
  MNT_DETACH,
  bindMount,
  errnoName,
  lastErrno,
  setns,
  umount2,
  unshare,
} from './netlink/libc.ts';
import { NETNS_FOLDER } from './netns-path.ts';

/** Own namespace, opened once: the way back. */
let home: number | undefined;

/**
 * Runs `action` with the main thread inside a network namespace. The action must be synchronous:
 * nothing else of this process runs meanwhile, so nothing else can see the wrong namespace. A
 * netlink socket opened inside stays there for good; `/proc/sys/net` is that of the namespace.
 */
export function inNetns<T>(netns: NetnsPath, action: () => T): T {
  if (netns === undefined) return action();
  const back = homeFd();
  const target = openNetns(netns);
  try {
    enter(target, netns);
    return action();
  } finally {
    enter(back, 'the own namespace');
    closeSync(target);
  }
}

/** Opens a namespace file; the caller closes it. Fails with ENOENT when there is none. */
export function openNetns(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    throw new NetworkError(code, `Cannot open network namespace ${path}: ${code}`);
  }
}

/** Makes a namespace and mounts it under /run/netns. Fails with EEXIST when the name is taken. */
export function makeNetns(name: string): string {
  const path = join(NETNS_FOLDER, name);
  const back = homeFd();
  mkdirSync(NETNS_FOLDER, { recursive: true });
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o444 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    throw new NetworkError(code, `Cannot make network namespace ${name}: ${code}`);
  }
  try {
    check(unshare(CLONE_NEWNET), `make network namespace ${name}`);
    check(bindMount('/proc/thread-self/ns/net', path), `mount ${path}`);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    enter(back, 'the own namespace');
  }
  return path;
}

/** Unmounts and removes a named namespace; succeeds when it is already gone. */
export function removeNetns(name: string): void {
  const path = join(NETNS_FOLDER, name);
  umount2(path, MNT_DETACH);
  rmSync(path, { force: true });
}

function homeFd(): number {
  home ??= openSync('/proc/thread-self/ns/net', 'r');
  return home;
}

function enter(fd: number, what: string): void {
  check(setns(fd, CLONE_NEWNET), `enter ${what}`);
}

function check(result: number, what: string): void {
  if (result === 0) return;
  const code = errnoName(lastErrno());
  throw new NetworkError(code, `Cannot ${what}: ${code}`);
}

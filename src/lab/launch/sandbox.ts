import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';

/** The script that makes the namespaces; see its head for the processes involved. */
export const SANDBOX_SCRIPT = fileURLToPath(new URL('sandbox.sh', import.meta.url));

/** Environment variables, as child processes take them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `fcntl(fd, F_DUPFD, from)`: a copy at or above `from`, without close-on-exec. */
const F_DUPFD = 0;
/** Above the descriptors that a POSIX shell may name (0 to 9) or use for itself (10 and a few). */
const FIRST_PASSED_DESCRIPTOR = 40;

/** Settings that would make the lab talk to something else than itself, or start slower. */
const FOREIGN_SETTING = /^(AWS_|KUBE|NODE_|TRUNKLINE_|npm_|(https?|all|no)_proxy$)/i;

/** The environment of the lab: the user's, less what would lead its clients astray. */
export function sandboxEnvironment(env: Environment, root: string): Environment {
  const kept = Object.entries(env).filter(([name]) => !FOREIGN_SETTING.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: `${root}/node_modules/.bin:${env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
    NODE_COMPILE_CACHE: `${root}/node_modules/.cache/trunkline/v8`,
  };
}

/**
 * A copy of a descriptor that survives exec, which Node's own descriptors do not. Only for use right
 * before `becomeSandbox`.
 */
export function passableDescriptor(fd: number): number {
  const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int command, ...)');
  const copy = fcntl(fd, F_DUPFD, 'int', FIRST_PASSED_DESCRIPTOR) as number;
  if (copy < 0) throw new Error(`Cannot copy descriptor ${fd}`);
  return copy;
}

/**
 * Replaces this process by the sandbox running `command`. The process id stays, no idle Node.js is
 * left behind, and the kernel ends the lab when the parent (npm, a shell) dies.
 */
export function becomeSandbox(command: readonly string[], env: Environment): never {
  const defined = Object.entries(env).filter(([, value]) => value !== undefined);
  const argv = ['sh', SANDBOX_SCRIPT, '--with-parent', ...command];
  process.execve?.('/bin/sh', argv, Object.fromEntries(defined) as Record<string, string>);
  throw new Error('Needs Node.js 22.15 or later');
}

/** Where the descriptors of a spawned sandbox go. */
export interface SpawnSandboxOptions {
  readonly env: Environment;
  /** Descriptor for standard output and standard error. */
  readonly output: number;
  /** Descriptors that the command finds as 4, 5, ... ; 3 is a two-way channel to this process. */
  readonly pass: readonly number[];
}

/** Number of the channel to the starting process in a spawned sandbox. */
export const CHANNEL_DESCRIPTOR = 3;
/** Number of the first passed descriptor in a spawned sandbox. */
export const FIRST_SPAWNED_DESCRIPTOR = 4;

/** Starts the sandbox in the background, in a session of its own. */
export function spawnSandbox(
  command: readonly string[],
  { env, output, pass }: SpawnSandboxOptions,
): ChildProcess {
  return spawn('/bin/sh', [SANDBOX_SCRIPT, ...command], {
    env,
    detached: true,
    stdio: ['ignore', output, output, 'pipe', ...pass],
  });
}

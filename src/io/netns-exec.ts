import { spawn } from 'node:child_process';
import type { NetnsPath } from '../base/network.ts';

/** What a finished command left behind. `status` is undefined when it could not be started. */
export interface Finished {
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command inside a network namespace with `input` on stdin. Never through a shell, never
 * with the agent's environment (NODE_* and credentials stay here).
 */
export async function runInNetns(
  netns: NetnsPath,
  command: readonly [string, ...string[]],
  input = '',
): Promise<Finished> {
  const [file, ...args] =
    netns === undefined ? command : (['nsenter', `--net=${netns}`, '--', ...command] as const);
  const child = spawn(file, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const status = await new Promise<number | undefined>((resolve) => {
    child.on('error', (error) => {
      stderr.push(Buffer.from(error.message));
      resolve(undefined);
    });
    child.on('close', (code) => resolve(code ?? 128));
  });
  return {
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** What tcpdump sees on a link. */
export interface Capture {
  /** Lines so far, Ethernet header and tags included. */
  readonly lines: readonly string[];
  /** All lines up to now, once one of them matches; fails after a while. */
  until(pattern: RegExp): Promise<readonly string[]>;
  stop(): void;
}

const LONGEST_WAIT_MS = 5_000;

/** Starts tcpdump on a link of a namespace, and resolves when it listens. */
export async function capture(netns: string, link: string): Promise<Capture> {
  const options = ['-n', '-e', '-t', '-l', '--immediate-mode', '-s', '128', '-i', link];
  const child = spawn('nsenter', [`--net=${netns}`, '--', 'tcpdump', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await poll(
    () => said.includes('listening on'),
    () => `tcpdump does not listen: ${said}`,
  );
  return {
    lines,
    async until(pattern) {
      await poll(
        () => lines.some((line) => pattern.test(line)),
        () => `no frame like ${pattern} among:\n${lines.join('\n')}`,
      );
      return [...lines];
    },
    stop: () => child.kill(),
  };
}

async function poll(holds: () => boolean, problem: () => string): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(problem());
    await sleep(20);
  }
}

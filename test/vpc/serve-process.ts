import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { EC2Client } from '@aws-sdk/client-ec2';

const PROGRAM = resolve(import.meta.dirname, '../../src/bin/trunkline.ts');

/** So that a thousand calls are a thousand connections. */
const MAX_SOCKETS = 1000;

/** The key that `vpc serve` has in these tests. */
export const KEY = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' } as const;

/** A real `trunkline vpc serve`. */
export interface ServeProcess {
  readonly url: string;
  /** From the start of the process to the line that says where it listens. */
  readonly startMs: number;
  client(): EC2Client;
  /** Sends the signal; answers the exit code, or the signal that ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null>;
}

/** Starts the process and waits until it listens. */
export async function startServe(...options: readonly string[]): Promise<ServeProcess> {
  const beganMs = performance.now();
  const argv = ['--disable-warning=ExperimentalWarning', PROGRAM, 'vpc', 'serve'];
  argv.push('--listen', '127.0.0.1:0', '--account', '111122223333', ...options);
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { TRUNKLINE_ACCESS_KEY: `${KEY.accessKeyId}:${KEY.secretAccessKey}` },
  });
  const url = await firstLine(child);
  const clients: EC2Client[] = [];
  return {
    url,
    startMs: performance.now() - beganMs,
    client: () => {
      const client = new EC2Client({
        endpoint: url,
        region: 'us-east-1',
        credentials: KEY,
        maxAttempts: 1,
        requestHandler: { httpAgent: { maxSockets: MAX_SOCKETS } },
      });
      clients.push(client);
      return client;
    },
    end: async (signal) => {
      const ended = once(child, 'exit');
      child.kill(signal);
      const [code, by] = (await ended) as [number | null, string | null];
      for (const client of clients) client.destroy();
      return code ?? by;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  if (child.stdout === null) throw new Error('No output');
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^Serving on (.*)$/.exec(line);
    if (match !== null) return match[1] ?? '';
  }
  throw new Error(`vpc serve ended before it listened: ${errors}`);
}

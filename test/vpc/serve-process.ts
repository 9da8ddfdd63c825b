import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { EC2Client } from '@aws-sdk/client-ec2';

const PROGRAM = resolve(import.meta.dirname, '../../src/bin/trunkline.mjs');
const KUBE_PROGRAM = resolve(import.meta.dirname, 'kube-api.real.ts');

/** So that a thousand calls are a thousand connections. */
const MAX_SOCKETS = 1000;

/** The key that `vpc serve` has in these tests. */
export const KEY = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' } as const;

/** A process that said where it serves. */
export interface TestProcess {
  readonly pid: number;
  readonly url: string;
  /** From the start of the process to the line that says where it listens. */
  readonly startMs: number;
  /** What it wrote to standard error so far. */
  errors(): string;
  /** Stops and continues: SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal; answers the exit code, or the signal that ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null>;
}

/** A real `trunkline vpc serve`. */
export interface ServeProcess extends TestProcess {
  client(): EC2Client;
}

/** Starts the process and waits until it listens. */
export async function startServe(...options: readonly string[]): Promise<ServeProcess> {
  return startServeWith({}, ...options);
}

/** The same with variables of one's own. */
export async function startServeWith(
  env: NodeJS.ProcessEnv,
  ...options: readonly string[]
): Promise<ServeProcess> {
  const argv = [PROGRAM, 'vpc', 'serve', '--listen', '127.0.0.1:0', '--account', '111122223333'];
  const started = await startNode([...argv, ...options], {
    TRUNKLINE_ACCESS_KEY: `${KEY.accessKeyId}:${KEY.secretAccessKey}`,
    ...env,
  });
  const clients: EC2Client[] = [];
  return {
    ...started,
    client: () => {
      const client = new EC2Client({
        endpoint: started.url,
        region: 'us-east-1',
        credentials: KEY,
        maxAttempts: 1,
        requestHandler: { httpAgent: { maxSockets: MAX_SOCKETS } },
      });
      clients.push(client);
      return client;
    },
    end: async (signal) => {
      const ended = await started.end(signal);
      for (const client of clients) client.destroy();
      return ended;
    },
  };
}

/** A Kubernetes API in a process of its own; `FOLDER/kubeconfig` is written. */
export function startKubeProcess(folder: string): Promise<TestProcess> {
  return startNode([KUBE_PROGRAM, folder], {});
}

async function startNode(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<TestProcess> {
  const beganMs = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const url = await firstLine(child);
  if (url === undefined) throw new Error(`${argv[1]} ended before it listened: ${errors}`);
  return {
    pid: child.pid ?? 0,
    url,
    startMs: performance.now() - beganMs,
    errors: () => errors,
    signal: (signal) => void child.kill(signal),
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null)
        return child.exitCode ?? child.signalCode;
      const ended = once(child, 'exit');
      child.kill(signal);
      const [code, by] = (await ended) as [number | null, string | null];
      return code ?? by;
    },
  };
}

async function firstLine({ stdout }: ChildProcess): Promise<string | undefined> {
  if (stdout === null) throw new Error('No output');
  for await (const line of createInterface({ input: stdout })) {
    const match = /^Serving on (.*)$/.exec(line);
    if (match !== null) return match[1] ?? '';
  }
  return undefined;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A Python program that answers a line of JSON with a line of JSON, in order. */
export interface PythonWorker {
  ask(request: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts `name` of this folder. A worker that ends rejects everything that waits for it. */
export function startPythonWorker(
  python: string,
  name: string,
  env: Readonly<Record<string, string>> = {},
): PythonWorker {
  const child = spawn(python, ['-u', join(import.meta.dirname, name)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
  });
  const waiting: PromiseWithResolvers<unknown>[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting.shift()?.resolve(JSON.parse(line));
  });
  const ended = once(child, 'exit').then(([code]) => {
    for (const each of waiting.splice(0))
      each.reject(new Error(`${name} ended (${code}): ${errors}`));
  });
  return {
    ask: (request) => {
      const answer = Promise.withResolvers<unknown>();
      waiting.push(answer);
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer.promise;
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

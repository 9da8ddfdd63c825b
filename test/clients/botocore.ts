import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { PythonClients } from './python-clients.ts';

const PROGRAM = resolve(import.meta.dirname, 'botocore_bridge.py');

/** Services whose models are compared. */
export type ServiceName = 'ec2' | 'sts' | 'iam' | 'eks';

/** A shape as botocore has it. */
export type BotoShape =
  | {
      readonly type: 'structure';
      readonly required: readonly string[];
      /** Member to the name of its shape. */
      readonly members: Readonly<Record<string, string>>;
      /** Members that REST requests do not carry in the body. */
      readonly places: Readonly<Record<string, 'uri' | 'querystring' | 'header' | 'statusCode'>>;
    }
  | { readonly type: 'list'; readonly item: string }
  | { readonly type: 'map'; readonly value: string }
  | {
      readonly type:
        | 'string'
        | 'integer'
        | 'long'
        | 'float'
        | 'double'
        | 'boolean'
        | 'timestamp'
        | 'blob';
    };

/** A service as botocore has it. */
export interface BotoModel {
  readonly protocol: string;
  readonly operations: Readonly<
    Record<string, { readonly input: string | null; readonly output: string | null }>
  >;
  readonly shapes: Readonly<Record<string, BotoShape>>;
}

/** What botocore would send. */
export interface BotoRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** An operation and its parameters, or the text of its answer. */
export type BotoCall<T> = readonly [operation: string, what: T];

/** Botocore in a process of its own. */
export interface Botocore {
  model(service: ServiceName): Promise<BotoModel>;
  /** Values hold JSON, Date and Uint8Array. */
  serialize(service: ServiceName, calls: readonly BotoCall<unknown>[]): Promise<BotoRequest[]>;
  /** Values as `serialize` takes them. */
  parse(service: ServiceName, answers: readonly BotoCall<string>[]): Promise<unknown[]>;
  close(): Promise<void>;
}

/** Starts the process. Requests are answered in order. */
export function startBotocore({ python }: PythonClients): Botocore {
  // No PYTHONPATH, no AWS settings of whoever runs the test.
  const child = spawn(python, ['-I', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  async function exchange<T>(request: object): Promise<T> {
    child.stdin.write(`${JSON.stringify(pack(request))}\n`);
    const line: IteratorResult<string> = await lines.next();
    if (line.done === true) throw new Error('botocore ended');
    const reply = JSON.parse(line.value) as { ok: T; error?: string };
    if (reply.error !== undefined) throw new Error(`botocore: ${reply.error}`);
    return reply.ok;
  }

  function ask<T>(request: object): Promise<T> {
    const answer = last.then(() => exchange<T>(request));
    last = answer.catch(() => {});
    return answer;
  }

  return {
    model: (service) => ask({ do: 'model', service }),
    serialize: (service, calls) => ask({ do: 'serialize', service, calls }),
    parse: async (service, answers) =>
      (await ask<unknown[]>({ do: 'parse', service, answers })).map(unpack),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

function pack(value: unknown): unknown {
  if (value instanceof Date) return { $time: value.getTime() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, pack(part)]));
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null) return value;
  if ('$time' in value) return new Date(value.$time as number);
  if ('$bytes' in value) return Uint8Array.from(Buffer.from(value.$bytes as string, 'base64'));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part)]));
}

import { PassThrough, Writable, type Readable } from 'node:stream';
import type { Clock } from '../../../../base/clock.ts';
import type { ExecSession } from '../../pod-runtime.ts';
import type { ProcessFilter } from './processes.ts';
import { createResizer } from './terminal.ts';

/** A process whose streams others join while it runs. */
export interface JoinRequest {
  readonly streams: {
    readonly stdin: Writable | null;
    readonly stdout: Readable;
    readonly stderr: Readable;
  };
  /** Finds its processes. */
  readonly mark: ProcessFilter;
  readonly exited: Promise<unknown>;
  readonly tty: boolean;
  readonly clock: Clock;
  /** Whether its input ends with that of the session. */
  readonly inputOnce: boolean;
}

/** A session on a running process: what it prints from now on, and a way to its input. */
export function joinProcess({
  streams,
  mark,
  exited,
  tty,
  clock,
  inputOnce,
}: JoinRequest): ExecSession {
  const outputs = [tap(streams.stdout), tap(streams.stderr)] as const;
  const input = streams.stdin;
  const leave = (): void => {
    for (const { close } of outputs) close();
    if (inputOnce) input?.end();
  };
  return {
    stdin: new Writable({
      write: (chunk: Buffer, _, done) => {
        if (input?.writable === true) input.write(chunk, () => done());
        else done();
      },
      final: (done) => {
        if (inputOnce) input?.end();
        done();
      },
    }),
    stdout: outputs[0].stream,
    stderr: outputs[1].stream,
    resize: tty ? createResizer(mark, clock) : () => undefined,
    exited: Promise.all([exited, ...outputs.map(({ ended }) => ended)]).then(() => ({ code: 0 })),
    kill: leave,
  };
}

interface Tap {
  readonly stream: PassThrough;
  /** Resolves when there is no more to copy. */
  readonly ended: Promise<void>;
  readonly close: () => void;
}

/** A copy of what a stream gives from now on. A reader that is slow slows nobody but itself. */
function tap(source: Readable): Tap {
  const stream = new PassThrough();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const copy = (chunk: Buffer): void => void stream.write(chunk);
  const close = (): void => {
    source.off('data', copy);
    stream.end();
    resolve();
  };
  source.on('data', copy);
  source.once('close', close);
  if (source.closed) close();
  return { stream, ended, close };
}

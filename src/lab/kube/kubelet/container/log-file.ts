import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../../../base/clock.ts';

/** A log is two files of at most half this size: the newer lines and the ones before. */
export const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
/** A line longer than this is cut in two, as container runtimes do. */
const MAX_LINE_BYTES = 16 * 1024;

/** The log of one run of a container: each line is `<RFC 3339 time> <stdout|stderr> <text>`. */
export interface ContainerLog {
  readonly path: string;
  /** Takes output as it comes; lines are completed first. */
  write(stream: 'stdout' | 'stderr', chunk: Buffer): void;
  /** Writes incomplete lines and ends followers. */
  end(): void;
  readonly ended: boolean;
  /** Rises by one with each rotation. */
  readonly generation: number;
  /** Resolves at the next write or at the end. */
  changed(signal: AbortSignal): Promise<void>;
}

/** Path of the older half of a log. */
export function olderHalf(path: string): string {
  return `${path}.1`;
}

/** Starts the log of a run. Writes go to the page cache at once, so a chatty program waits for us. */
export function createContainerLog(path: string, clock: Clock): ContainerLog {
  return new LogFile(path, clock);
}

class LogFile implements ContainerLog {
  readonly path: string;
  ended = false;
  generation = 0;
  readonly #clock: Clock;
  readonly #partial = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #waiters = new Set<() => void>();
  #fd: number;
  #size = 0;

  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, 'w');
  }

  write(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (this.ended) return;
    let rest: Buffer = Buffer.concat([this.#partial[stream], chunk]);
    const lines: Buffer[] = [];
    for (let end = lineEnd(rest); end > 0; end = lineEnd(rest)) {
      lines.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.#partial[stream] = Buffer.from(rest);
    this.#append(stream, lines);
  }

  end(): void {
    if (this.ended) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#partial[stream];
      if (rest.length > 0) this.#append(stream, [rest]);
    }
    this.ended = true;
    closeSync(this.#fd);
    this.#wake();
  }

  changed(signal: AbortSignal): Promise<void> {
    if (this.ended || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #append(stream: string, lines: readonly Buffer[]): void {
    if (lines.length === 0) return;
    const prefix = `${new Date(this.#clock.nowMs()).toISOString()} ${stream} `;
    const data = Buffer.concat(
      lines.flatMap((line) => [
        Buffer.from(prefix),
        line.at(-1) === 10 ? line.subarray(0, -1) : line,
        Buffer.from('\n'),
      ]),
    );
    if (this.#size + data.length > LOG_LIMIT_BYTES / 2 && this.#size > 0) this.#rotate();
    writeSync(this.#fd, data);
    this.#size += data.length;
    this.#wake();
  }

  #rotate(): void {
    closeSync(this.#fd);
    rmSync(olderHalf(this.path), { force: true });
    renameSync(this.path, olderHalf(this.path));
    this.#fd = openSync(this.path, 'w');
    this.#size = 0;
    this.generation++;
  }

  #wake(): void {
    const waiters = Array.from(this.#waiters);
    for (const wake of waiters) wake();
  }
}

/** Bytes of the first complete line, its newline included; 0 when there is none. */
function lineEnd(data: Buffer): number {
  const newline = data.indexOf(10);
  if (newline >= 0 && newline < MAX_LINE_BYTES) return newline + 1;
  return data.length >= MAX_LINE_BYTES ? MAX_LINE_BYTES : 0;
}

import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

/** Where records are kept, and how much of them. */
export interface FlowStoreOptions {
  readonly folder: string;
  /** The folder never holds more, but for the last line of a segment. */
  readonly bytesMax: number;
  /** Older records go, a segment at a time. */
  readonly ageMaxMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The bound is kept by removing the oldest of so many parts. */
const SEGMENTS = 8;

interface Segment {
  readonly name: string;
  /** When its first record was written. */
  readonly firstMs: number;
  bytes: number;
}

/**
 * The last hours of records: lines in files that are only appended to, the oldest of which goes when there
 * are too many bytes or it is too old. What is written outlives the process; a line that a crash cut off
 * is left out by the reader. A disk that fails costs records, never anything else.
 */
export class FlowStore {
  readonly #options: FlowStoreOptions;
  #segments: Promise<Segment[]> | undefined;
  #current: Segment | undefined;
  #failing = false;

  constructor(options: FlowStoreOptions) {
    this.#options = options;
  }

  /** Appends lines; answers whether they are on disk. Calls must not overlap. */
  async append(lines: readonly string[]): Promise<boolean> {
    if (lines.length === 0) return true;
    try {
      await this.#append(`${lines.join('\n')}\n`);
      this.#failing = false;
      return true;
    } catch (error) {
      const { log, folder } = this.#options;
      if (!this.#failing) log.warn('Flow records cannot be written', { folder, error });
      this.#failing = true;
      // Half a line may be there: what comes next begins a file of its own.
      this.#current = undefined;
      return false;
    }
  }

  /** Segments that may have records of that time or later, each as its lines, the oldest first. */
  async *read(sinceMs: number): AsyncGenerator<readonly string[]> {
    const segments = await this.#known().catch(() => []);
    const first = segments.findLastIndex((one) => one.firstMs <= sinceMs);
    for (const { name } of segments.slice(Math.max(0, first))) {
      const text = await readFile(join(this.#options.folder, name), 'latin1').catch(() => '');
      yield text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter((line) => line !== '');
    }
  }

  async #append(text: string): Promise<void> {
    const { folder, bytesMax } = this.#options;
    await this.#trim(text.length);
    let current = this.#current;
    if (!current || current.bytes + text.length > bytesMax / SEGMENTS) current = await this.#roll();
    await appendFile(join(folder, current.name), text, { encoding: 'latin1', mode: 0o600 });
    current.bytes += text.length;
  }

  async #roll(): Promise<Segment> {
    const { folder, clock } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const segments = await this.#known();
    const firstMs = Math.max(clock.nowMs(), (segments.at(-1)?.firstMs ?? 0) + 1);
    const segment = { name: `flows-${String(firstMs).padStart(15, '0')}.log`, firstMs, bytes: 0 };
    segments.push(segment);
    this.#current = segment;
    return segment;
  }

  /** Makes room for the bytes that come, and lets old segments go. */
  async #trim(coming: number): Promise<void> {
    const { folder, bytesMax, ageMaxMs, clock } = this.#options;
    const segments = await this.#known();
    const oldestMs = clock.nowMs() - ageMaxMs;
    let sum = coming + segments.reduce((bytes, one) => bytes + one.bytes, 0);
    for (let [first, second] = segments; first; [first, second] = segments) {
      const old = second !== undefined && second.firstMs < oldestMs;
      if (sum <= bytesMax && !old) return;
      await rm(join(folder, first.name), { force: true });
      if (first === this.#current) this.#current = undefined;
      sum -= first.bytes;
      segments.shift();
    }
  }

  /** What is in the folder; read once. */
  #known(): Promise<Segment[]> {
    this.#segments ??= segmentsIn(this.#options.folder);
    return this.#segments;
  }
}

async function segmentsIn(folder: string): Promise<Segment[]> {
  const names = await readdir(folder).catch(() => []);
  const found: Segment[] = [];
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    const digits = /^flows-(\d{15})\.log$/.exec(name)?.[1];
    if (digits === undefined) continue;
    const { size } = await stat(join(folder, name)).catch(() => ({ size: 0 }));
    found.push({ name, firstMs: Number(digits), bytes: size });
  }
  return found;
}

import { open, readFile, type FileHandle } from 'node:fs/promises';
import type { LogOptions } from '../../pod-runtime.ts';
import { olderHalf, type ContainerLog } from './log-file.ts';

/** Bytes read at once while following. */
const CHUNK_BYTES = 64 * 1024;

/** A log to read. `live` is there while the run goes on, and makes following possible. */
export interface LogSource {
  readonly path: string;
  readonly live: ContainerLog | undefined;
}

/** Chunks of whole lines, as `kubectl logs` wants them. */
export async function* readLog(
  source: LogSource,
  options: LogOptions & { readonly nowMs: number },
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const start = { offset: 0, generation: source.live?.generation ?? 0 };
  const older = await readOrEmpty(olderHalf(source.path));
  const newer = await readOrEmpty(source.path);
  const limit = { leftBytes: options.limitBytes ?? Infinity };
  yield* limited(selectLines(`${older.toString()}${newer.toString()}`, options), limit);
  if (options.follow !== true || !source.live) return;
  const position = { ...start, offset: newer.length };
  for await (const text of following(source.live, position, signal)) {
    yield* limited(formatLines(splitLines(text), options), limit);
    if (limit.leftBytes <= 0) return;
  }
}

/** Text as it comes, whole lines only, until the run ends or the signal aborts. */
async function* following(
  log: ContainerLog,
  start: Position,
  signal: AbortSignal,
): AsyncIterable<string> {
  for (let position = start; !signal.aborted;) {
    const ended = log.ended;
    const { text, next } = await readOn(log, position);
    position = next;
    if (text !== '') yield text;
    else if (ended) return;
    else await log.changed(signal);
  }
}

async function readOrEmpty(path: string): Promise<Buffer> {
  return readFile(path).catch(() => Buffer.alloc(0));
}

function* limited(text: string, limit: { leftBytes: number }): Iterable<Uint8Array> {
  if (text === '') return;
  const data = Buffer.from(text);
  const part = data.subarray(0, Math.min(data.length, limit.leftBytes));
  limit.leftBytes -= part.length;
  if (part.length > 0) yield part;
}

/** Applies `since`, `tail` and the choice of timestamps to lines of a log file. */
export function selectLines(
  text: string,
  options: LogOptions & { readonly nowMs: number },
): string {
  const since = sinceMs(options);
  const all = splitLines(text).filter(
    (line) => since === undefined || Date.parse(line.slice(0, line.indexOf(' '))) >= since,
  );
  const { tailLines } = options;
  const kept = tailLines === undefined ? all : all.slice(Math.max(all.length - tailLines, 0));
  return formatLines(kept, options);
}

function sinceMs({ sinceSeconds, sinceTime, nowMs }: LogOptions & { readonly nowMs: number }) {
  if (sinceTime !== undefined) return Date.parse(sinceTime);
  return sinceSeconds === undefined ? undefined : nowMs - sinceSeconds * 1000;
}

function splitLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

function formatLines(lines: readonly string[], { timestamps = false }: LogOptions): string {
  return lines
    .map((line) => {
      const [time = '', stream = ''] = line.split(' ', 2);
      const text = line.slice(time.length + stream.length + 2);
      return timestamps ? `${time} ${text}\n` : `${text}\n`;
    })
    .join('');
}

interface Position {
  readonly offset: number;
  readonly generation: number;
}

/** What was written since; lines lost to two rotations between two reads are lost. */
async function readOn(
  log: ContainerLog,
  position: Position,
): Promise<{ readonly text: string; readonly next: Position }> {
  const rotated = log.generation !== position.generation;
  const path = rotated ? olderHalf(log.path) : log.path;
  const text = await readFrom(path, position.offset);
  if (rotated && text === '') return readOn(log, { offset: 0, generation: log.generation });
  return { text, next: { ...position, offset: position.offset + Buffer.byteLength(text) } };
}

async function readFrom(path: string, offset: number): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      offset,
    );
    const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
    return buffer.subarray(0, end).toString();
  } catch {
    return '';
  } finally {
    await file?.close();
  }
}

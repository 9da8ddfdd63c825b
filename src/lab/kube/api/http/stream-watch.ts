import type { Api, Call } from '../api.ts';
import { startWatch, type WatchEvent } from '../verbs/watch.ts';
import type { Exchange } from './exchange.ts';

/** A watch without an end of its own lasts this long at least, and up to twice as long. */
const WATCH_SECONDS_MIN = 1800;
const BOOKMARK_EVERY_MS = 60_000;
/** A client that reads so slowly that this much waits for it is cut off; it will list again. */
const BACKLOG_LIMIT_BYTES = 32 * 1024 * 1024;

/** Turns an event into what this client asked for: the object itself, or a table. */
export type EventForm = (event: WatchEvent) => WatchEvent;

/** Answers a watch: one JSON event per line until the time is up or the client goes. */
export async function streamWatch(
  api: Api,
  call: Call,
  exchange: Exchange,
  form: { readonly type: string; readonly of: EventForm },
): Promise<void> {
  const { response, url, signal } = exchange;
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  let begun = false;
  const begin = (): void => {
    if (begun) return;
    begun = true;
    response.writeHead(200, { 'content-type': form.type, 'cache-control': 'no-cache, private' });
    response.flushHeaders();
  };
  const sink = (event: WatchEvent): void => {
    begin();
    response.write(`${JSON.stringify(form.of(event))}\n`);
    if (event.type === 'ERROR' || response.writableLength > BACKLOG_LIMIT_BYTES) ended.abort();
  };
  const watch = startWatch(api, call, url.searchParams, sink);
  begin();
  try {
    await bookmarkUntil(api, () => watch.bookmark(), lifetimeMs(api, url.searchParams), until);
    watch.bookmark();
  } finally {
    watch.stop();
    response.end();
  }
}

function lifetimeMs(api: Api, query: URLSearchParams): number {
  const seconds = Number(query.get('timeoutSeconds') ?? '0');
  if (seconds > 0) return seconds * 1000;
  const spread = (api.random.bytes(1)[0] ?? 0) / 256;
  return WATCH_SECONDS_MIN * 1000 * (1 + spread);
}

async function bookmarkUntil(
  api: Api,
  bookmark: () => void,
  lifetimeMs: number,
  signal: AbortSignal,
): Promise<void> {
  const endMs = api.clock.monotonicMs() + lifetimeMs;
  for (;;) {
    const leftMs = endMs - api.clock.monotonicMs();
    if (leftMs <= 0 || signal.aborted) return;
    try {
      await api.clock.sleep(Math.min(BOOKMARK_EVERY_MS, leftMs), signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (leftMs > BOOKMARK_EVERY_MS) bookmark();
  }
}

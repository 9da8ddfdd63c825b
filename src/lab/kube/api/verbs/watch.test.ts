import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../test-server.fake.ts';

interface Event {
  readonly type: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly object: any;
}

interface Stream {
  readonly events: Event[];
  readonly ended: Promise<void>;
  until(count: number): Promise<void>;
  stop(): void;
}

const MAPS = '/api/v1/namespaces/default/configmaps';
let server: TestServer;
const streams: Stream[] = [];

beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await server.close();
});

function watch(query: string, { path = MAPS, accept = 'application/json' } = {}): Stream {
  const events: Event[] = [];
  let rest = '';
  const outgoing = request({
    host: '127.0.0.1',
    port: server.api.port,
    path: `${path}?watch=true&${query}`,
    ca: server.api.caPem,
    agent: false,
    headers: { authorization: `Bearer ${server.token}`, accept },
  });
  const ended = new Promise<void>((resolve) => {
    outgoing.on('error', () => resolve());
    outgoing.on('response', (response) => {
      response.on('error', () => resolve());
      response.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.map((line) => JSON.parse(line) as Event));
      });
      response.on('end', () => resolve());
    });
  });
  outgoing.end();
  const until = async (count: number): Promise<void> => {
    const untilMs = performance.now() + 3000;
    while (events.length < count) {
      expect(performance.now(), JSON.stringify(events)).toBeLessThan(untilMs);
      await pause(5);
    }
  };
  const stream = { events, ended, until, stop: () => void outgoing.destroy() };
  streams.push(stream);
  return stream;
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

async function create(name: string, labels = {}): Promise<string> {
  const body = { metadata: { name, labels } };
  const { json } = await server.fetch(MAPS, { method: 'POST', body });
  return json.metadata.resourceVersion as string;
}

const shown = ({ events }: Stream): string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());

describe('a watch', () => {
  test('without a version begins with what is there', async () => {
    await create('a');
    const stream = watch('');
    await stream.until(1);
    await create('b');
    await stream.until(2);
    expect(shown(stream)).toEqual(['ADDED a', 'ADDED b']);
  });

  test('resumes after a version without loss or repetition', async () => {
    const version = await create('a');
    await create('b');
    await server.fetch(`${MAPS}/a`, { method: 'DELETE' });
    const stream = watch(`resourceVersion=${version}`);
    await stream.until(2);
    await create('c');
    await stream.until(3);
    expect(shown(stream)).toEqual(['ADDED b', 'DELETED a', 'ADDED c']);
  });

  test('from before the history is Expired: the server was started again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'trunkline-watch-'));
    const first = await startTestServer({ dataFile: join(dir, 'data.sqlite') });
    const replaced = server;
    try {
      server = first;
      const version = await create('a');
      const last = await create('b');
      await first.close();
      server = await startTestServer({ dataFile: join(dir, 'data.sqlite') });
      const old = watch(`resourceVersion=${version}`);
      await old.ended;
      expect(old.events).toMatchObject([
        { type: 'ERROR', object: { code: 410, reason: 'Expired', kind: 'Status' } },
      ]);
      const current = watch(`resourceVersion=${last}`);
      await create('c');
      await current.until(1);
      expect(shown(current)).toEqual(['ADDED c']);
      expect((await server.fetch(MAPS)).json.items).toHaveLength(3);
    } finally {
      await server.close();
      server = replaced;
      await rm(dir, { recursive: true });
    }
  });

  test('from a version that never was is refused', async () => {
    expect((await server.fetch(`${MAPS}?watch=1&resourceVersion=x`)).status).toBe(400);
    expect((await server.fetch(`${MAPS}?watch=1&resourceVersion=999999`)).status).toBe(410);
  });

  test('ends after its timeout, with a bookmark for those who want one', async () => {
    const version = await create('a');
    await server.fetch('/api/v1/nodes', { method: 'POST', body: { metadata: { name: 'n' } } });
    const stream = watch(`resourceVersion=${version}&timeoutSeconds=1&allowWatchBookmarks=true`);
    await stream.ended;
    expect(shown(stream)).toEqual(['BOOKMARK']);
    const bookmark = Number(stream.events[0]?.object.metadata.resourceVersion);
    expect(bookmark).toBeGreaterThan(Number(version));
    const again = watch(`resourceVersion=${bookmark}`);
    await create('b');
    await again.until(1);
    expect(shown(again)).toEqual(['ADDED b']);
  });

  test('can list first, and say where the list ends', async () => {
    await create('a');
    const stream = watch(
      'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
    );
    await stream.until(2);
    expect(shown(stream)).toEqual(['ADDED a', 'BOOKMARK']);
    expect(stream.events[1]?.object.metadata.annotations).toEqual({
      'k8s.io/initial-events-end': 'true',
    });
  });

  test('follows objects into and out of its selector', async () => {
    const stream = watch('labelSelector=on%3Dyes');
    await create('a', { on: 'yes' });
    await create('b');
    const type = 'application/merge-patch+json';
    const label = (name: string, on: string | null): Promise<unknown> =>
      server.fetch(`${MAPS}/${name}`, {
        method: 'PATCH',
        type,
        body: { metadata: { labels: { on } } },
      });
    await label('b', 'yes');
    await label('a', null);
    await server.fetch(`${MAPS}/b`, { method: 'DELETE' });
    await stream.until(4);
    expect(shown(stream)).toEqual(['ADDED a', 'ADDED b', 'DELETED a', 'DELETED b']);
  });

  test('of one object sees no other, and of one namespace none elsewhere', async () => {
    const one = watch('', { path: `${MAPS}/a` });
    const elsewhere = watch('', { path: '/api/v1/namespaces/kube-system/configmaps' });
    await create('b');
    await create('a');
    await one.until(1);
    expect(shown(one)).toEqual(['ADDED a']);
    expect(elsewhere.events).toEqual([]);
  });

  test('gives tables to those who want them, with columns once', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const stream = watch('', { accept });
    await create('a');
    await create('b');
    await stream.until(2);
    expect(stream.events[0]?.object).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }],
      rows: [{ cells: ['a', 0, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
    });
    expect(stream.events[1]?.object.columnDefinitions).toBeNull();
  });

  test('ends when the server closes', async () => {
    const stream = watch('');
    await create('a');
    await stream.until(1);
    const other = server;
    server = await startTestServer();
    await other.close();
    await stream.ended;
  });
});

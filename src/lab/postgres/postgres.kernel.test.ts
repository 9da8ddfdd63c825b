import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../base/log.ts';
import { createNetwork } from '../../io/network.ts';
import { ensureTemplate, startPostgres, type Postgres } from './postgres.ts';

const network = createNetwork();
const NAMESPACE = 'pg-test';
const PORT = 5432;
/** What the lab's budget leaves for the database, and what a warm start may take. */
const PEAK_LIMIT_KB = 300_000;
const START_LIMIT_MS = 4000; // 0.5 s alone; the machine that runs tests is busy
let folder: string;
let postgres: Postgres;
let startMs: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-pg-'));
  const netns = await network.createNamespace(NAMESPACE);
  const here = undefined;
  await network.apply(here, [
    { op: 'link-add-veth', name: 'pg0', up: true, peer: { name: 'pg1', netns } },
    { op: 'address-add', link: 'pg0', address: '198.51.100.1', prefixBits: 30 },
  ]);
  await network.apply(netns, [
    { op: 'link-set', name: 'pg1', up: true },
    { op: 'address-add', link: 'pg1', address: '198.51.100.2', prefixBits: 30 },
  ]);
  await ensureTemplate(join(folder, 'cache'));
  const beganMs = performance.now();
  postgres = await startPostgres({
    hostNetns: netns,
    stateDir: join(folder, 'state'),
    cacheDir: join(folder, 'cache'),
    log: silentLog,
    port: PORT,
  });
  startMs = performance.now() - beganMs;
});

afterAll(async () => {
  await postgres?.close();
  await network.deleteNamespace(NAMESPACE);
  await rm(folder, { recursive: true, force: true });
});

async function query(sql: string): Promise<unknown[]> {
  const client = new Client({
    host: '198.51.100.2',
    port: PORT,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: 5000,
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describe('the database of the lab', () => {
  test('answers a real client in the host namespace', async () => {
    const rows = await query("select id, customer from orders where status = 'open'");
    expect(rows).toEqual([{ id: 3, customer: 'edsger' }]);
  });

  test('serves clients at the same time', async () => {
    const answers = await Promise.all([1, 2, 3].map((n) => query(`select ${n} as n`)));
    expect(answers).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  test('outlives a client that is cut off in the middle', async () => {
    const client = new Client({ host: '198.51.100.2', port: PORT, user: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    const cut = client.query('begin; select pg_sleep(0.2)').catch(() => undefined);
    (
      client as unknown as { connection: { stream: { destroy(): void } } }
    ).connection.stream.destroy();
    await cut;
    expect(await query('select count(*)::int as n from orders')).toEqual([{ n: 3 }]);
  });

  test('stays within its budget of memory and time', async () => {
    const status = await readFile(`/proc/${postgres.pid}/status`, 'utf8');
    expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(PEAK_LIMIT_KB);
    expect(startMs).toBeLessThan(START_LIMIT_MS);
  });

  test('says why it could not start', async () => {
    const starting = startPostgres({
      hostNetns: '/run/netns/no-such-namespace',
      stateDir: join(folder, 'other'),
      cacheDir: join(folder, 'cache'),
      log: silentLog,
      port: PORT,
    });
    await expect(starting).rejects.toThrow(/Cannot start the database.*no-such-namespace/s);
  });
});

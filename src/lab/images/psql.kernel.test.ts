import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../base/log.ts';
import { createNetwork } from '../../io/network.ts';
import { ensureTemplate, startPostgres, type Postgres } from '../postgres/postgres.ts';
import { writeTools } from './runtime.real.ts';

const NAMESPACE = 'host-psql';
const HOST = '198.51.100.6';
const PORT = 5432;
const network = createNetwork();
let folder: string;
let tools: string;
let postgres: Postgres;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-psql-'));
  tools = writeTools(join(folder, 'tools'));
  const netns = await network.createNamespace(NAMESPACE);
  const here = undefined;
  await network.apply(here, [
    { op: 'link-add-veth', name: 'ps0', up: true, peer: { name: 'ps1', netns } },
    { op: 'address-add', link: 'ps0', address: '198.51.100.5', prefixBits: 30 },
  ]);
  await network.apply(netns, [
    { op: 'link-set', name: 'ps1', up: true },
    { op: 'address-add', link: 'ps1', address: HOST, prefixBits: 30 },
  ]);
  await ensureTemplate(join(folder, 'cache'));
  postgres = await startPostgres({
    hostNetns: netns,
    stateDir: join(folder, 'state'),
    cacheDir: join(folder, 'cache'),
    log: silentLog,
    port: PORT,
  });
});

afterAll(async () => {
  await postgres?.close();
  await network.deleteNamespace(NAMESPACE);
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one of the tools as a container would: by its script, with its own environment. */
function tool(
  name: string,
  words: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: Record<string, string> } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: '/usr/bin:/bin', PGCONNECT_TIMEOUT: '5', ...env } };
    const child = execFile(join(tools, name), words, options, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
    child.stdin?.end(input);
  });
}

describe('psql', () => {
  test('prints what a real server answers', async () => {
    const sql = "select id, customer from orders where status = 'open'";
    const { code, out } = await tool('psql', ['-h', HOST, '-c', sql]);
    expect({ code, out }).toEqual({
      code: 0,
      out: ' id | customer \n----+----------\n  3 | edsger\n(1 row)\n',
    });
    expect((await tool('psql', ['-h', HOST, '-tAc', 'select 1, null, true'])).out).toBe('1||t\n');
  });

  test('writes, and tells how many rows', async () => {
    const run = async (sql: string): Promise<string> =>
      (await tool('psql', ['-h', HOST, '-c', sql])).out;
    expect(await run('create table t (n int, note text)')).toMatch(/^CREATE/);
    expect(await run("insert into t values (1, 'a'), (2, 'ä€')")).toBe('INSERT 0 2\n');
    expect(await run('update t set n = n + 1')).toBe('UPDATE 2\n');
    expect(await run('select * from t order by n')).toBe(
      ' n | note \n---+------\n 2 | a\n 3 | ä€\n(2 rows)\n',
    );
    expect(await run('delete from t where n = 3')).toBe('DELETE 1\n');
  });

  test('reads statements from its input and its place from the environment', async () => {
    const env = { PGHOST: 'rds', PGPORT: String(PORT), TRUNKLINE_HOST_ALIASES: `${HOST} rds db` };
    const input = 'select 1 as a; select 2 as b;';
    const { code, out } = await tool('psql', ['-At'], { input, env });
    expect({ code, out }).toEqual({ code: 0, out: '1\n2\n' });
  });

  test('runs several commands, and stops at the first that fails', async () => {
    const words = ['-h', HOST, '-At', '-c', 'select 1', '-c', 'select nonsense', '-c', 'select 3'];
    const { code, out, err } = await tool('psql', words);
    expect(code).toBe(1);
    expect(out).toBe('1\n');
    expect(err).toBe('ERROR:  column "nonsense" does not exist\n');
  });

  test('says what stands in the way, with the exit code of psql', async () => {
    const refused = await tool('psql', ['-h', HOST, '-p', '1', '-c', 'select 1']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toBe(
      `psql: error: connection to server at "${HOST}", port 1 failed: Connection refused\n`,
    );
    const env = { PGCONNECT_TIMEOUT: '1' };
    const unknown = await tool('psql', ['-h', 'no.such.host.invalid', '-c', 'select 1'], { env });
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(/could not translate host name|timeout expired/);
    expect((await tool('psql', ['--nonsense'])).code).toBe(1);
  });
});

describe('trunkline-psql', () => {
  test('asks one question', async () => {
    const { code, out } = await tool('trunkline-psql', [HOST, 'select count(*) from orders']);
    expect(code).toBe(0);
    expect(out).toBe(' count \n-------\n     3\n(1 row)\n');
  });

  test('fails with 1 when there is no way', async () => {
    const { code, err } = await tool('trunkline-psql', [`${HOST}:1`, 'select 1', '1']);
    expect(code).toBe(1);
    expect(err).toContain('Connection refused');
    expect((await tool('trunkline-psql', [HOST])).err).toContain('usage: trunkline-psql');
  });
});

describe('tcp-probe', () => {
  test('tells open ports from closed ones, by address and by alias', async () => {
    const env = { TRUNKLINE_HOST_ALIASES: `${HOST} rds` };
    expect(await tool('tcp-probe', ['rds', String(PORT)], { env })).toMatchObject({
      code: 0,
      out: `rds:${PORT} open\n`,
    });
    expect(await tool('tcp-probe', [HOST, '1', '2'])).toMatchObject({
      code: 1,
      out: `${HOST}:1 refused\n`,
    });
    expect((await tool('tcp-probe', [HOST])).code).toBe(2);
  });
});

import { describe, expect, test } from 'vitest';
import { resolveAlias } from './programs.ts';
import { parsePsql, parseTrunklinePsql } from './psql-arguments.ts';
import { formatRows } from './psql-table.ts';
import { programOfImage } from './table.ts';

describe('images', () => {
  test.each([
    ['trunkline/psql', 'sleep'],
    ['trunkline/psql:1.2', 'sleep'],
    ['registry.local:5000/trunkline/psql@sha256:abc', 'sleep'],
    ['registry.k8s.io/pause:3.9', 'sleep'],
    ['nginx:1.27', 'echo'],
    ['602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1.11.4', 'dns'],
    ['other/psql', 'echo'],
    ['', 'echo'],
  ])('%j runs %s', (image, what) => {
    const { command } = programOfImage(image);
    expect('file' in command ? command.file.replace('.real.ts', '') : command[0]).toBe(what);
  });
});

test('aliases resolve by exact name only', () => {
  const aliases = '10.0.0.1 rds db;10.0.0.2 cache';
  expect(
    ['rds', 'db', 'cache', 'rd', '10.0.0.1'].map((name) => resolveAlias(aliases, name)),
  ).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.2', 'rd', '10.0.0.1']);
  expect(resolveAlias('', 'rds')).toBe('rds');
});

describe('psql reads its arguments', () => {
  const read = (args: string, environment: Record<string, string> = {}) =>
    parsePsql(args.split(' '), environment);

  test.each([
    '-h rds -p 5433 -U app -d shop -c select',
    '-hrds -p5433 -Uapp -dshop -cselect',
    '--host=rds --port=5433 --username=app --dbname=shop --command=select',
    '-h rds -p 5433 -c select shop app',
  ])('%s', (line) => {
    expect(read(line)).toMatchObject({
      ok: true,
      value: { host: 'rds', port: 5433, user: 'app', database: 'shop', commands: ['select'] },
    });
  });

  test('with the defaults of libpq and the environment', () => {
    expect(parsePsql([], {})).toMatchObject({
      value: {
        host: 'localhost',
        port: 5432,
        user: 'postgres',
        database: 'postgres',
        connectSeconds: 5,
      },
    });
    const environment = { PGHOST: 'h', PGPORT: '1', PGUSER: 'u', PGCONNECT_TIMEOUT: '2' };
    expect(parsePsql([], environment)).toMatchObject({
      value: { host: 'h', port: 1, user: 'u', database: 'u', connectSeconds: 2 },
    });
  });

  test('with joined flags, and SQL that begins with a hyphen', () => {
    expect(parsePsql(['-tAc', 'select 1'], {})).toMatchObject({
      value: { tuplesOnly: true, aligned: false, commands: ['select 1'] },
    });
    expect(parsePsql(['-c', '--comment', '-c-- other'], {})).toMatchObject({
      value: { commands: ['--comment', '-- other'] },
    });
  });

  test.each(['-Z', '-h', '-p x'])('and refuses %s', (line) => {
    expect(read(line).ok).toBe(false);
  });

  test('trunkline-psql takes host, port and seconds', () => {
    expect(parseTrunklinePsql(['rds:6000', 'select 1', '2'], { PGUSER: 'u' })).toMatchObject({
      value: { host: 'rds', port: 6000, user: 'u', connectSeconds: 2, commands: ['select 1'] },
    });
    expect(parseTrunklinePsql(['rds'], {}).ok).toBe(false);
  });
});

describe('psql prints rows', () => {
  const result = {
    columns: [
      { name: 'id', numeric: true },
      { name: 'item', numeric: false },
    ],
    rows: [
      ['1', 'book'],
      ['10', null],
    ],
  };
  test.each([
    [false, true, ' id | item \n----+------\n  1 | book\n 10 |\n(2 rows)\n'],
    [true, true, '  1 | book\n 10 |\n'],
    [false, false, 'id|item\n1|book\n10|\n(2 rows)\n'],
    [true, false, '1|book\n10|\n'],
  ])('tuples only %s, aligned %s', (tuplesOnly, aligned, text) => {
    expect(formatRows(result, { tuplesOnly, aligned })).toBe(text);
  });

  test('in the singular, and none at all', () => {
    const style = { tuplesOnly: false, aligned: true };
    const columns = [{ name: 'n', numeric: false }];
    expect(formatRows({ columns, rows: [['x']] }, style)).toContain('(1 row)');
    expect(formatRows({ columns, rows: [] }, style)).toBe(' n \n---\n(0 rows)\n');
  });
});

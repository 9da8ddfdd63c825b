import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  claimRecord,
  isAlive,
  LAB_NAME,
  labFolder,
  labsFolder,
  logPath,
  processIdentity,
  readRecord,
  readRecords,
  removeLab,
  replaceRecord,
  summarise,
  sweepDeadLabs,
  type LabRecord,
} from './registry.ts';

let folder: string;
let labs: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'));
  labs = join(folder, 'labs');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function recordOf(name: string, changes: Partial<LabRecord> = {}): Promise<LabRecord> {
  const identity = await processIdentity(process.pid);
  if (identity === undefined) throw new Error('This process has no identity');
  const runDir = join(folder, `trunkline-${name}`);
  await mkdir(runDir, { recursive: true });
  return {
    name,
    pid: process.pid,
    ...identity,
    startedAt: '2026-01-01T00:00:00.000Z',
    kubePort: 1,
    ec2Port: 2,
    runDir,
    ...changes,
  };
}

describe('the folder of labs', () => {
  test.each([
    [{ XDG_STATE_HOME: '/s', HOME: '/h' }, '/s/trunkline/labs'],
    [{ HOME: '/h' }, '/h/.local/state/trunkline/labs'],
    [{}, '/root/.local/state/trunkline/labs'],
  ])('of the environment %j is %s', (env, expected) => {
    expect(labsFolder(env)).toBe(expected);
  });
});

describe('lab names', () => {
  test.each(['lab', 'a', 'two-labs', 'x1234567890123456789'])('%s is one', (name) => {
    expect(name).toMatch(LAB_NAME);
  });
  test.each(['', 'Lab', '1lab', '../lab', 'a/b', 'x12345678901234567890', 'a b'])(
    '%j is none',
    (name) => {
      expect(name).not.toMatch(LAB_NAME);
    },
  );
});

describe('a name', () => {
  test('is claimed once', async () => {
    expect(await claimRecord(labs, await recordOf('lab'))).toBe(true);
    expect(await claimRecord(labs, await recordOf('lab', { kubePort: 9 }))).toBe(false);
    expect(await readRecord(labs, 'lab')).toMatchObject({ kubePort: 1 });
  });

  test('goes to one of several that ask at once', async () => {
    const records = await Promise.all(
      [1, 2, 3, 4].map((pid) => recordOf('lab', { pid: 100_000_000 + pid })),
    );
    const claims = await Promise.all(records.map((record) => claimRecord(labs, record)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test('keeps its record when it is replaced by the process that took over', async () => {
    await claimRecord(labs, await recordOf('lab'));
    await replaceRecord(labs, await recordOf('lab', { pid: 1 }));
    expect(await readRecord(labs, 'lab')).toMatchObject({ pid: 1 });
  });
});

describe('a lab', () => {
  test('is alive while the very process that was recorded is', async () => {
    expect(await isAlive(await recordOf('lab'))).toBe(true);
    expect(await isAlive(await recordOf('lab', { startTicks: '1' }))).toBe(false);
    expect(await isAlive(await recordOf('lab', { bootId: 'another boot' }))).toBe(false);
    expect(await isAlive(await recordOf('lab', { pid: 2 ** 30 }))).toBe(false);
  });

  test('is summarised with its state and paths', async () => {
    const summary = await summarise(labs, await recordOf('lab', { startTicks: '1' }));
    expect(summary).toMatchObject({ state: 'dead', logPath: join(labs, 'lab', 'lab.log') });
  });
});

describe('sweeping', () => {
  test('removes the files of dead labs only', async () => {
    const living = await recordOf('living');
    const dead = await recordOf('dead', { startTicks: '1' });
    await claimRecord(labs, living);
    await claimRecord(labs, dead);
    expect(await sweepDeadLabs(labs)).toEqual(['dead']);
    expect(existsSync(dead.runDir)).toBe(false);
    expect(existsSync(labFolder(labs, 'dead'))).toBe(false);
    expect(existsSync(living.runDir)).toBe(true);
    expect((await readRecords(labs)).map(({ name }) => name)).toEqual(['living']);
    expect(await sweepDeadLabs(labs)).toEqual([]);
  });

  test('never removes a run folder that is not ours', async () => {
    const runDir = join(folder, 'precious');
    await mkdir(runDir);
    await claimRecord(labs, await recordOf('dead', { startTicks: '1', runDir }));
    expect(await sweepDeadLabs(labs)).toEqual(['dead']);
    expect(existsSync(runDir)).toBe(true);
  });

  test('passes over records that cannot be read', async () => {
    await mkdir(labFolder(labs, 'odd'), { recursive: true });
    await writeFile(join(labFolder(labs, 'odd'), 'lab.json'), '{"name":"odd"');
    expect(await sweepDeadLabs(labs)).toEqual([]);
    expect(await readRecord(labs, 'odd')).toBeUndefined();
  });

  test('finds nothing where no lab ever ran', async () => {
    expect(await sweepDeadLabs(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('removing a lab', () => {
  test('can leave the log of a failed start, and nothing else', async () => {
    const record = await recordOf('lab');
    await claimRecord(labs, record);
    await writeFile(logPath(labs, 'lab'), 'why');
    await writeFile(join(labFolder(labs, 'lab'), 'kubeconfig'), 'secret');
    await removeLab(labs, record, { keepLog: true });
    expect(await readFile(logPath(labs, 'lab'), 'utf8')).toBe('why');
    expect(existsSync(join(labFolder(labs, 'lab'), 'kubeconfig'))).toBe(false);
    expect(await readRecord(labs, 'lab')).toBeUndefined();
  });
});

import { link, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { LabSummary } from '../../cli/lab-port.ts';

/**
 * What is written down about a lab, in `<labs>/<name>/lab.json`. A process id alone can be reused by
 * a stranger; together with its start time it names one process for good.
 */
const recordSchema = v.object({
  name: v.string(),
  pid: v.number(),
  /** Field 22 of /proc/<pid>/stat: start of the process in clock ticks since boot. */
  startTicks: v.string(),
  /** Boot of the machine; start times of different boots do not compare. */
  bootId: v.string(),
  startedAt: v.string(),
  kubePort: v.number(),
  ec2Port: v.number(),
  runDir: v.string(),
});

/** What is written down about a lab. */
export type LabRecord = Readonly<v.InferOutput<typeof recordSchema>>;

/** Names become folder names and parts of socket paths. */
export const LAB_NAME = /^[a-z][a-z0-9-]{0,19}$/;

/** Folder of all labs of this user: `${XDG_STATE_HOME:-~/.local/state}/trunkline/labs`. */
export function labsFolder(env: Readonly<Record<string, string | undefined>>): string {
  const home = env['HOME'] ?? '/root';
  const state = env['XDG_STATE_HOME'] ?? join(home, '.local', 'state');
  return join(state, 'trunkline', 'labs');
}

/** The folder of one lab. */
export function labFolder(labs: string, name: string): string {
  return join(labs, name);
}

/** Path of the kubeconfig that `publish` writes. */
export function kubeconfigPath(labs: string, name: string): string {
  return join(labFolder(labs, name), 'kubeconfig');
}

/** Path of the lab's log. */
export function logPath(labs: string, name: string): string {
  return join(labFolder(labs, name), LOG_NAME);
}

const LOG_NAME = 'lab.log';

/** The identity of a living process, or undefined when there is none (a zombie counts as none). */
export async function processIdentity(
  pid: number,
): Promise<{ readonly startTicks: string; readonly bootId: string } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name, is in brackets and may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTicks = fields[19];
    if (startTicks === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return { startTicks, bootId: bootId.trim() };
  } catch {
    return undefined;
  }
}

/** Whether the lab's supervisor still lives. */
export async function isAlive(record: LabRecord): Promise<boolean> {
  const found = await processIdentity(record.pid);
  return found?.startTicks === record.startTicks && found.bootId === record.bootId;
}

/**
 * Writes the first record of a lab; false when the name is taken. A hard link makes the claim
 * atomic: of two commands that start the same lab at once, one gets it.
 */
export async function claimRecord(labs: string, record: LabRecord): Promise<boolean> {
  const temporary = await writeTemporary(labs, record);
  try {
    await link(temporary, recordPath(labs, record.name));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Replaces a record; a reader sees the old one or the new one, never half of it. */
export async function replaceRecord(labs: string, record: LabRecord): Promise<void> {
  await rename(await writeTemporary(labs, record), recordPath(labs, record.name));
}

async function writeTemporary(labs: string, record: LabRecord): Promise<string> {
  const folder = labFolder(labs, record.name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.lab.json.${record.pid}`);
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
  return temporary;
}

function recordPath(labs: string, name: string): string {
  return join(labFolder(labs, name), 'lab.json');
}

/** The record of a lab; undefined when there is none or it cannot be read. */
export async function readRecord(labs: string, name: string): Promise<LabRecord | undefined> {
  try {
    const text = await readFile(recordPath(labs, name), 'utf8');
    const parsed = v.safeParse(recordSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** All recorded labs, living and dead, by name. */
export async function readRecords(labs: string): Promise<readonly LabRecord[]> {
  const names = await readdir(labs).catch((): string[] => []);
  const records = await Promise.all(names.map((name) => readRecord(labs, name)));
  return records.filter((record) => record !== undefined);
}

/**
 * Removes a lab's files. Its processes must be gone, or be this one. With `keepLog` the log of a
 * failed start stays, until the next lab of that name.
 */
export async function removeLab(
  labs: string,
  record: LabRecord,
  { keepLog = false }: { readonly keepLog?: boolean } = {},
): Promise<void> {
  await removeRunFolder(record.runDir);
  const folder = labFolder(labs, record.name);
  if (!keepLog) {
    await rm(folder, { recursive: true, force: true });
    // The last lab takes the folders of the registry with it; they stay while others are in them.
    await rmdir(labs)
      .then(
        () => rmdir(dirname(labs)),
        () => undefined,
      )
      .catch(() => undefined);
    return;
  }
  const names = await readdir(folder);
  const gone = names.filter((name) => name !== LOG_NAME);
  await Promise.all(gone.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** Removes the files of labs whose supervisor is dead; answers their names. */
export async function sweepDeadLabs(labs: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const record of await readRecords(labs)) {
    if (await isAlive(record)) continue;
    await removeLab(labs, record);
    swept.push(record.name);
  }
  return swept;
}

/** The record as commands show it. */
export async function summarise(labs: string, record: LabRecord): Promise<LabSummary> {
  return {
    name: record.name,
    state: (await isAlive(record)) ? 'running' : 'dead',
    pid: record.pid,
    startedAt: record.startedAt,
    kubePort: record.kubePort,
    ec2Port: record.ec2Port,
    kubeconfigPath: kubeconfigPath(labs, record.name),
    logPath: logPath(labs, record.name),
  };
}

/** Run folders carry this prefix; nothing without it is ever removed. */
export const RUN_FOLDER_PREFIX = 'trunkline-';

async function removeRunFolder(runDir: string): Promise<void> {
  const name = runDir.split('/').at(-1) ?? '';
  if (!name.startsWith(RUN_FOLDER_PREFIX)) return;
  await rm(runDir, { recursive: true, force: true, maxRetries: 3 });
}

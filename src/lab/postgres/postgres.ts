import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../base/log.ts';
import { SEED } from './seed.ts';

/** The database process of the lab. */
export interface Postgres {
  readonly pid: number;
  close(): Promise<void>;
}

/** Where the database runs. */
export interface StartPostgresOptions {
  /** Network namespace of the database's host; undefined: this process's own. */
  readonly hostNetns: string | undefined;
  /** Folder for its data, made and filled; removed by whoever owns it. */
  readonly stateDir: string;
  readonly log: Log;
  readonly port: number;
  /** Where the prepared data folder is kept; default: the repository's node_modules/.cache. */
  readonly cacheDir?: string;
}

/** Less compiled code and no 128 MB of optimising compiler; see template.ts for what it saves. */
const V8_FLAGS = [
  '--liftoff-only',
  '--wasm-lazy-compilation',
  '--max-semi-space-size=1',
  '--disable-warning=ExperimentalWarning',
];
const PROGRAM = fileURLToPath(new URL('../../bin/lab-postgres.ts', import.meta.url));
/** Where prepared data folders are kept; goes with node_modules. */
export const DEFAULT_CACHE = fileURLToPath(
  new URL('../../../node_modules/.cache/trunkline', import.meta.url),
);
const PGLITE_MANIFEST = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));

/**
 * Starts the lab's database: PGlite behind the PostgreSQL protocol, in a process of its own within
 * the host's network namespace. Resolves when it answers.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<Postgres> {
  const template = await ensureTemplate(options.cacheDir ?? DEFAULT_CACHE);
  const dataDir = join(options.stateDir, 'pgdata');
  await mkdir(options.stateDir, { recursive: true });
  await cp(template, dataDir, { recursive: true });
  const child = startServer(options, dataDir);
  await untilReady(child, options.log);
  options.log.info('Database is up', { port: options.port, pid: child.pid });
  return { pid: child.pid ?? 0, close: () => stop(child) };
}

/** Prepares the data folder for this release of PGlite and this seed, once; answers its path. */
export async function ensureTemplate(cacheDir: string): Promise<string> {
  const manifest = JSON.parse(await readFile(PGLITE_MANIFEST, 'utf8')) as {
    readonly version: string;
  };
  const seedHash = createHash('sha256').update(SEED).digest('hex').slice(0, 8);
  const folder = join(cacheDir, `postgres-${manifest.version}-${seedHash}`);
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined) return folder;
  await mkdir(cacheDir, { recursive: true });
  const child = spawn(process.execPath, [...V8_FLAGS, PROGRAM, 'prepare', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await finished(child, 'Cannot prepare the database');
  return folder;
}

function startServer({ hostNetns, port }: StartPostgresOptions, dataDir: string): ChildProcess {
  const command = [process.execPath, ...V8_FLAGS, PROGRAM, 'serve', dataDir, String(port)];
  const [file = '', ...args] =
    hostNetns === undefined ? command : ['nsenter', `--net=${hostNetns}`, ...command];
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
}

async function untilReady(child: ChildProcess, log: Log): Promise<void> {
  if (child.stdout === null) throw new Error('The database has no output');
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (line === 'ready') resolve();
      else log.info('Database said', { line });
    });
  });
  await Promise.race([ready, neverReady(child)]);
}

async function neverReady(child: ChildProcess): Promise<never> {
  await finished(child, 'Cannot start the database');
  throw new Error('The database ended as it began');
}

async function finished(child: ChildProcess, problem: string): Promise<void> {
  const said: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`${problem} (${signal ?? code}): ${said.join('').trim()}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGTERM');
  await gone;
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is installed: exact versions with hashes. */
export const REQUIREMENTS = resolve(import.meta.dirname, 'requirements.txt');

const MODULES = resolve(import.meta.dirname, '../../node_modules');
/** Programs of an environment name its place: not by a link, which goes with its worktree. */
const CACHE = join(existsSync(MODULES) ? realpathSync(MODULES) : MODULES, '.cache/trunkline');

/** Written last, so that half an environment is none. */
const READY = 'ready';

/** Python with boto3 and the AWS CLI, both of the versions in requirements.txt. */
export interface PythonClients {
  /** Path of the interpreter; it imports boto3, botocore and awscli. */
  readonly python: string;
  /** Path of the AWS CLI. */
  readonly aws: string;
}

/** Why there are none, for the reader of a test's result. */
export interface NoPythonClients {
  readonly skipped: string;
}

/**
 * The Python clients that tests drive: our own environment (which `npm test` makes, see
 * tools/bring-python.ts), or an interpreter of this machine that has exactly the same versions.
 * Installs nothing: test stages have no network. In CI their absence is an error, not a skip.
 */
export async function pythonClients(): Promise<PythonClients | NoPythonClients> {
  const found = await findPythonClients();
  if ('python' in found || process.env['CI'] !== 'true') return found;
  throw new Error(`No Python clients in CI: ${found.skipped}`);
}

/** As `pythonClients`, but their absence is always an answer. */
export async function findPythonClients(): Promise<PythonClients | NoPythonClients> {
  const folder = environmentFolder();
  if (isReady(folder)) return clientsIn(folder);
  return (await clientsOfMachine()) ?? { skipped: whyNone(folder) };
}

/** Why an environment is not there: what the last attempt to make it ended with, if there was one. */
export function whyNone(folder: string): string {
  const file = problemFile(folder);
  const problem = existsSync(file) ? readFileSync(file, 'utf8') : "run 'npm test' once";
  return `no Python environment: ${problem}`;
}

/** Where the environment for the present requirements lives. */
export function environmentFolder(): string {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  return join(CACHE, `python-${hash.slice(0, 8)}`);
}

/** Path of the file that says an environment is complete. */
export function readyFile(folder: string): string {
  return join(folder, READY);
}

/** Path of the file that says why an environment is not complete. */
export function problemFile(folder: string): string {
  return join(folder, 'problem');
}

/** The programs of an environment made by `python -m venv`. */
export function clientsIn(folder: string): PythonClients {
  return { python: join(folder, 'bin/python'), aws: join(folder, 'bin/aws') };
}

function isReady(folder: string): boolean {
  // The interpreter is a link, which breaks when Debian goes from Python 3.11 to 3.13.
  const { python, aws } = clientsIn(folder);
  return existsSync(readyFile(folder)) && existsSync(python) && existsSync(interpreterOf(aws));
}

/** What the first line of a script names. */
function interpreterOf(script: string): string {
  if (!existsSync(script)) return script;
  return /^#!(\S+)/.exec(readFileSync(script, 'utf8'))?.[1] ?? '';
}

const VERSIONS = `import sys, importlib.metadata as m
print(sys.executable, *[f'{name}=={m.version(name)}' for name in ('awscli', 'boto3', 'botocore')])`;

async function clientsOfMachine(): Promise<PythonClients | undefined> {
  const answer = await run('python3', ['-c', VERSIONS]).catch(() => undefined);
  const [python = '', ...found] = answer?.stdout.trim().split(' ') ?? [];
  const pinned = readFileSync(REQUIREMENTS, 'utf8').match(/^(awscli|boto3|botocore)==\S+/gm);
  const aws = join(dirname(python), 'aws');
  return pinned?.join() === found.join() && existsSync(aws) ? { python, aws } : undefined;
}

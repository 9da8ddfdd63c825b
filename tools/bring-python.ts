/**
 * Makes the Python environment with the clients that tests drive (test/clients/requirements.txt),
 * unless it is there. `npm test` runs it before its stages, which have no network; takes half a
 * minute once, then a tenth of a second.
 *
 * Never fails: what is missing is printed, and tests that need it say so again. In CI, as root, it
 * installs Debian's python3-venv; on a developer's machine it touches nothing but the cache.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import {
  REQUIREMENTS,
  clientsIn,
  environmentFolder,
  findPythonClients,
  problemFile,
  readyFile,
} from '../test/clients/python-clients.ts';

const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
const EXACTLY = ['--require-hashes', '--no-deps', '--only-binary=:all:', '-r', REQUIREMENTS];

const found = await findPythonClients();
if ('skipped' in found) {
  const problem = bring();
  if (problem !== undefined) console.error(`trunkline: no AWS CLI and boto3 for tests: ${problem}`);
}

/** Answers what went wrong. */
function bring(): string | undefined {
  console.error('        … Installing AWS CLI and boto3 for the tests');
  const folder = environmentFolder();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const problem = bringVenv() ?? run('python3', ['-m', 'venv', folder]);
  const failed = problem ?? install(clientsIn(folder).python);
  // The tests say it again, when they are skipped or, in CI, fail.
  if (failed === undefined) writeFileSync(readyFile(folder), '');
  else writeFileSync(problemFile(folder), failed);
  return failed;
}

function install(python: string): string | undefined {
  const problem = run(python, [...PIP, ...EXACTLY]);
  if (problem === undefined) return undefined;
  return `cannot install from PyPI, or the index that pip is told instead: ${problem}`;
}

/** Debian's Python comes without ensurepip, which makes an environment useful. */
function bringVenv(): string | undefined {
  if (run('python3', ['-c', 'import venv, ensurepip']) === undefined) return undefined;
  const mayInstall = process.env['CI'] === 'true' && process.getuid?.() === 0;
  if (!mayInstall) return 'there is no python3 with venv (Debian: apt-get install python3-venv)';
  return (
    run('apt-get', ['update', '-q']) ??
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'python3-venv'])
  );
}

function run(file: string, args: readonly string[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr, error } = spawnSync(file, args, { env, encoding: 'utf8' });
  if (status === 0) return undefined;
  return `${file} ${args.slice(0, 3).join(' ')}: ${error?.message ?? stderr.trim().slice(-500)}`;
}

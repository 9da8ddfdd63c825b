/**
 * `npm start` and `npm test` from a bare clone: brings what is missing (npm packages, Node.js 24,
 * nftables, iproute2; for tests AWS CLI and boto3) and then becomes the real command under
 * Node.js 24. Plain JavaScript for any Node.js >= 18. Costs a few milliseconds when nothing is missing.
 *
 *   node tools/bootstrap.mjs start [ARGUMENT...]   the lab and its scenario
 *   node tools/bootstrap.mjs test [ARGUMENT...]    all tests
 *   node tools/bootstrap.mjs vlan [COMMAND]        the tests that need a virtual machine
 *   node tools/bootstrap.mjs setup                 only bring what is missing
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { ROOT, become, cleanEnvironment, fail, findNode24 } from './node24.mjs';

const BEGAN_MS = Date.now();
/** Programs the lab runs, and the Debian package each comes from. */
const PROGRAMS = {
  nft: 'nftables',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  setsid: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
};
const COMMANDS = {
  start: 'src/bin/trunkline.ts',
  test: 'tools/test.mjs',
  vlan: 'tools/vlan/run.mjs',
  setup: undefined,
};

const [verb = '', ...rest] = process.argv.slice(2);
if (!(verb in COMMANDS)) fail(`Usage: bootstrap.mjs ${Object.keys(COMMANDS).join('|')}`, 2);
if (process.platform !== 'linux') fail('Trunkline needs Linux: it drives network namespaces', 3);

bringPackages();
const node = bringNode();
bringPrograms();
bringDatabase(node);
if (verb === 'test') bringPython(node);
const program = COMMANDS[verb];
if (program !== undefined) {
  const args = verb === 'start' ? ['demo', ...rest] : rest;
  const env = { ...cleanEnvironment(), TRUNKLINE_BEGAN_MS: String(BEGAN_MS) };
  const command = [node, '--disable-warning=ExperimentalWarning', resolve(ROOT, program), ...args];
  // Tests must not go on by themselves when the npm that started them is killed.
  if (verb === 'test') command.unshift(programPath('setpriv'), '--pdeathsig', 'KILL');
  become(command[0], command.slice(1), env);
}

/**
 * Installs what the lock file says when an installed package is missing or of another version. Not by
 * `npm ci`: it refuses a lock file that was written where the registry lacks the packages of foreign
 * platforms (android, riscv64, ...), which npm leaves out of it. `npm install` takes the same
 * versions, checks the same hashes, and with --no-save leaves the lock file as it is.
 */
function bringPackages() {
  const lacking = packagesLacking();
  if (lacking === undefined) return;
  step(`Installing npm packages (${lacking})`);
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  runOrFail('npm', args, 'npm install failed');
}

function packagesLacking() {
  const wanted = readLock('package-lock.json');
  const installed = readLock('node_modules/.package-lock.json');
  if (installed === undefined) return 'none are installed';
  if (wanted === undefined) return undefined;
  const stale = Object.entries(wanted).find(
    ([path, { version, optional, link }]) =>
      path !== '' &&
      link !== true &&
      installed[path]?.version !== version &&
      !(optional === true && installed[path] === undefined),
  );
  return stale === undefined ? undefined : `${stale[0].replace('node_modules/', '')} changed`;
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Node.js 24. Its npm package unpacks it by an install script, which npm may have been told to skip:
 * then the script is run from here, and the link for `npm run` and npx that npm left out is made.
 */
function bringNode() {
  const found = findNode24() ?? unpackNode();
  const link = resolve(ROOT, 'node_modules/.bin/node');
  if (found !== process.execPath && !existsSync(link)) {
    rmSync(link, { force: true });
    symlinkSync(found, link);
  }
  return found;
}

function unpackNode() {
  step('Unpacking Node.js 24 (npm did not run its install script)');
  const cwd = resolve(ROOT, 'node_modules/node');
  if (existsSync(cwd))
    runOrFail('node', ['installArchSpecificPackage'], 'Cannot unpack it', { cwd });
  return findNode24() ?? fail("Node.js 24 is not installed: run 'npm install' with scripts", 3);
}

/** nft, ip and friends: by apt-get as root, else the command to type. */
function bringPrograms() {
  const missing = Object.keys(PROGRAMS).filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PROGRAMS[name]))];
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid() !== 0 || !isInstalled('apt-get')) {
    fail(`Missing: ${missing.join(', ')}. Run this first: sudo ${install.join(' ')}`, 3);
  }
  step(`Installing ${packages.join(', ')} (for ${missing.join(', ')})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  runOrFail('apt-get', ['update', '-q'], 'apt-get update failed', { env });
  runOrFail(install[0], [...install.slice(1), '-q'], 'apt-get install failed', { env });
  const still = missing.filter((name) => !isInstalled(name));
  if (still.length > 0) fail(`Still missing after the installation: ${still.join(', ')}`, 3);
}

function isInstalled(name) {
  return programPath(name) !== undefined;
}

function programPath(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The lab's database folder, once: initdb takes 3 s and 450 MB, too much beside a running lab. */
function bringDatabase(node) {
  const cache = join(ROOT, 'node_modules/.cache/trunkline');
  const found =
    existsSync(cache) &&
    readdirSync(cache).some((name) => /^postgres-[\d.]+-[\da-f]{8}$/.test(name));
  if (found) return;
  step("Preparing the lab's database");
  const program = resolve(ROOT, 'src/bin/lab-postgres.ts');
  runOrFail(node, [program, 'ensure'], 'Cannot prepare the database', {
    env: cleanEnvironment(),
  });
}

/** AWS CLI and boto3, which tests drive. Without them `npm test` still runs, and says what it skips. */
function bringPython(node) {
  const cache = join(ROOT, 'node_modules/.cache/trunkline');
  const program = resolve(ROOT, 'tools/bring-python.ts');
  const args = [join(cache, 'python.lock'), node, '--disable-warning=ExperimentalWarning', program];
  spawnSync('flock', args, { cwd: ROOT, env: cleanEnvironment(), stdio: ['ignore', 2, 2] });
}

function step(text) {
  const seconds = ((Date.now() - BEGAN_MS) / 1000).toFixed(1);
  console.error(`${seconds.padStart(6)}s … ${text}`);
}

function runOrFail(file, args, problem, { cwd = ROOT, env = process.env } = {}) {
  const { status, error } = spawnSync(file, args, { cwd, env, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${problem}${error === undefined ? '' : `: ${error.message}`}`, 1);
}

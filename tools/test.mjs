/**
 * `npm test`: the stages below, one after the other, then one summary and one exit status.
 * Arguments go to vitest: `npm test -- src/policy` runs what matches.
 *
 * Clean-up is by construction: each stage runs in a sandbox whose processes and namespaces the kernel
 * removes when it ends or is killed, and keeps its files in one folder per run, removed at the end or,
 * after a kill -9, by the next run.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findPythonClients } from '../test/clients/python-clients.ts';
import { ROOT } from './node24.mjs';

const VITEST = resolve(ROOT, 'node_modules/vitest/vitest.mjs');
const REPORTER = resolve(ROOT, 'tools/test-report.mjs');
const VLAN = resolve(ROOT, 'tools/vlan/run.mjs');
const SANDBOX = resolve(ROOT, 'src/lab/launch/sandbox.sh');
/** Short, because sockets live below and their paths may have 107 characters. */
const TEMP = '/tmp';
const RUN_FOLDER = /^trunkline-test-(\d+)$/;
const STAGES = [
  { project: 'unit' },
  { project: 'proof' },
  { project: 'clients' },
  { project: 'kernel' },
  // Starts labs as a user would; each makes a sandbox of its own inside this one.
  { project: 'e2e' },
];

// Tests that just call `aws` or `python3` get the pinned ones.
const clients = await findPythonClients();
const PATH = [...('python' in clients ? [dirname(clients.python)] : []), process.env.PATH].join(
  ':',
);
const filters = process.argv.slice(2);
// Takes one to three minutes of an emulated CPU: everyone else runs `npm run test:vlan`.
if (process.env.CI === 'true' && filters.length === 0)
  STAGES.push({ project: 'vlan', command: pdeath([process.execPath, VLAN]) });
const runFolder = join(TEMP, `trunkline-test-${process.pid}`);
sweepDeadRuns();
mkdirSync(runFolder, { mode: 0o700 });
writeFileSync(join(runFolder, 'identity'), identity(process.pid) ?? '');
let child;
let stopped = false;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => stop(name));
process.exitCode = await runStages();
rmSync(runFolder, { recursive: true, force: true });

async function runStages() {
  const results = [];
  for (const stage of STAGES) {
    if (stopped) break;
    console.log(`\n== ${stage.project}`);
    results.push(await runStage(stage));
  }
  return summarise(results);
}

async function runStage({ project, command = vitestCommand(project) }) {
  const report = join(runFolder, `${project}.json`);
  const beganMs = performance.now();
  const status = await run(command, { project, report });
  const seconds = (performance.now() - beganMs) / 1000;
  return { project, status, seconds, ...readReport(report) };
}

function vitestCommand(project) {
  const vitest = [process.execPath, VITEST, 'run', '--project', project, '--passWithNoTests'];
  vitest.push('--reporter=default', `--reporter=${REPORTER}`, ...filters);
  return ['sh', SANDBOX, '--with-parent', ...vitest];
}

/** The kernel ends the stage when this process dies, also by kill -9. */
function pdeath(command) {
  return ['setpriv', '--pdeathsig', 'KILL', ...command];
}

function run([file, ...args], { project, report }) {
  const temp = join(runFolder, project);
  mkdirSync(temp);
  const env = {
    ...process.env,
    PATH,
    TMPDIR: temp,
    XDG_STATE_HOME: join(temp, 'state'),
    TRUNKLINE_TEST_REPORT: report,
  };
  return new Promise((done) => {
    child = spawn(file, args, { cwd: ROOT, env, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(`Cannot run ${file}: ${error.message}`);
      done(1);
    });
    child.on('exit', (code, signal) => done(code ?? (signal === null ? 1 : 128)));
  });
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { tests: [], broken: 0 };
  }
}

function summarise(results) {
  const tests = results.flatMap((result) => result.tests);
  const skipped = tests.filter(({ state }) => state === 'skipped');
  const passed = tests.filter(({ state }) => state === 'passed');
  const failed = results.reduce((sum, result) => sum + failuresOf(result), 0);
  console.log('\n== summary');
  for (const result of results) {
    const word = failuresOf(result) === 0 ? 'ok' : 'FAILED';
    const seconds = `${result.seconds.toFixed(0)} s`;
    console.log(
      `${result.project.padEnd(7)} ${word.padEnd(7)}${seconds.padStart(5)}  ${result.tests.length} tests`,
    );
  }
  for (const { file, name, reason } of skipped) {
    console.log(`skipped: ${file} > ${name}: ${reason ?? 'no reason given'}`);
  }
  if (stopped) console.log('Stopped before the end.');
  console.log(`${passed.length} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed === 0 && !stopped ? 0 : 1;
}

/** Failed tests, files that could not be loaded, or 1 for a stage that died without a word. */
function failuresOf({ status, tests, broken }) {
  const failures = tests.filter(({ state }) => state === 'failed').length + broken;
  return failures === 0 && status !== 0 ? 1 : failures;
}

function stop(name) {
  stopped = true;
  child?.kill(name);
}

/** Removes the folders of runs whose process is gone. Their processes and namespaces went with it. */
function sweepDeadRuns() {
  for (const name of readdirSync(TEMP)) {
    const pid = RUN_FOLDER.exec(name)?.[1];
    const folder = join(TEMP, name);
    if (pid === undefined || isLive(folder, Number(pid))) continue;
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    console.log(`Removed ${folder}: left by a test run that was killed`);
  }
}

function isLive(folder, pid) {
  try {
    return readFileSync(join(folder, 'identity'), 'utf8') === identity(pid);
  } catch {
    return false;
  }
}

/** Start time and boot of a process: names it for good, unlike its number. */
function identity(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]} ${boot}`;
  } catch {
    return undefined;
  }
}

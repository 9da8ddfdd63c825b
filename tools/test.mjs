/**
 * `npm test`: unit tests, then kernel tests inside a sandbox, then end-to-end tests; one summary, one
 * exit status. Arguments go to vitest: `npm test -- src/policy` runs what matches.
 *
 * Clean-up is by construction: each stage runs in a sandbox whose processes and namespaces the kernel
 * removes when it ends or is killed, and keeps its files in one folder per run, removed at the end or,
 * after a kill -9, by the next run.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from './node24.mjs';

const VITEST = resolve(ROOT, 'node_modules/vitest/vitest.mjs');
const SANDBOX = resolve(ROOT, 'src/lab/launch/sandbox.sh');
/** Short, because sockets live below and their paths may have 107 characters. */
const TEMP = '/tmp';
const PREFIX = 'trunkline-test-';
const STAGES = [
  { project: 'unit', sandboxed: false },
  { project: 'kernel', sandboxed: true },
  // Starts labs as a user would, from outside: each makes its own sandbox.
  { project: 'e2e', sandboxed: false },
];

const filters = process.argv.slice(2);
const runFolder = join(TEMP, `${PREFIX}${process.pid}`);
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

async function runStage({ project, sandboxed }) {
  const report = join(runFolder, `${project}.json`);
  const vitest = [
    ...[process.execPath, VITEST, 'run', '--project', project, '--passWithNoTests'],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters],
  ];
  const command = sandboxed ? ['sh', SANDBOX, '--with-parent', ...vitest] : pdeath(vitest);
  const status = await run(command, project);
  return { project, status, ...readReport(report) };
}

/** The kernel ends the stage when this process dies, also by kill -9. */
function pdeath(command) {
  return ['setpriv', '--pdeathsig', 'KILL', ...command];
}

function run([file, ...args], project) {
  const temp = join(runFolder, project);
  mkdirSync(temp);
  const env = { ...process.env, TMPDIR: temp, XDG_STATE_HOME: join(temp, 'state') };
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
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const tests = report.testResults.flatMap((file) =>
      file.assertionResults.map((test) => ({ ...test, file: file.name.replace(`${ROOT}/`, '') })),
    );
    const broken = report.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    return { tests, broken: broken.length };
  } catch {
    return { tests: [], broken: 0 };
  }
}

function summarise(results) {
  const tests = results.flatMap((result) => result.tests);
  const count = (...states) => tests.filter((test) => states.includes(test.status)).length;
  const skipped = tests.filter((test) =>
    ['skipped', 'pending', 'todo', 'disabled'].includes(test.status),
  );
  console.log('\n== summary');
  for (const { project, status, tests: own } of results) {
    console.log(`${project.padEnd(7)} ${status === 0 ? 'ok    ' : 'FAILED'} ${own.length} tests`);
  }
  for (const test of skipped)
    console.log(`skipped: ${test.file}: ${test.fullName}${reasonOf(test)}`);
  const brokenFiles = results.reduce((sum, { broken }) => sum + broken, 0);
  const crashed = results.filter(
    (r) => r.status !== 0 && !r.broken && !r.tests.some(isFailed),
  ).length;
  const failed = count('failed') + brokenFiles + crashed;
  if (stopped) console.log('Stopped before the end.');
  console.log(`${count('passed')} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed === 0 && !stopped && results.length === STAGES.length ? 0 : 1;
}

function isFailed(test) {
  return test.status === 'failed';
}

/** `ctx.skip('why')` leaves its note in the task's meta or messages, depending on the reporter. */
function reasonOf(test) {
  const reason = test.failureMessages?.[0] ?? test.meta?.skipReason;
  return reason === undefined ? '' : ` (${reason})`;
}

function stop(name) {
  stopped = true;
  child?.kill(name);
}

/** Removes the folders of runs whose process is gone; labs they had started died with them or are swept. */
function sweepDeadRuns() {
  for (const name of readdirSync(TEMP).filter((each) => each.startsWith(PREFIX))) {
    const folder = join(TEMP, name);
    if (isLive(folder, Number(name.slice(PREFIX.length)))) continue;
    killLabsOf(folder);
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

/** Background labs outlive whoever started them: that is their purpose. These have no owner any more. */
function killLabsOf(folder) {
  for (const project of STAGES.map((stage) => stage.project)) {
    const labs = join(folder, project, 'state/trunkline/labs');
    for (const name of list(labs)) {
      try {
        const { pid, startTicks } = JSON.parse(readFileSync(join(labs, name, 'lab.json'), 'utf8'));
        if (identity(pid)?.split(' ')[0] === startTicks) process.kill(pid, 'SIGKILL');
      } catch {
        // No record, or just gone.
      }
    }
  }
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
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

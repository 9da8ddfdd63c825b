/**
 * Time from command to verdict table, and the peak memory of all processes of the lab.
 * Run: `node bench/demo.ts [RUNS]`. Memory is the sum of proportional set sizes (PSS), which counts
 * shared pages once, beside the plain sum of resident sizes (RSS), sampled every 100 ms.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const SAMPLE_MS = 100;

interface Sample {
  readonly pssMb: number;
  readonly rssMb: number;
  readonly processes: number;
}

interface Run {
  readonly tableSeconds: number;
  readonly totalSeconds: number;
  readonly code: number | null;
  readonly peak: Sample;
}

/** Process ids of a process and all that descend from it. */
function family(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    found.push(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return parent === undefined ? undefined : Number(parent);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

function sample(root: number): Sample {
  const pids = family(root);
  const rollups = pids.map((pid) => read(`/proc/${pid}/smaps_rollup`));
  const sum = (field: string): number =>
    rollups.reduce((total, text) => total + kilobytes(text, field), 0) / 1024;
  return { pssMb: sum('Pss'), rssMb: sum('Rss'), processes: pids.length };
}

function runOnce(): Promise<Run> {
  const startMs = performance.now();
  const child = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid ?? 0;
  let peak: Sample = { pssMb: 0, rssMb: 0, processes: 0 };
  let tableSeconds = Number.NaN;
  const timer = setInterval(() => {
    const now = sample(pid);
    if (now.pssMb > peak.pssMb) peak = now;
  }, SAMPLE_MS);
  child.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('DECIDED BY')) tableSeconds = (performance.now() - startMs) / 1000;
  });
  return new Promise((done) => {
    child.on('close', (code) => {
      clearInterval(timer);
      done({ tableSeconds, totalSeconds: (performance.now() - startMs) / 1000, code, peak });
    });
  });
}

const runs = Number(process.argv[2] ?? 3);
console.log('run  table s  total s  exit  peak PSS MB  (RSS MB)  processes');
for (let i = 1; i <= runs; i++) {
  const run = await runOnce();
  console.log(
    [
      String(i).padEnd(3),
      run.tableSeconds.toFixed(1).padStart(7),
      run.totalSeconds.toFixed(1).padStart(7),
      String(run.code).padStart(4),
      run.peak.pssMb.toFixed(0).padStart(11),
      `(${run.peak.rssMb.toFixed(0)})`.padStart(9),
      String(run.peak.processes).padStart(9),
    ].join('  '),
  );
}

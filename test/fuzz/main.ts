/**
 * `npm run test:fuzz [REQUESTS]`: random requests against the VPC API, 100,000 unless told
 * otherwise. `TRUNKLINE_SEED=N` plays a run again. The last line is `ok` or `FAILED`.
 */
import { seedOfRun } from '../arbitrary/chance.ts';
import { printReport, problemsOf } from './report.ts';
import { fuzz } from './run.ts';

const DEFAULT_REQUESTS = 100_000;
const CHECK_EVERY = 10_000;

const requests = Number(process.argv[2] ?? DEFAULT_REQUESTS);
const report = await fuzz({
  seed: seedOfRun(),
  requests,
  checkEvery: CHECK_EVERY,
  overHttp: Math.floor(requests / 10),
});
printReport(report);
const problems = problemsOf(report);
for (const problem of problems.slice(0, 50)) process.stdout.write(`${problem}\n`);
process.stdout.write(problems.length === 0 ? 'ok\n' : `FAILED: ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

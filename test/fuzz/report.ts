import type { FuzzReport } from './run.ts';

/** Everything that should not be, as lines. */
export function problemsOf(report: FuzzReport): readonly string[] {
  return [...report.broken, ...report.inconsistent, ...report.changedByRestart];
}

/** Prints the figures of a run, and how to play it again. */
export function printReport(report: FuzzReport): void {
  const good = [...report.succeeded.values()].reduce((sum, count) => sum + count, 0);
  const codes = [...report.codes].sort((a, b) => b[1] - a[1]);
  const lines = [
    `TRUNKLINE_SEED=${report.seed}: ${report.requests} requests in ${report.seconds.toFixed(1)} s, ${good} succeeded`,
    `${report.succeeded.size} actions succeeded, never: ${report.missed.join(' ') || 'none'}`,
    `${codes.length} error codes: ${codes.map(([code, count]) => `${code} ${count}`).join(', ')}`,
    `Parameters unknown to the model: ${report.unknownParameters.join('; ') || 'none'}`,
    `${report.objects} items in all describes at the end`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

import type { Clock } from '../../base/clock.ts';
import { LabProblem } from '../../cli/lab-port.ts';
import { isAlive, readRecord, removeLab, type LabRecord } from './registry.ts';

/** How long a lab may take to close before it is killed. */
const CLOSE_LIMIT_MS = 15_000;
/** How long the kernel may take to remove a killed lab's namespaces. */
const KILL_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** The record of a lab that runs; rejects with a LabProblem when there is none. */
export async function livingRecord(labs: string, name: string): Promise<LabRecord> {
  const record = await readRecord(labs, name);
  if (record !== undefined && (await isAlive(record))) return record;
  throw new LabProblem(`Lab ${name} is not running: start it with 'trunkline lab up'`);
}

/** Stops a lab by name; see `stopRecord`. */
export async function stopLab(labs: string, name: string, clock: Clock): Promise<void> {
  await stopRecord({ labs, record: await livingRecord(labs, name), clock });
}

/** Which lab to stop. */
export interface StopOptions {
  readonly labs: string;
  readonly record: LabRecord;
  readonly clock: Clock;
  /** Leave the log of a failed start. */
  readonly keepLog?: boolean;
}

/**
 * Asks the lab to close, kills it when it does not, and removes its files. The supervisor ends last,
 * after the kernel has emptied the PID namespace: once it is gone, no process of the lab is left.
 */
export async function stopRecord({
  labs,
  record,
  clock,
  keepLog = false,
}: StopOptions): Promise<void> {
  signal(record.pid, 'SIGTERM');
  if (!(await untilGone(record, CLOSE_LIMIT_MS, clock))) {
    signal(record.pid, 'SIGKILL');
    if (!(await untilGone(record, KILL_LIMIT_MS, clock))) {
      throw new LabProblem(`Cannot stop lab ${record.name}: process ${record.pid} stays`);
    }
  }
  await removeLab(labs, record, { keepLog });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function untilGone(record: LabRecord, limitMs: number, clock: Clock): Promise<boolean> {
  const endMs = clock.monotonicMs() + limitMs;
  while (await isAlive(record)) {
    if (clock.monotonicMs() > endMs) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

/** What Linux says of another process. */
import { readFileSync } from 'node:fs';

/** Memory in megabytes. */
export interface Memory {
  /** At most so far (VmHWM). */
  readonly peakMb: number;
  /** Now (VmRSS). */
  readonly nowMb: number;
}

/** Resident memory of a process. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) / 1024);
  return { peakMb: read('VmHWM'), nowMb: read('VmRSS') };
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Processor time that a process has used, of user and kernel, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may have spaces; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

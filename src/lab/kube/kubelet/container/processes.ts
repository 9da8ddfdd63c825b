import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { Clock } from '../../../../base/clock.ts';

/** Sweeps over /proc before giving up on a process that forks faster than it is killed. */
const MAX_SWEEPS = 20;
/** Pause between two sweeps: the kernel needs a moment to reap. */
const SWEEP_PAUSE_MS = 10;

/** Processes, by a property that their children inherit. */
export type ProcessFilter = (pid: number) => boolean;

/** Processes whose environment holds `name=value` (as it was when they were started). */
export function withVariable(name: string, value: string): ProcessFilter {
  const wanted = `${name}=${value}\0`;
  return (pid) => `${readProc(pid, 'environ')}\0`.includes(wanted);
}

/** Processes in the network namespace. */
export function inNamespace(netnsPath: string): ProcessFilter {
  const wanted = `net:[${inodeOf(netnsPath)}]`;
  return (pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) === wanted;
    } catch {
      return false;
    }
  };
}

/**
 * Kills every process that passes the filter, and those that they start meanwhile. Process groups
 * are not enough: a child may have made a session of its own.
 */
export async function killAll(filter: ProcessFilter, clock: Clock): Promise<number> {
  let killed = 0;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    const found = pids().filter((pid) => pid !== process.pid && !isDead(pid) && filter(pid));
    if (found.length === 0) return killed;
    for (const pid of found) killed += signalProcess(pid, 'SIGKILL') ? 1 : 0;
    await clock.sleep(SWEEP_PAUSE_MS);
  }
  return killed;
}

/** Sends a signal to a process, or to a group when negative; false when there is none. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Zombies have nothing left to kill. */
function isDead(pid: number): boolean {
  return /^\d+ \(.*\) Z/s.test(readProc(pid, 'stat'));
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

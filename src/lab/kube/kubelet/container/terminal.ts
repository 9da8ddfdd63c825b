import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Clock } from '../../../../base/clock.ts';
import type { ProcessFilter } from './processes.ts';

/** Says that there can be no terminal. */
export const TERMINAL_PROBLEM =
  'a terminal needs the "script" command (package bsdutils), which is not installed';

/** `script` gives the command a terminal, passes everything on and answers its exit code. */
export function underTerminal(command: readonly string[]): readonly string[] {
  const line = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return ['script', '-qefc', line, '/dev/null'];
}

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Clients send a size as soon as they are connected, which is before `script` has a terminal. */
const TRIES = 100;
const TRY_PAUSE_MS = 20;

/**
 * Sets the size of the terminal of the processes that pass the filter, once there is one; the last
 * size that was asked for counts.
 */
export function createResizer(
  filter: ProcessFilter,
  clock: Clock,
): (columns: number, rows: number) => void {
  let wanted: TerminalSize | undefined;
  const run = async (): Promise<void> => {
    for (let tries = 0; tries < TRIES && wanted !== undefined; tries++) {
      const terminal = terminalAmong(filter);
      if (terminal !== undefined) {
        setSize(terminal, wanted);
        wanted = undefined;
        return;
      }
      await clock.sleep(TRY_PAUSE_MS);
    }
    wanted = undefined;
  };
  return (columns, rows) => {
    const isRunning = wanted !== undefined;
    wanted = { columns, rows };
    if (!isRunning) void run();
  };
}

function terminalAmong(filter: ProcessFilter): string | undefined {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && filter(pid))
    .map(terminalOf)
    .find((path) => path !== undefined);
}

/** The size of a terminal is set at its device, by `stty`. */
function setSize(terminal: string, { columns, rows }: TerminalSize): void {
  const size = ['cols', String(columns), 'rows', String(rows)];
  spawn('stty', ['-F', terminal, ...size], { stdio: 'ignore' }).on('error', () => undefined);
}

function terminalOf(pid: number): string | undefined {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === 'script') return undefined;
    const path = readlinkSync(`/proc/${pid}/fd/0`);
    return path.startsWith('/dev/pts/') ? path : undefined;
  } catch {
    return undefined;
  }
}

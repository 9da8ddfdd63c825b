import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { constants as os } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '../../../../base/clock.ts';
import { err, ok, type Result } from '../../../../base/result.ts';
import { CONTAINER_MARK } from './command.ts';
import type { ExecSession } from '../../pod-runtime.ts';
import { joinProcess } from './attachment.ts';
import { insidePod, type PodPlace } from './inside.ts';
import type { ContainerLog } from './log-file.ts';
import { killAll, signalProcess, withVariable } from './processes.ts';
import { TERMINAL_PROBLEM, underTerminal } from './terminal.ts';

/** How a process ended. `code` is 128 + signal number when a signal ended it. */
export interface Exit {
  readonly code: number;
  readonly signal: number | undefined;
}

/** A running container. */
export interface ContainerProcess {
  readonly pid: number;
  /** Resolves when the main process has ended and everything it left behind is gone. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, and SIGKILL when the grace period is over. Resolves with `exited`. */
  stop(graceMs: number): Promise<Exit>;
  /**
   * Joins its streams from now on. `inputOnce`: its input ends when the first who joined it closes
   * his; else it stays open for others.
   */
  attach(options: { readonly inputOnce: boolean }): ExecSession;
}

/** A process to start. */
export interface ProcessRequest {
  readonly place: PodPlace;
  /** Program and arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly log: ContainerLog;
  readonly clock: Clock;
  /** Whether it has an input that others can join. */
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Starts a container's process in a namespace, or says why it cannot be started. */
export function startProcess(request: ProcessRequest): Result<ContainerProcess, string> {
  const problem = startProblem(request);
  if (problem !== undefined) return err(problem);
  const argv = request.tty ? underTerminal(request.argv) : request.argv;
  const [file, ...args] = insidePod(request.place, argv);
  const child = spawn(file, args, {
    detached: true,
    cwd: request.cwd,
    env: request.tty ? { TERM: 'xterm', ...request.env } : request.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (!request.stdin) child.stdin.end();
  const { pid } = child;
  if (pid === undefined) return err('cannot start another process');
  // A process that reads no input must not be an error.
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => request.log.write('stdout', chunk));
  child.stderr.on('data', (chunk: Buffer) => request.log.write('stderr', chunk));
  const { clock } = request;
  const mark = withVariable(CONTAINER_MARK, request.env[CONTAINER_MARK] ?? '');
  const ended = new Promise<Exit>((resolve) => {
    child.on('exit', (code, signal) => resolve(exitOf(code, signal)));
    child.on('error', () => resolve({ code: 128, signal: undefined }));
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const exited = ended.then(async (exit) => {
    signalProcess(-pid, 'SIGKILL');
    await killAll(mark, clock);
    await lastOutput(closed, clock);
    request.log.end();
    return exit;
  });
  const joined = { streams: child, mark, exited, clock, tty: request.tty };
  return ok({
    pid,
    exited,
    stop: (graceMs) => stop({ pid, exited, clock }, graceMs),
    attach: ({ inputOnce }) => joinProcess({ ...joined, inputOnce }),
  });
}

/** Longest wait for output of a process that has ended; something may still hold its pipes open. */
const OUTPUT_WAIT_MS = 1_000;

/** Resolves when all that the process has written was read. */
async function lastOutput(closed: Promise<void>, clock: Clock): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(OUTPUT_WAIT_MS, done.signal).catch(() => undefined);
  await Promise.race([closed, late]);
  done.abort();
}

async function stop(
  running: { readonly pid: number; readonly exited: Promise<Exit>; readonly clock: Clock },
  graceMs: number,
): Promise<Exit> {
  const { pid, exited, clock } = running;
  const done = new AbortController();
  if (graceMs > 0) signalProcess(-pid, 'SIGTERM');
  clock.sleep(graceMs, done.signal).then(
    () => signalProcess(-pid, 'SIGKILL'),
    () => undefined,
  );
  const exit = await exited;
  done.abort();
  return exit;
}

/** The exit code of a process as a shell tells it. */
export function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal === null) return { code: code ?? 0, signal: undefined };
  const number = os.signals[signal];
  return { code: 128 + number, signal: number };
}

function startProblem({ argv, env, cwd, tty }: ProcessRequest): string | undefined {
  if (tty && findExecutable('script', { env, cwd: '/' }) === undefined) return TERMINAL_PROBLEM;
  if (!existsSync(cwd)) return `chdir to cwd ("${cwd}"): no such file or directory`;
  const [program = ''] = argv;
  if (findExecutable(program, { env, cwd }) !== undefined) return undefined;
  return program.includes('/')
    ? `exec: "${program}": no such file, or not executable`
    : `exec: "${program}": executable file not found in $PATH`;
}

/** The file that a program's name stands for, by PATH or, with a slash in it, as it is. */
export function findExecutable(
  program: string,
  { env, cwd }: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): string | undefined {
  const candidates = program.includes('/')
    ? [resolve(cwd, program)]
    : (env['PATH'] ?? '').split(':').map((folder) => join(folder, program));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

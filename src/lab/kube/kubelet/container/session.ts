import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../../base/clock.ts';
import { err, ok, type Result } from '../../../../base/result.ts';
import type { ExecSession } from '../../pod-runtime.ts';
import { insidePod, type PodPlace } from './inside.ts';
import { exitOf, findExecutable } from './process.ts';
import { killAll, withVariable } from './processes.ts';
import { createResizer, TERMINAL_PROBLEM, underTerminal } from './terminal.ts';

/** Marks every process of one exec session, so that none survives it. */
const SESSION_MARK = 'TRUNKLINE_SESSION_ID';

/** A command to run beside a container: same namespace, same environment. */
export interface SessionRequest {
  readonly place: PodPlace;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly tty: boolean;
  readonly clock: Clock;
  /** Unique; used to find the session's processes. */
  readonly sessionId: string;
}

/** Starts an exec session, or says why it cannot. A terminal is made by `script` of bsdutils. */
export function startSession(request: SessionRequest): Result<ExecSession, string> {
  const [program] = request.command;
  if (program === undefined) return err('you must specify at least one command for the container');
  const env = { ...request.env, [SESSION_MARK]: request.sessionId };
  if (findExecutable(program, { env, cwd: request.cwd }) === undefined)
    return err(`exec: "${program}": executable file not found in $PATH`);
  if (request.tty && findExecutable('script', { env, cwd: '/' }) === undefined)
    return err(TERMINAL_PROBLEM);
  const argv = request.tty ? underTerminal(request.command) : request.command;
  const [file, ...args] = insidePod(request.place, argv);
  const child = spawn(file, args, {
    detached: true,
    cwd: request.cwd,
    env: request.tty ? { TERM: 'xterm', ...env } : env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) return err('cannot start another process');
  return ok(sessionOf(child, request));
}

function sessionOf(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  { sessionId, clock, tty }: SessionRequest,
): ExecSession {
  const mark = withVariable(SESSION_MARK, sessionId);
  // A command that reads no input must not be an error.
  child.stdin.on('error', () => undefined);
  const exited = new Promise<{ code: number }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code: exitOf(code, signal).code }));
    child.on('error', () => resolve({ code: 128 }));
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    resize: tty ? createResizer(mark, clock) : () => undefined,
    exited,
    kill: () => void killAll(mark, clock),
  };
}

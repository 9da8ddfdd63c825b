import { closeSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { LabProgress } from '../../cli/lab-port.ts';
import { createProgressView } from '../../cli/progress.ts';
import { createLog } from '../../io/log.ts';
import { CONTROL_SOCKET, serveControlSocket } from './control.ts';
import { readOrder, type LaunchOrder } from './order.ts';
import { readRecord, removeLab } from './registry.ts';
import type { LabOutcome, LabRuntime, RunLab } from './runtime.ts';
import { writeAccess } from './access-file.ts';

/** The world of the process inside the sandbox. */
export interface InsideOptions {
  readonly orderPath: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** A second Ctrl-C is one that comes later than this: one key press may arrive twice (npm forwards). */
const SAME_KEY_PRESS_MS = 700;
/** How long `runLab` may take to close everything once it was told to stop. */
const STOP_LIMIT_MS = 10_000;

/** The user's stop reached the lab in the middle of something, such as the scenario. */
const STOPPED: LabOutcome = { ok: false };
/** As shells have it: 128 + SIGINT. */
const INTERRUPTED_STATUS = 130;

/**
 * Runs the lab inside the sandbox and cleans its files up; answers the exit status. Everything else
 * (processes, namespaces, filters) goes with the PID namespace when this process returns.
 */
export async function runInside({ orderPath, clock, random }: InsideOptions): Promise<number> {
  const order = await readOrder(orderPath);
  const logFile = openSync(join(order.stateDir, 'lab.log'), 'a');
  const log = createLog({ level: 'info', write: (line) => void writeSync(logFile, line) });
  const channel = openChannel(order, clock);
  const stop = new AbortController();
  watchSignals(stop, channel, clock);
  channel.onLost(() => stop.abort(new Error('The command that started the lab is gone')));
  const runtime = createRuntime({
    order,
    clock,
    random,
    log,
    report: (progress) => channel.report(progress),
    stop,
  });

  const ended = keepProcessAlive(clock);
  let outcome: LabOutcome | undefined;
  try {
    outcome = await Promise.race([
      runMain(order.mainModule, runtime),
      overdue(stop.signal, clock),
      crash(),
    ]);
  } catch (error) {
    if (error === stop.signal.reason) {
      outcome = STOPPED;
      channel.report({ kind: 'note', text: reasonOf(error) });
    } else {
      log.error('The lab failed', { error });
      channel.report({ kind: 'failed', text: reasonOf(error) });
    }
  }
  channel.end();
  ended.abort();
  await removeFiles(order, { keepLog: outcome === undefined && order.progress !== 'terminal' });
  closeSync(logFile);
  if (outcome === STOPPED) return INTERRUPTED_STATUS;
  return outcome?.ok === true ? 0 : 1;
}

/** Waiting for a signal alone would let Node.js end: signal handlers do not count as work. */
function keepProcessAlive(clock: Clock): AbortController {
  const ended = new AbortController();
  clock.sleep(Number.MAX_SAFE_INTEGER, ended.signal).catch(() => undefined);
  return ended;
}

async function runMain(mainModule: string, runtime: LabRuntime): Promise<LabOutcome> {
  const loaded = (await import(pathToFileURL(mainModule).href)) as { readonly runLab: RunLab };
  return loaded.runLab(runtime);
}

async function overdue(signal: AbortSignal, clock: Clock): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await clock.sleep(STOP_LIMIT_MS);
  throw new Error(`The lab did not close within ${STOP_LIMIT_MS / 1000} s and was killed`);
}

function crash(): Promise<never> {
  return new Promise((_, reject) => {
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface RuntimeParts {
  readonly order: LaunchOrder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly report: (progress: LabProgress) => void;
  readonly stop: AbortController;
}

function createRuntime({ order, clock, random, log, report, stop }: RuntimeParts): LabRuntime {
  return {
    ...order,
    clock,
    random,
    log,
    signal: stop.signal,
    report,
    publish: (access) => writeAccess(order.stateDir, access),
    serveControl: async (control) => {
      const served = await serveControlSocket(join(order.runDir, CONTROL_SOCKET), control);
      stop.signal.addEventListener('abort', () => served.close());
    },
  };
}

function watchSignals(stop: AbortController, channel: Channel, clock: Clock): void {
  let firstMs: number | undefined;
  const onSignal = (): void => {
    const nowMs = clock.monotonicMs();
    if (firstMs === undefined) {
      firstMs = nowMs;
      channel.report({ kind: 'step', text: 'Stopping the lab (once more to kill it)' });
      stop.abort(new Error('Stopped'));
    } else if (nowMs - firstMs > SAME_KEY_PRESS_MS) {
      // The files that stay are removed by the next start.
      process.exit(INTERRUPTED_STATUS);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
}

interface Channel {
  report(progress: LabProgress): void;
  /** Called when the command that waits for `ready` goes away before it came. */
  onLost(callback: () => void): void;
  end(): void;
}

function openChannel(order: LaunchOrder, clock: Clock): Channel {
  if (order.progress !== 'terminal') return pipeChannel(order.progress);
  const view = createProgressView({
    terminal: {
      write: (text) => void process.stdout.write(text),
      live: process.stdout.isTTY,
    },
    clock,
    beganMs: order.beganMs,
  });
  // A closed pipe (`npm start | head`) is no reason to crash.
  process.stdout.on('error', () => undefined);
  return {
    report: (progress) => view.report(progress),
    onLost: () => undefined,
    end: () => view.end(),
  };
}

function pipeChannel(fd: number): Channel {
  const socket = new Socket({ fd });
  let ready = false;
  socket.on('error', () => undefined);
  socket.resume();
  return {
    report: (progress) => {
      ready ||= progress.kind === 'ready';
      socket.write(`${JSON.stringify(progress)}\n`);
    },
    onLost: (callback) => {
      socket.on('close', () => {
        if (!ready) callback();
      });
    },
    end: () => {
      ready = true;
      socket.end();
    },
  };
}

async function removeFiles(order: LaunchOrder, keep: { readonly keepLog: boolean }): Promise<void> {
  const record = await readRecord(order.labs, order.name);
  // Another lab may have taken the name after this one was given up for dead.
  if (record?.runDir === order.runDir) await removeLab(order.labs, record, keep);
}

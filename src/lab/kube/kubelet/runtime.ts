import { randomHex } from '../../../base/random.ts';
import { KubeError } from '../../../api/kube-error.ts';
import type {
  ContainerTarget,
  ExecOptions,
  ExecSession,
  LogOptions,
  PodRuntime,
} from '../pod-runtime.ts';
import { readLog } from './container/log-reader.ts';
import { startSession } from './container/session.ts';
import type { ContainerRunner } from './pod/container-runner.ts';
import type { PodWorker } from './pod/worker.ts';
import type { KubeletOptions } from './options.ts';

/** Finds the worker of a pod by namespace and name. */
export type FindWorker = (namespace: string, pod: string) => PodWorker | undefined;

/** What the API server asks of this node: logs, exec and attach. */
export function createPodRuntime(options: KubeletOptions, find: FindWorker): PodRuntime {
  return {
    logs: (target, logOptions, signal) => logs(options, { find, target, logOptions }, signal),
    exec: (target, execOptions) => exec(options, { find, target, execOptions }),
    attach: (target) => attach(find, target),
  };
}

interface Found {
  readonly worker: PodWorker;
  readonly name: string;
  readonly runner: ContainerRunner | undefined;
}

function locate(find: FindWorker, target: ContainerTarget): Found {
  const worker = find(target.namespace, target.pod);
  if (!worker)
    throw new KubeError('NotFound', `pod "${target.pod}" is not on this node`, { status: 404 });
  const { containers, initContainers = [] } = worker.pod.spec;
  const name = target.container ?? containers[0]?.name ?? '';
  if (![...containers, ...initContainers].some((container) => container.name === name)) {
    const message = `container ${name} is not valid for pod ${target.pod}`;
    throw new KubeError('BadRequest', message, { status: 400 });
  }
  return { worker, name, runner: worker.runner(name) };
}

async function* logs(
  { clock }: KubeletOptions,
  asked: {
    readonly find: FindWorker;
    readonly target: ContainerTarget;
    readonly logOptions: LogOptions;
  },
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const { name, runner, worker } = locate(asked.find, asked.target);
  const previous = asked.logOptions.previous === true;
  const run = previous ? runner?.previous : runner?.run;
  if (!run) {
    const where = `container "${name}" in pod "${worker.pod.metadata.name}"`;
    const message = previous
      ? `previous terminated ${where} not found`
      : `${where} is waiting to start`;
    throw new KubeError('BadRequest', message, { status: 400 });
  }
  const live = previous || run.log.ended ? undefined : run.log;
  const options = { ...asked.logOptions, nowMs: clock.nowMs() };
  yield* readLog({ path: run.log.path, live }, options, signal);
}

async function attach(find: FindWorker, target: ContainerTarget): Promise<ExecSession> {
  const { name, runner } = locate(find, target);
  const session = runner?.attach();
  if (session === undefined) throw notRunning(name);
  return session;
}

function notRunning(container: string): KubeError {
  const message = `unable to upgrade connection: container not found ("${container}")`;
  return new KubeError('BadRequest', message, { status: 400 });
}

async function exec(
  { clock, random }: KubeletOptions,
  asked: {
    readonly find: FindWorker;
    readonly target: ContainerTarget;
    readonly execOptions: ExecOptions;
  },
): Promise<ExecSession> {
  const { name, runner, worker } = locate(asked.find, asked.target);
  const { place } = worker;
  if (!runner?.running || !runner.run || place === undefined) throw notRunning(name);
  const { command, tty } = asked.execOptions;
  const { env, cwd } = runner.run.launch;
  const sessionId = randomHex(random, 16);
  const session = startSession({ place, command, env, cwd, tty, clock, sessionId });
  if (!session.ok)
    throw new KubeError('InternalError', `error executing command in container: ${session.error}`, {
      status: 500,
    });
  if (!asked.execOptions.stdin) session.value.stdin.end();
  return session.value;
}

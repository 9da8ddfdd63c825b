import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_MAPS } from '../../../../api/core/config-map.ts';
import type { Container, PodSpec } from '../../../../api/core/pod.ts';
import { SECRETS } from '../../../../api/core/secret.ts';
import { randomHex } from '../../../../base/random.ts';
import { ok, err, type Result } from '../../../../base/result.ts';
import { commandOfProgram } from '../../../images/runtime.real.ts';
import { launchOf, type Launch } from '../container/command.ts';
import { referencedNames, resolveEnvironment } from '../container/environment.ts';
import type { PodPlace } from '../container/inside.ts';
import { createContainerLog, type ContainerLog } from '../container/log-file.ts';
import { startProcess, type ContainerProcess, type Exit } from '../container/process.ts';
import type { ExecSession } from '../../pod-runtime.ts';
import { startSession } from '../container/session.ts';
import { probeContainer, type ProbeKind } from '../probe/prober.ts';
import type { PodContext, PodHooks } from './context.ts';
import { afterExit, mayRestart, NO_BACKOFF } from './restart.ts';
import type { ContainerState, Terminated } from './state.ts';

/** Pause before a container that cannot be configured is tried again. */
const CONFIG_RETRY_MS = 2_000;
/** Grace of a container that failed its liveness probe, where the pod names none. */
const DEFAULT_GRACE_SECONDS = 30;

/** Where a container runs. */
export interface Place extends PodPlace {
  readonly podIp: string;
  readonly logFolder: string;
}

/** A run of a container: what logs and exec need. */
export interface ContainerRun {
  readonly containerId: string;
  readonly launch: Launch;
  readonly log: ContainerLog;
}

/** Starts one container again and again, as the restart policy says. */
export class ContainerRunner {
  readonly #context: PodContext;
  readonly #hooks: PodHooks;
  readonly #place: Place;
  readonly #publish: (state: ContainerState) => void;
  readonly #policy: PodSpec['restartPolicy'];
  #state: ContainerState;
  #process: ContainerProcess | undefined;
  #graceMs: number | undefined;
  /** Whether the present run is being stopped because of a probe. */
  #unhealthy = false;
  run: ContainerRun | undefined;
  previous: ContainerRun | undefined;

  constructor(
    deps: {
      readonly context: PodContext;
      readonly hooks: PodHooks;
      readonly place: Place;
      readonly policy: PodSpec['restartPolicy'];
    },
    initial: ContainerState,
    publish: (state: ContainerState) => void,
  ) {
    this.#context = deps.context;
    this.#hooks = deps.hooks;
    this.#place = deps.place;
    this.#policy = deps.policy;
    this.#state = initial;
    this.#publish = publish;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Joins the running process's streams; undefined when none is running. */
  attach(): ExecSession | undefined {
    return this.#process?.attach({ inputOnce: this.#spec.stdinOnce === true });
  }

  /** Resolves with the last exit when the container will not run again, or is stopped. */
  async runToEnd(signal: AbortSignal): Promise<Terminated | undefined> {
    let backoff = NO_BACKOFF;
    while (!signal.aborted) {
      const exit = await this.#once(signal);
      if (!exit) continue;
      if (signal.aborted || !mayRestart(this.#policy, exit)) return exit;
      const { pauseMs, next } = afterExit(backoff, exit.finishedAtMs - exit.startedAtMs);
      backoff = next;
      await this.#pause(pauseMs, signal);
      this.#set({ restarts: this.#state.restarts + 1 });
    }
    return undefined;
  }

  /** Ends the running process, if there is one; the caller has aborted the signal of `runToEnd`. */
  stop(graceMs: number): void {
    if (this.#process && this.#graceMs === undefined)
      this.#record('Normal', 'Killing', `Stopping container ${this.#spec.name}`);
    this.#graceMs = graceMs;
    void this.#process?.stop(graceMs);
  }

  get #spec(): Container {
    return this.#state.spec;
  }

  /** One run. Undefined when there was none because something is missing; it has waited then. */
  async #once(signal: AbortSignal): Promise<Terminated | undefined> {
    const containerId = randomHex(this.#context.options.random, 64);
    const launch = await this.#launch(containerId);
    if (signal.aborted) return undefined;
    if (!launch.ok) {
      this.#wait('CreateContainerConfigError', launch.error);
      this.#record('Warning', 'Failed', `Error: ${launch.error}`);
      await this.#sleep(CONFIG_RETRY_MS, signal);
      return undefined;
    }
    return this.#start({ containerId, launch: launch.value, log: this.#newLog() });
  }

  async #start(run: ContainerRun): Promise<Terminated> {
    const { clock } = this.#context.options;
    const { name, image = '' } = this.#spec;
    const startedAtMs = clock.nowMs();
    if (this.previous) rmSync(this.previous.log.path, { force: true });
    this.previous = this.run;
    this.run = run;
    const says = `Image "${image}" is not pulled in the lab: runs ${run.launch.says}`;
    this.#record('Normal', 'Pulled', says);
    this.#record('Normal', 'Created', `Created container: ${name}`);
    const started = startProcess({
      place: this.#place,
      argv: argvOf(run.launch),
      env: run.launch.env,
      cwd: run.launch.cwd,
      log: run.log,
      clock,
      stdin: this.#spec.stdin === true,
      tty: this.#spec.tty === true,
    });
    if (!started.ok) return this.#couldNotStart(run, started.error, startedAtMs);
    this.#process = started.value;
    this.#unhealthy = false;
    this.#record('Normal', 'Started', `Started container ${name}`);
    const now = { kind: 'running', startedAtMs } as const;
    this.#set({ containerId: run.containerId, now, started: false, ready: false });
    const probing = new AbortController();
    const probes = this.#probe(run, probing.signal);
    const exit = await started.value.exited;
    probing.abort();
    this.#process = undefined;
    await probes;
    return this.#ended(run, exit, startedAtMs);
  }

  #couldNotStart(run: ContainerRun, problem: string, startedAtMs: number): Terminated {
    run.log.write('stderr', Buffer.from(`${problem}\n`));
    run.log.end();
    const message = `failed to start container "${this.#spec.name}": ${problem}`;
    this.#record('Warning', 'Failed', `Error: ${message}`);
    return this.#terminate({
      kind: 'terminated',
      exitCode: 128,
      reason: 'StartError',
      message,
      startedAtMs,
      finishedAtMs: startedAtMs,
      containerId: run.containerId,
    });
  }

  #ended(run: ContainerRun, exit: Exit, startedAtMs: number): Terminated {
    return this.#terminate({
      kind: 'terminated',
      exitCode: exit.code,
      reason: exit.code === 0 ? 'Completed' : 'Error',
      startedAtMs,
      finishedAtMs: this.#context.options.clock.nowMs(),
      containerId: run.containerId,
    });
  }

  #terminate(exit: Terminated): Terminated {
    this.#set({ containerId: exit.containerId, now: exit, ready: false, started: false });
    return exit;
  }

  async #pause(pauseMs: number, signal: AbortSignal): Promise<void> {
    if (pauseMs === 0) return;
    const { name, namespace, uid } = this.#hooks.pod().metadata;
    const which = `restarting failed container=${this.#spec.name} pod=${name}_${namespace}(${uid})`;
    this.#wait('CrashLoopBackOff', `back-off ${pauseMs / 1000}s ${which}`);
    this.#record('Warning', 'BackOff', `Back-off ${which}`);
    await this.#sleep(pauseMs, signal);
  }

  async #probe(run: ContainerRun, signal: AbortSignal): Promise<void> {
    const { options } = this.#context;
    const context = {
      container: this.#spec,
      podIp: this.#place.podIp,
      hostNetns: options.hostNetns,
      clock: options.clock,
      exec: (command: readonly string[], timeoutMs: number) =>
        this.#execProbe(run, command, timeoutMs),
    };
    const listener = {
      verdict: (kind: ProbeKind, healthy: boolean) => this.#verdict(kind, healthy),
      failed: (kind: ProbeKind, message: string) =>
        this.#record('Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
    };
    await probeContainer(context, listener, signal);
  }

  #verdict(kind: ProbeKind, healthy: boolean): void {
    if (kind === 'Readiness') {
      if (healthy !== this.#state.ready) this.#set({ ready: healthy });
    } else if (!healthy) {
      // The probe goes on failing while the process is being stopped.
      if (this.#unhealthy) return;
      this.#unhealthy = true;
      const { name } = this.#spec;
      const probe = kind.toLowerCase();
      const message = `Container ${name} failed ${probe} probe, will be restarted`;
      this.#record('Normal', 'Killing', message);
      void this.#process?.stop(this.#graceMs ?? this.#probeGraceMs());
    } else if (kind === 'Startup') {
      this.#set({ started: true });
    }
  }

  #probeGraceMs(): number {
    const { terminationGracePeriodSeconds = DEFAULT_GRACE_SECONDS } = this.#hooks.pod().spec;
    return terminationGracePeriodSeconds * 1000;
  }

  async #execProbe(run: ContainerRun, command: readonly string[], timeoutMs: number) {
    const { clock } = this.#context.options;
    const session = startSession({
      place: this.#place,
      command,
      env: run.launch.env,
      cwd: run.launch.cwd,
      tty: false,
      clock,
      sessionId: randomHex(this.#context.options.random, 16),
    });
    if (!session.ok) return { code: 128, output: session.error };
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString().slice(0, 4096));
    session.value.stdout.on('data', collect);
    session.value.stderr.on('data', collect);
    session.value.stdin.end();
    const done = new AbortController();
    let late = false;
    clock.sleep(timeoutMs, done.signal).then(
      () => {
        late = true;
        session.value.kill();
      },
      () => undefined,
    );
    const { code } = await session.value.exited;
    done.abort();
    if (late) return { code: 1, output: `command timed out after ${timeoutMs / 1000}s` };
    return { code, output };
  }

  async #launch(containerId: string): Promise<Result<Launch, string>> {
    const { kube, nodeIp } = this.#context.options;
    const pod = this.#hooks.pod();
    const { namespace } = pod.metadata;
    const names = referencedNames(this.#spec);
    const read = async <T>(
      all: readonly string[],
      get: (name: string) => Promise<T | undefined>,
    ) => {
      const found = await Promise.all(all.map(async (name) => [name, await get(name)] as const));
      return new Map(found.flatMap(([name, object]) => (object ? [[name, object] as const] : [])));
    };
    try {
      const variables = resolveEnvironment(pod, this.#spec, {
        configMaps: await read(names.configMaps, (name) =>
          kube.get(CONFIG_MAPS, { name, namespace }),
        ),
        secrets: await read(names.secrets, (name) => kube.get(SECRETS, { name, namespace })),
        podIp: this.#place.podIp,
        hostIp: nodeIp,
      });
      if (!variables.ok) return variables;
      const { toolsFolder } = this.#context;
      const facts = { containerId, toolsFolder, variables: variables.value };
      return ok(launchOf(pod, this.#spec, facts));
    } catch (error) {
      return err(error instanceof Error ? error.message : String(error));
    }
  }

  #newLog(): ContainerLog {
    const name = `${this.#state.restarts}.log`;
    const path = join(this.#place.logFolder, this.#spec.name, name);
    return createContainerLog(path, this.#context.options.clock);
  }

  #wait(reason: string, message: string): void {
    this.#set({ now: { kind: 'waiting', reason, message }, ready: false });
  }

  async #sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    await this.#context.options.clock.sleep(durationMs, signal).catch(() => undefined);
  }

  #record(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#hooks.record({ type, reason, message });
  }

  #set(change: Partial<ContainerState>): void {
    const ended = this.#state.now.kind === 'terminated' ? this.#state.now : undefined;
    const leaves = change.now !== undefined && change.now.kind !== 'terminated';
    const last = ended && leaves ? { last: ended } : {};
    this.#state = { ...this.#state, ...last, ...change };
    this.#publish(this.#state);
  }
}

function argvOf({ command }: Launch): readonly string[] {
  return 'file' in command ? commandOfProgram(command) : command;
}

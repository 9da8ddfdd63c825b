import { join } from 'node:path';
import { PODS, type Pod } from '../../../../api/core/pod.ts';
import { isKubeError } from '../../../../api/kube-error.ts';
import { keyOf } from '../../../../api/meta.ts';
import type { Happening } from '../../../../api/event-recorder.ts';
import { backoffMs } from '../../../../base/backoff.ts';
import { ContainerRunner, type Place } from './container-runner.ts';
import type { PodContext, PodHooks } from './context.ts';
import { writeNameFiles } from './name-files.ts';
import { annotationsDiffer, makeSandbox, unmakeSandbox } from './sandbox-keeper.ts';
import { sandboxAddresses, type Sandbox } from './sandbox.ts';
import { freshContainer, type ContainerState, type PodState } from './state.ts';
import { createStatusWriter, type StatusWriter } from './status-writer.ts';
import { podPhase, podStatus } from './status.ts';

/** Grace of pods that name none. */
const DEFAULT_GRACE_SECONDS = 30;
/** Grace of a pod whose object is gone already: nobody waits for it any more. */
const ORPHAN_GRACE_MS = 2_000;

/**
 * The life of one pod on its node: sandbox, init containers, containers, and back. One worker per
 * uid; it ends when the object is gone from the API or the kubelet closes.
 */
export class PodWorker {
  /** Resolves when nothing of the pod is left on the node. */
  readonly done: Promise<void>;
  readonly #context: PodContext;
  readonly #closing: AbortSignal;
  /** Aborts when the pod has to stop. */
  readonly #stop = new AbortController();
  /** Aborts when the object is gone from the API, or the kubelet closes. */
  readonly #gone = new AbortController();
  readonly #hooks: PodHooks;
  readonly #status: StatusWriter;
  readonly #runners = new Map<string, ContainerRunner>();
  #annotations = Promise.withResolvers<void>();
  #graceMs: number | undefined;
  #pod: Pod;
  #state: PodState;

  constructor(context: PodContext, pod: Pod, closing: AbortSignal) {
    this.#context = context;
    this.#pod = pod;
    this.#closing = closing;
    this.#hooks = {
      pod: () => this.#pod,
      record: (happening: Happening) => context.events.record(PODS, this.#pod, happening),
    };
    this.#state = firstState(pod, context.options.clock.nowMs());
    this.#status = createStatusWriter(
      context,
      { pod: () => this.#pod, compute: () => this.#compute() },
      this.#gone.signal,
    );
    const onClosing = (): void => {
      this.#gone.abort();
      this.#end(0);
    };
    closing.addEventListener('abort', onClosing, { once: true });
    this.update(pod);
    this.done = this.#live().finally(() => closing.removeEventListener('abort', onClosing));
  }

  /** A runner by container name; undefined before the container has been started. */
  runner(name: string): ContainerRunner | undefined {
    return this.#runners.get(name);
  }

  /** The pod as last seen. */
  get pod(): Pod {
    return this.#pod;
  }

  /** Where the pod's processes run; undefined before the sandbox is ready. */
  get place(): Place | undefined {
    return this.#place;
  }

  /** The object has changed. */
  update(pod: Pod): void {
    const changed = annotationsDiffer(this.#pod, pod);
    this.#pod = pod;
    if (changed) {
      this.#annotations.resolve();
      this.#annotations = Promise.withResolvers();
    }
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.#end((pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000);
  }

  /** The object is gone: by force, or because this worker removed it. */
  gone(): void {
    this.#gone.abort();
    this.#end(ORPHAN_GRACE_MS);
  }

  #place: Place | undefined;

  /** Stops the pod, or stops it sooner. `runToEnd` of each runner ends with its process. */
  #end(graceMs: number): void {
    if (this.#graceMs !== undefined && graceMs >= this.#graceMs) return;
    this.#graceMs = graceMs;
    this.#stop.abort();
    for (const runner of this.#runners.values()) runner.stop(graceMs);
  }

  async #live(): Promise<void> {
    const { signal } = this.#stop;
    let sandbox: Sandbox | undefined;
    try {
      if (!isOver(this.#pod)) sandbox = await this.#prepare();
      if (this.#place) await this.#runAll(this.#place, signal);
    } catch (error) {
      this.#fail(error);
    }
    this.#status.touch();
    if (sandbox) {
      await unmakeSandbox(this.#context, { sandbox, hooks: this.#hooks }, this.#closing);
      this.#set({ sandboxReady: false });
    }
    await this.#status.flush();
    await this.#untilDeleted();
  }

  async #prepare(): Promise<Sandbox | undefined> {
    const { options } = this.#context;
    const { name, namespace, uid } = this.#pod.metadata;
    const logFolder = join(options.stateDir, 'logs', `${namespace}_${name}_${uid}`);
    this.#status.touch();
    if (this.#pod.spec.hostNetwork === true) {
      const place = { netns: options.hostNetns, podIp: options.nodeIp, logFolder };
      await this.#ready(place, [options.nodeIp]);
      return undefined;
    }
    const hooks = { ...this.#hooks, annotationsChanged: () => this.#annotations.promise };
    const sandbox = await makeSandbox(this.#context, hooks, {
      signal: this.#stop.signal,
      closing: this.#closing,
    });
    if (!sandbox) return undefined;
    const podIps = sandboxAddresses(sandbox);
    await this.#ready({ netns: sandbox.netnsPath, podIp: podIps[0] ?? '', logFolder }, podIps);
    return sandbox;
  }

  async #ready(place: Place, podIps: readonly string[]): Promise<void> {
    const { dns, stateDir } = this.#context.options;
    const folder = join(stateDir, 'etc', this.#pod.metadata.uid ?? '');
    const etc = dns && (await writeNameFiles(this.#pod, folder, { dns, podIp: place.podIp }));
    this.#place = { ...place, etc };
    this.#set({ podIps, sandboxReady: true });
  }

  async #runAll(place: Place, signal: AbortSignal): Promise<void> {
    for (const [index, state] of this.#state.init.entries()) {
      const exit = await this.#runner('init', index, { place, state }).runToEnd(signal);
      if (signal.aborted || exit?.exitCode !== 0) return;
    }
    const creating = this.#state.containers.map((state) => ({
      ...state,
      now: { kind: 'waiting', reason: 'ContainerCreating' } as const,
    }));
    this.#set({ containers: creating });
    const runners = creating.map((state, i) => this.#runner('containers', i, { place, state }));
    await Promise.all(runners.map((runner) => runner.runToEnd(signal)));
  }

  #runner(
    list: 'init' | 'containers',
    index: number,
    { place, state }: { readonly place: Place; readonly state: ContainerState },
  ): ContainerRunner {
    const publish = (next: ContainerState): void => {
      const all = this.#state[list].map((old, i) => (i === index ? next : old));
      this.#set(list === 'init' ? { init: all } : { containers: all });
    };
    const { restartPolicy } = this.#pod.spec;
    // An init container that succeeded is never run again.
    const policy = list === 'init' && restartPolicy !== 'Never' ? 'OnFailure' : restartPolicy;
    const deps = { context: this.#context, hooks: this.#hooks, place, policy };
    const runner = new ContainerRunner(deps, state, publish);
    this.#runners.set(state.spec.name, runner);
    return runner;
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#context.options.log.error('Pod worker failed', {
      pod: this.#pod.metadata.name,
      error: message,
    });
    this.#set({ failed: { reason: 'KubeletError', message } });
  }

  /** Waits for the deletion of the pod, confirms it, and sees the object go. */
  async #untilDeleted(): Promise<void> {
    const { options } = this.#context;
    const gone = this.#gone.signal;
    await aborted(this.#stop.signal);
    const { uid } = this.#pod.metadata;
    const request = { ...(uid !== undefined && { uid }), gracePeriodSeconds: 0 };
    for (let failures = 0; !gone.aborted;) {
      try {
        await options.kube.delete(PODS, keyOf(this.#pod), request);
        break;
      } catch (error) {
        // The name belongs to another pod by now.
        if (isKubeError(error, 'Conflict')) return;
        failures++;
        options.log.warn('Pod not removed; will retry', { error: String(error) });
        await options.clock.sleep(backoffMs(failures), gone).catch(() => undefined);
      }
    }
    await aborted(gone);
  }

  #compute() {
    const { nodeIp, clock } = this.#context.options;
    return podStatus(this.#pod, this.#state, { hostIp: nodeIp, nowMs: clock.nowMs() });
  }

  #set(change: Partial<PodState>): void {
    this.#state = { ...this.#state, ...change };
    // A pod that ended before this kubelet came keeps the status it ended with.
    if (!isOver(this.#pod) || podPhase(this.#pod, this.#state) !== 'Pending') this.#status.touch();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}

/** Whether the pod had ended before this kubelet saw it. */
function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** A pod that an earlier kubelet ran is started anew, which counts as a restart of its containers. */
function firstState(pod: Pod, nowMs: number): PodState {
  const init = pod.spec.initContainers ?? [];
  const reason = init.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const startedAtMs = pod.status?.startTime ? Date.parse(pod.status.startTime) : nowMs;
  const restartsOf = (name: string): number => {
    const before = pod.status?.containerStatuses?.find((status) => status.name === name);
    return before?.containerID === undefined ? 0 : before.restartCount + 1;
  };
  return {
    startedAtMs,
    podIps: [],
    sandboxReady: false,
    init: init.map((spec) => freshContainer(spec, 0, 'PodInitializing')),
    containers: pod.spec.containers.map((spec) =>
      freshContainer(spec, restartsOf(spec.name), reason),
    ),
  };
}

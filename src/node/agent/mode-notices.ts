import type { KubeClient } from '../../api/client.ts';
import { PODS } from '../../api/core/pod.ts';
import { createEventRecorder, type EventRecorder } from '../../api/event-recorder.ts';
import { isKubeError } from '../../api/kube-error.ts';
import { ENFORCING_MODE_ANNOTATION } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { EnforcingMode, Sandbox } from './sandbox.ts';

/** What telling pods needs. */
export interface ModeNoticeOptions {
  readonly nodeName: string;
  readonly enforcingMode: EnforcingMode;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Reason of the event on a pod whose wiring is of an earlier mode. */
const KEPT = 'EnforcingModeKept';

/**
 * Tells pods in which mode they are wired. A change of POD_SECURITY_GROUP_ENFORCING_MODE is for new pods
 * only; the others go on as they are, and say so to `kubectl describe` and `trunkline explain`. Never in
 * the way of a CNI call: what cannot be written is logged.
 */
export class ModeNotices {
  readonly #options: ModeNoticeOptions;
  readonly #events: EventRecorder;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ModeNoticeOptions) {
    const { kube, clock, log, nodeName } = options;
    this.#options = options;
    this.#events = createEventRecorder({ kube, clock, log, component: 'aws-node', host: nodeName });
  }

  /** A sandbox was wired. Strict is what everybody expects, and needs no word. */
  wired(sandbox: Sandbox): void {
    if (modeOf(sandbox) === 'standard') this.#annotate(sandbox);
  }

  /** The agent has started: sandboxes of another mode keep it. */
  kept(sandboxes: readonly Sandbox[]): void {
    const { enforcingMode } = this.#options;
    for (const sandbox of keptModes(sandboxes, enforcingMode)) {
      this.#annotate(sandbox);
      const { namespace, pod: name, uid } = sandbox;
      const message =
        `Wired in ${modeOf(sandbox)} mode, and stays so: POD_SECURITY_GROUP_ENFORCING_MODE is ` +
        `${enforcingMode} now, which is for new pods. Recreate the pod to change it.`;
      const pod = { metadata: { namespace, name, uid }, spec: { containers: [] } };
      this.#events.record(PODS, pod, { type: 'Normal', reason: KEPT, message });
    }
  }

  /** Resolves when everything said so far is written. */
  async flush(): Promise<void> {
    await Promise.all([this.#writing, this.#events.flush()]);
  }

  #annotate(sandbox: Sandbox): void {
    const { kube, log } = this.#options;
    const { namespace, pod: name, uid } = sandbox;
    const annotations = { [ENFORCING_MODE_ANNOTATION]: modeOf(sandbox) };
    // With its uid: a new pod of the name is not meant.
    const body = { metadata: { ...(uid !== '' && { uid }), annotations } };
    this.#writing = this.#writing
      .then(() => kube.patch(PODS, { namespace, name }, { type: 'merge', body }))
      .then(
        () => {},
        (error: unknown) => {
          if (isKubeError(error, 'NotFound')) return;
          log.warn('Pod not told its enforcing mode', { pod: `${namespace}/${name}`, error });
        },
      );
  }
}

/** The sandboxes on branches that are wired in another mode than new ones are. */
export function keptModes(
  sandboxes: readonly Sandbox[],
  enforcingMode: EnforcingMode,
): readonly Sandbox[] {
  return sandboxes.filter((one) => one.vlanId !== undefined && modeOf(one) !== enforcingMode);
}

function modeOf({ vlanId, mode = 'strict' }: Sandbox): EnforcingMode | undefined {
  return vlanId === undefined ? undefined : mode;
}

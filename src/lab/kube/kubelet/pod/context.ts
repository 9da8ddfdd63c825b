import type { Pod } from '../../../../api/core/pod.ts';
import type { Network } from '../../../../base/network.ts';
import type { EventRecorder, Happening } from '../../../../api/event-recorder.ts';
import type { KubeletOptions } from '../options.ts';

/** What the parts of the kubelet that work on one pod share. */
export interface PodContext {
  readonly options: KubeletOptions;
  readonly network: Network;
  readonly events: EventRecorder;
  readonly toolsFolder: string;
}

/** What a pod's containers tell the worker that owns them. */
export interface PodHooks {
  /** The pod as last seen. */
  readonly pod: () => Pod;
  readonly record: (happening: Happening) => void;
}

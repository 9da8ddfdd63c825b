import type { KubeClient } from '../../../api/client.ts';
import { PODS, type Pod } from '../../../api/core/pod.ts';
import type { Informers } from '../../../api/informer.ts';
import { keyOf } from '../../../api/meta.ts';
import type { Clock } from '../../../base/clock.ts';
import { kubeTime } from './condition.ts';

/** Whether a pod becomes ready; may change while the fake runs. */
export type Readiness = (pod: Pod) => boolean;

/** A kubelet that runs nothing: bound pods turn Running and ready at once, deleted ones go at once. */
export function startFakeKubelet(options: {
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly isReady?: Readiness;
}): void {
  const { kube, informers, clock, isReady = () => true } = options;
  let next = 10;
  informers.informer(PODS).subscribe(({ type, object }) => {
    if (type === 'deleted' || object.spec.nodeName === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) {
      void kube.delete(PODS, keyOf(object), { gracePeriodSeconds: 0 });
      return;
    }
    if (object.status?.podIP !== undefined || !isReady(object)) return;
    const podIP = `10.0.0.${next++}`;
    const ready = {
      type: 'Ready',
      status: 'True',
      lastTransitionTime: kubeTime(clock.nowMs()),
    } as const;
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions: [ready] };
    kube
      .patch(PODS, keyOf(object), { type: 'strategic', subresource: 'status', body: { status } })
      .catch(() => undefined);
  });
}

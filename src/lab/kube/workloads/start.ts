import type { KubeClient } from '../../../api/client.ts';
import type { Informers } from '../../../api/informer.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { startDaemonSetController } from './daemon-set/controller.ts';
import { startDeploymentController } from './deployment/controller.ts';
import { startEndpointsController } from './endpoints/controller.ts';
import { createEventRecorder } from '../../../api/event-recorder.ts';
import { startReplicaSetController } from './replica-set/controller.ts';

/**
 * Starts the controllers of Deployments, ReplicaSets, DaemonSets and of the endpoints of Services.
 * They do what their namesakes in kube-controller-manager do, for one cluster of lab size: no
 * adoption of pods that somebody else made, and no ControllerRevisions.
 */
export function startWorkloadControllers(options: {
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
}): { close(): Promise<void> } {
  const running = STARTERS.map(({ component, start }) => {
    const events = createEventRecorder({ ...options, component });
    return { events, queue: start({ ...options, events }) };
  });
  return {
    async close() {
      await Promise.all(running.map(({ queue }) => queue.close()));
      await Promise.all(running.map(({ events }) => events.flush()));
    },
  };
}

const STARTERS = [
  { component: 'deployment-controller', start: startDeploymentController },
  { component: 'replicaset-controller', start: startReplicaSetController },
  { component: 'daemonset-controller', start: startDaemonSetController },
  { component: 'endpoint-slice-controller', start: startEndpointsController },
];

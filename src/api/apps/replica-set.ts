import type { Condition, KubeObject, LabelSelector } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import type { PodTemplate } from './pod-template.ts';

/** What the ReplicaSet controller reports. */
export interface ReplicaSetStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/** apps/v1 ReplicaSet. */
export interface ReplicaSet extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector: LabelSelector;
    readonly template?: PodTemplate;
  };
  readonly status?: ReplicaSetStatus;
}

/** The `replicasets` resource. */
export const REPLICA_SETS: Resource<ReplicaSet> = resource<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
});

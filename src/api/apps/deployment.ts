import type { Condition, KubeObject, LabelSelector } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import type { PodTemplate } from './pod-template.ts';

/** A DeploymentCondition, which has `lastUpdateTime` besides the usual fields. */
export interface DeploymentCondition extends Condition {
  readonly lastUpdateTime?: string;
}

/** What the Deployment controller reports. */
export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly DeploymentCondition[];
}

/** apps/v1 Deployment. */
export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly strategy?: {
      readonly type?: 'RollingUpdate' | 'Recreate';
      readonly rollingUpdate?: {
        /** A count, or a percentage such as "25%" (rounded up). */
        readonly maxSurge?: number | string;
        /** A count, or a percentage such as "25%" (rounded down). */
        readonly maxUnavailable?: number | string;
      };
    };
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly paused?: boolean;
    readonly progressDeadlineSeconds?: number;
  };
  readonly status?: DeploymentStatus;
}

/** The `deployments` resource. */
export const DEPLOYMENTS: Resource<Deployment> = resource<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
});

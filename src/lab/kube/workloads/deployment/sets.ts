import type { Deployment } from '../../../../api/apps/deployment.ts';
import { DEPLOYMENTS } from '../../../../api/apps/deployment.ts';
import type { ReplicaSet } from '../../../../api/apps/replica-set.ts';
import { safeHash } from '../hash.ts';
import { controllerReference } from '../owner.ts';

/** Label that tells the pods of one template from those of another. */
export const HASH_LABEL = 'pod-template-hash';
/** Annotation with the number of a rollout, from 1. */
export const REVISION = 'deployment.kubernetes.io/revision';
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
/** Annotations that a ReplicaSet must not inherit from its Deployment. */
const NOT_INHERITED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  DESIRED_REPLICAS,
]);

/** The hash of the template that the Deployment wants now. */
export function templateHash(deployment: Deployment): string {
  return safeHash(deployment.spec.template, deployment.status?.collisionCount ?? 0);
}

/** Number of the rollout that made the ReplicaSet; 0 when it says none. */
export function revisionOf(replicaSet: ReplicaSet): number {
  return Number(replicaSet.metadata.annotations?.[REVISION] ?? 0) || 0;
}

/** The annotations of the Deployment's current ReplicaSet. */
export function annotationsFor(deployment: Deployment, revision: number): Record<string, string> {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !NOT_INHERITED.has(key),
  );
  return {
    ...Object.fromEntries(inherited),
    [REVISION]: String(revision),
    [DESIRED_REPLICAS]: String(deployment.spec.replicas ?? 1),
  };
}

/** A ReplicaSet for the Deployment's current template. */
export function newReplicaSet(
  deployment: Deployment,
  { replicas, revision }: { readonly replicas: number; readonly revision: number },
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const { name, namespace } = deployment.metadata;
  const hash = templateHash(deployment);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace !== undefined && { namespace }),
      labels,
      annotations: annotationsFor(deployment, revision),
      ownerReferences: [controllerReference(DEPLOYMENTS, deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

import type { Node } from '../../../api/core/node.ts';
import type { PodSpec } from '../../../api/core/pod.ts';

/** A taint of a node. */
export type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];
/** A toleration of a pod. */
export type Toleration = NonNullable<PodSpec['tolerations']>[number];

/** The first taint that keeps the pod off the node; PreferNoSchedule does not. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): Taint | undefined {
  return taints.find(
    (taint) =>
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  const anyValue = toleration.operator === 'Exists';
  return (
    fits(toleration.effect, taint.effect) &&
    (anyValue ? fits(toleration.key, taint.key) : toleration.key === taint.key) &&
    (anyValue || (toleration.value ?? '') === (taint.value ?? ''))
  );
}

/** Absent and empty stand for anything. */
function fits(wanted: string | undefined, actual: string): boolean {
  return wanted === undefined || wanted === '' || wanted === actual;
}

import type { Container, Pod } from '../../../api/core/pod.ts';
import { quantityMilli } from './quantity.ts';

/** Amounts by resource name, in thousandths (see `quantityMilli`). */
export type Amounts = ReadonlyMap<string, number>;

/**
 * What a pod takes from its node: the sum over its containers, or the largest init container where
 * that is more (init containers run one after the other, before the others).
 */
export function podRequests(pod: Pick<Pod, 'spec'>): Amounts {
  const total = new Map<string, number>();
  for (const container of pod.spec.containers) {
    for (const [name, amount] of containerRequests(container))
      total.set(name, (total.get(name) ?? 0) + amount);
  }
  for (const container of pod.spec.initContainers ?? []) {
    for (const [name, amount] of containerRequests(container))
      total.set(name, Math.max(total.get(name) ?? 0, amount));
  }
  return total;
}

/** A limit without a request counts as the request. */
function containerRequests(container: Container): Amounts {
  const merged = { ...container.resources?.limits, ...container.resources?.requests };
  return new Map(Object.entries(merged).map(([name, text]) => [name, quantityMilli(text)]));
}

/** Sum of the requests of several pods. */
export function sumRequests(pods: readonly Pick<Pod, 'spec'>[]): Amounts {
  const total = new Map<string, number>();
  for (const pod of pods)
    for (const [name, amount] of podRequests(pod)) total.set(name, (total.get(name) ?? 0) + amount);
  return total;
}

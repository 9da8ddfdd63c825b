import type { Pod } from '../api/core/pod.ts';
import { ENFORCING_MODE_ANNOTATION, POD_ENI } from '../api/names.ts';

/** How a pod is joined to the network (spec: eks-behaviour 5.5). */
type Wiring = 'strict' | 'standard' | 'plain';

function wiringOf({ metadata }: Pod): Wiring {
  const annotations = metadata.annotations ?? {};
  if (annotations[POD_ENI] === undefined) return 'plain';
  return annotations[ENFORCING_MODE_ANNOTATION] === 'standard' ? 'standard' : 'strict';
}

/**
 * Why traffic between two pods meets no group at all: neither is in strict mode and both are on one node,
 * whose routes lead from the one to the other. Undefined when it goes through the VPC.
 */
export function directPath(from: Pod | undefined, to: Pod | undefined): string | undefined {
  const node = from?.spec.nodeName;
  if (!from || !to || node === undefined || node !== to.spec.nodeName) return undefined;
  if (from.spec.hostNetwork === true || to.spec.hostNetwork === true) return undefined;
  if (wiringOf(from) === 'strict' || wiringOf(to) === 'strict') return undefined;
  return `both pods are on ${node} and neither is in strict mode: packets do not leave the node, and meet no group`;
}

/** What the wiring of a pod means for its traffic, if it is not as everybody expects. */
export function wiringNote(pod: Pod | undefined): string | undefined {
  if (!pod || wiringOf(pod) !== 'standard') return undefined;
  const { namespace = '', name } = pod.metadata;
  return (
    `pod ${namespace}/${name} is wired in standard mode: what it exchanges with its own node meets no group, and ` +
    "what it sends out of the VPC leaves with the node's address and groups, unless SNAT is external"
  );
}

import type { SecurityGroup, SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import type { Place } from '../context.ts';
import { peeringStatus } from '../network/peerings.ts';

/** Status of the peering that a rule's reference goes through; a forgotten one was deleted. */
export function referencePeeringStatus(
  place: Place,
  { vpcPeeringConnectionId: id }: SecurityGroupRuleSpec,
): string | undefined {
  if (id === undefined) return undefined;
  const peering = place.store.peerings.get(id);
  return peering === undefined ? 'deleted' : peeringStatus(place, peering);
}

/** Whether a rule refers to a group across a peering and one of the two is gone. */
export function isStale(place: Place, rule: SecurityGroupRuleSpec): boolean {
  if (rule.vpcPeeringConnectionId === undefined) return false;
  const isGone = place.store.groups.get(rule.referencedGroupId ?? '') === undefined;
  return isGone || referencePeeringStatus(place, rule) !== 'active';
}

/** The rules of a group that are stale. */
export function staleRules(place: Place, { spec }: SecurityGroup): SecurityGroupRuleSpec[] {
  return spec.rules.filter((rule) => isStale(place, rule));
}

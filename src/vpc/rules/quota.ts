import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import type { SecurityGroup, SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Place } from '../context.ts';

/** Weight of rules in the quotas, per direction and family. */
interface Weight {
  readonly in4: number;
  readonly in6: number;
  readonly out4: number;
  readonly out6: number;
}

const NONE: Weight = { in4: 0, in6: 0, out4: 0, out6: 0 };

/** Finds a prefix list; a list that is gone weighs nothing. */
type FindList = (id: string) => PrefixList | undefined;

/**
 * A reference to a group counts in both families, a prefix list as many times as it may have
 * entries, in its family (spec: ec2-surface 3.5 and 3.9).
 */
function weightOf(rules: readonly SecurityGroupRuleSpec[], find: FindList): Weight {
  return rules.reduce((sum, rule) => plus(sum, ruleWeight(rule, find)), NONE);
}

function ruleWeight(rule: SecurityGroupRuleSpec, find: FindList): Weight {
  const { ipv4, ipv6 } = familyWeight(rule, find);
  return rule.isEgress ? { ...NONE, out4: ipv4, out6: ipv6 } : { ...NONE, in4: ipv4, in6: ipv6 };
}

function familyWeight(rule: SecurityGroupRuleSpec, find: FindList): { ipv4: number; ipv6: number } {
  if (rule.cidrIpv4 !== undefined) return { ipv4: 1, ipv6: 0 };
  if (rule.cidrIpv6 !== undefined) return { ipv4: 0, ipv6: 1 };
  if (rule.prefixListId === undefined) return { ipv4: 1, ipv6: 1 };
  const list = find(rule.prefixListId)?.spec;
  const size = list?.maxEntries ?? 0;
  return list?.addressFamily === 'IPv6' ? { ipv4: 0, ipv6: size } : { ipv4: size, ipv6: 0 };
}

function plus(a: Weight, b: Weight): Weight {
  return {
    in4: a.in4 + b.in4,
    in6: a.in6 + b.in6,
    out4: a.out4 + b.out4,
    out6: a.out6 + b.out6,
  };
}

function largest({ in4, in6, out4, out6 }: Weight): number {
  return Math.max(in4, in6, out4, out6);
}

/** What is about to change when a quota is checked. */
interface Change {
  /** Rules that the group is about to have. */
  readonly rules?: readonly SecurityGroupRuleSpec[];
  /** A prefix list with its new size. */
  readonly resized?: PrefixList;
}

/** Refuses rules beyond the quota of the group, or of an interface that wears it. */
export function checkGroupQuota(place: Place, group: SecurityGroup, change: Change): void {
  const find = findList(place, change);
  const rules = change.rules ?? group.spec.rules;
  if (largest(weightOf(rules, find)) > place.quotas.rulesPerGroup) throw tooMany();
  if (!mayExceedInterface(place)) return;
  const { name } = group.metadata;
  const others = new Set(
    place.store.interfaces.table
      .by('group', name)
      .map(({ spec }) => [...spec.groups].sort().join()),
  );
  for (const worn of others) {
    const all = worn.split(',').map((id) => (id === name ? rules : rulesOf(place, id)));
    if (largest(weightOf(all.flat(), find)) > place.quotas.rulesPerInterface) throw tooMany();
  }
}

/** Refuses a set of groups whose rules together are beyond the quota of an interface. */
export function checkWornRules(place: Place, groupIds: readonly string[]): void {
  if (!mayExceedInterface(place)) return;
  const rules = groupIds.flatMap((id) => rulesOf(place, id));
  if (largest(weightOf(rules, findList(place, {}))) > place.quotas.rulesPerInterface)
    throw new Ec2Error(
      'SecurityGroupsPerInterfaceLimitExceeded',
      'The maximum number of rules per network interface has been reached.',
    );
}

/** With AWS's default quotas no interface can get there, so nothing is counted. */
function mayExceedInterface({ quotas }: Place): boolean {
  return quotas.groupsPerInterface * quotas.rulesPerGroup > quotas.rulesPerInterface;
}

function findList({ store }: Place, { resized }: Change): FindList {
  return (id) => (id === resized?.metadata.name ? resized : store.prefixLists.get(id));
}

function rulesOf({ store }: Place, id: string): readonly SecurityGroupRuleSpec[] {
  return store.groups.get(id)?.spec.rules ?? [];
}

function tooMany(): Ec2Error {
  return new Ec2Error(
    'RulesPerSecurityGroupLimitExceeded',
    'The maximum number of rules per security group has been reached.',
  );
}

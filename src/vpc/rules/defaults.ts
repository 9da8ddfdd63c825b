import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { newId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';

const ALL_OUT = { isEgress: true, ipProtocol: '-1' } as const;

/**
 * The rules that every new group gets: everything may leave, over IPv6 too when the VPC has it
 * (spec: ec2-surface 3.2).
 */
export function defaultEgressRules(
  random: Random,
  vpc: Pick<Vpc, 'spec'>,
): readonly SecurityGroupRuleSpec[] {
  const ipv4 = { ...ALL_OUT, ruleId: newId(random, 'sgr'), cidrIpv4: '0.0.0.0/0' };
  return vpc.spec.ipv6CidrBlocks?.length ? [ipv4, ipv6EgressRule(random)] : [ipv4];
}

/** The rule by which everything may leave over IPv6. */
export function ipv6EgressRule(random: Random): SecurityGroupRuleSpec {
  return { ...ALL_OUT, ruleId: newId(random, 'sgr'), cidrIpv6: '::/0' };
}

/** Whether these egress rules are still what a group of an IPv4 VPC begins with. */
export function isUntouchedEgress(rules: readonly SecurityGroupRuleSpec[]): boolean {
  const [only, ...others] = rules.filter((rule) => rule.isEgress);
  return only?.ipProtocol === '-1' && only.cidrIpv4 === '0.0.0.0/0' && others.length === 0;
}

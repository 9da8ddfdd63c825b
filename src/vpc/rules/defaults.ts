import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { newId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';

/** The rule that every new group gets: everything may leave (spec: ec2-surface 3.2). */
export function defaultEgressRule(random: Random): SecurityGroupRuleSpec {
  return { ruleId: newId(random, 'sgr'), isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' };
}

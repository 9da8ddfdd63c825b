import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { RuleDraft } from './draft.ts';

/** Two rules of a group are the same when this is: direction, protocol, ports and peer. */
export function ruleKey(rule: RuleDraft): string {
  const { isEgress, ipProtocol, fromPort, toPort } = rule;
  return [isEgress ? 'out' : 'in', ipProtocol, fromPort ?? -1, toPort ?? -1, peerText(rule)].join(
    '|',
  );
}

/** The peer of a rule as text. */
export function peerText(rule: RuleDraft): string {
  return rule.cidrIpv4 ?? rule.cidrIpv6 ?? rule.prefixListId ?? rule.referencedGroupId ?? '';
}

/** Refuses drafts that exist already, or twice in one request (spec: ec2-surface 3.3). */
export function checkDuplicates(
  existing: readonly SecurityGroupRuleSpec[],
  drafts: readonly RuleDraft[],
): void {
  const known = new Set(existing.map(ruleKey));
  const seen = new Set<string>();
  for (const draft of drafts) {
    const key = ruleKey(draft);
    if (seen.has(key))
      throw new Ec2Error(
        'InvalidParameterValue',
        'The same permission must not appear multiple times',
      );
    seen.add(key);
    if (known.has(key))
      throw new Ec2Error(
        'InvalidPermission.Duplicate',
        `the specified rule "${ruleText(draft)}" already exists`,
      );
  }
}

function ruleText(rule: RuleDraft): string {
  const parts = [`peer: ${peerText(rule)}`];
  parts.push(rule.ipProtocol === '-1' ? 'ALL' : rule.ipProtocol.toUpperCase());
  if (rule.fromPort !== undefined)
    parts.push(`from port: ${rule.fromPort}`, `to port: ${rule.toPort ?? -1}`);
  return [...parts, 'ALLOW'].join(', ');
}

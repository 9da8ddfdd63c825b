import type { IpPermission } from '@aws-sdk/client-ec2';
import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { formatCidr, parseCidr } from '../../base/cidr.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { invalidValue } from '../own.ts';
import { checkText } from '../texts.ts';
import { parseMatch, type RuleMatch } from './match.ts';

/** A rule of a request: checked, in canonical form, without an id. */
export type RuleDraft = Omit<SecurityGroupRuleSpec, 'ruleId'>;

/** A group that a rule refers to. */
export interface GroupReference {
  readonly groupId: string;
  readonly account: string;
  /** Set for a group on the other side of a peering. */
  readonly peer?: { readonly vpcId: string; readonly peeringId: string };
}

/** Finds the group that a pair of a request means; throws InvalidGroup.NotFound. */
export type ResolveGroup = (pair: {
  readonly GroupId?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly UserId?: string | undefined;
}) => GroupReference;

/** Finds what rules refer to; throws the NotFound error of what is missing. */
export interface Resolve {
  readonly group: ResolveGroup;
  /** Answers the id. */
  readonly prefixList: (id: string | undefined) => string;
}

/** What drafting depends on. */
export interface DraftOptions {
  readonly isEgress: boolean;
  readonly resolve: Resolve;
}

/** One draft per source of each permission (spec: ec2-surface 3.3). */
export function draftRules(
  permissions: readonly IpPermission[],
  options: DraftOptions,
): RuleDraft[] {
  return permissions.flatMap((permission) => draftPermission(permission, options));
}

function draftPermission(permission: IpPermission, options: DraftOptions): RuleDraft[] {
  const match = parseMatch(permission);
  const drafts = [
    ...(permission.IpRanges ?? []).map((range) => ({
      peer: { cidrIpv4: canonicalCidr(range.CidrIp, 4) },
      description: range.Description,
    })),
    ...(permission.Ipv6Ranges ?? []).map((range) => ({
      peer: { cidrIpv6: canonicalCidr(range.CidrIpv6, 6) },
      description: range.Description,
    })),
    ...(permission.PrefixListIds ?? []).map((list) => ({
      peer: { prefixListId: options.resolve.prefixList(list.PrefixListId) },
      description: list.Description,
    })),
    ...(permission.UserIdGroupPairs ?? []).map((pair) => ({
      peer: groupPeer(options.resolve.group(pair)),
      description: pair.Description,
    })),
  ];
  if (drafts.length === 0)
    throw new Ec2Error(
      'MissingParameter',
      'The request must contain the parameter ipRanges, ipv6Ranges, prefixListIds or groups',
    );
  return drafts.map((draft) => ruleDraft(match, draft, options.isEgress));
}

/** Puts the parts of a rule together. */
export function ruleDraft(
  match: RuleMatch,
  { peer, description }: { peer: RulePeer; description: string | undefined },
  isEgress: boolean,
): RuleDraft {
  if (description !== undefined) checkText('rule description', description);
  return compact<RuleDraft>({ isEgress, ...match, ...peer, description });
}

/** Exactly one of the peers of a rule. */
export type RulePeer = Pick<
  SecurityGroupRuleSpec,
  | 'cidrIpv4'
  | 'cidrIpv6'
  | 'prefixListId'
  | 'referencedGroupId'
  | 'referencedAccount'
  | 'referencedVpcId'
  | 'vpcPeeringConnectionId'
>;

/** The peer that stands for a group. */
export function groupPeer({ groupId, account, peer }: GroupReference): RulePeer {
  return {
    referencedGroupId: groupId,
    referencedAccount: account,
    ...(peer && { referencedVpcId: peer.vpcId, vpcPeeringConnectionId: peer.peeringId }),
  };
}

/** Canonical text of a block of the family; throws when it is malformed or of the other family. */
export function canonicalCidr(text: string | undefined, family: 4 | 6): string {
  const cidr = parseCidr(text ?? '');
  if (!cidr.ok || cidr.value.family !== family)
    throw invalidValue(`CIDR block ${text ?? ''} is malformed`);
  return formatCidr(cidr.value);
}

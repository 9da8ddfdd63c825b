import type { SecurityGroupRuleSpec } from '../api/vpc/security-group.ts';
import { parseCidr, type Cidr } from '../base/cidr.ts';
import type { GroupId, RuleId, VpcId } from '../base/ids.ts';
import { ALL_PORTS, type PortRange } from '../base/port-range.ts';
import { err, ok, type Result } from '../base/result.ts';

/** IANA numbers of the protocols that rules name. */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/**
 * What a rule says about the protocol. Only tcp and udp have ports, only icmp and icmpv6 have types;
 * for any other number the ports of the rule are ignored (ec2-surface.md 3.3).
 */
export type RuleProtocol =
  | { readonly kind: 'all' }
  | { readonly kind: 'ports'; readonly number: 6 | 17; readonly ports: PortRange }
  | {
      readonly kind: 'icmp';
      readonly number: 1 | 58;
      /** Absent: all types. */
      readonly type?: number;
      /** Absent: all codes of the type. */
      readonly code?: number;
    }
  | { readonly kind: 'other'; readonly number: number };

/** Whom a rule is about: the destination of an egress rule, the source of an ingress rule. */
export type RulePeer =
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | {
      readonly kind: 'group';
      readonly groupId: GroupId;
      /** Set for a group of a peered VPC. */
      readonly across?: { readonly vpcId: VpcId; readonly peeringId: string };
    }
  | { readonly kind: 'prefix-list'; readonly prefixListId: string };

/** The gate that a rule belongs to. */
export type Direction = 'egress' | 'ingress';

/** One rule of a group. Rules only ever allow. */
export interface Rule {
  readonly groupId: GroupId;
  readonly ruleId: RuleId;
  readonly direction: Direction;
  readonly protocol: RuleProtocol;
  readonly peer: RulePeer;
}

/** Reads a stored rule of a group; the error says what is wrong with it. */
export function ruleFromSpec(groupId: GroupId, spec: SecurityGroupRuleSpec): Result<Rule, string> {
  const protocol = protocolOf(spec);
  if (!protocol.ok) return err(`Rule ${spec.ruleId} of ${groupId}: ${protocol.error}`);
  const peer = peerOf(spec);
  if (!peer.ok) return err(`Rule ${spec.ruleId} of ${groupId}: ${peer.error}`);
  return ok({
    groupId,
    ruleId: spec.ruleId,
    direction: spec.isEgress ? 'egress' : 'ingress',
    protocol: protocol.value,
    peer: peer.value,
  });
}

const PROTOCOL_NUMBERS = new Map<string, number>([...Object.entries(PROTOCOL), ['-1', -1]]);

function protocolNumber(text: string): number | undefined {
  const named = PROTOCOL_NUMBERS.get(text.toLowerCase());
  if (named !== undefined) return named;
  const number = Number(text);
  return /^\d{1,3}$/.test(text) && number <= 255 ? number : undefined;
}

function protocolOf(spec: SecurityGroupRuleSpec): Result<RuleProtocol, string> {
  const number = protocolNumber(spec.ipProtocol);
  switch (number) {
    case undefined:
      return err(`'${spec.ipProtocol}' is not a protocol`);
    case -1:
      return ok({ kind: 'all' });
    case 6:
    case 17:
      return portsOf(number, spec);
    case 1:
    case 58:
      return icmpOf(number, spec);
    default:
      return ok({ kind: 'other', number });
  }
}

function portsOf(number: 6 | 17, spec: SecurityGroupRuleSpec): Result<RuleProtocol, string> {
  const first = spec.fromPort ?? -1;
  const last = spec.toPort ?? -1;
  if (first === -1 && last === -1) return ok({ kind: 'ports', number, ports: ALL_PORTS });
  if (first < 0 || first > last || last > 65_535) return err(`ports ${first}-${last} are no range`);
  return ok({ kind: 'ports', number, ports: { first, last } });
}

function icmpOf(number: 1 | 58, spec: SecurityGroupRuleSpec): Result<RuleProtocol, string> {
  const type = spec.fromPort ?? -1;
  const code = spec.toPort ?? -1;
  const inRange = [type, code].every((value) => -1 <= value && value <= 255);
  if (!inRange || (type === -1 && code !== -1)) return err(`ICMP ${type}/${code} is no type/code`);
  if (type === -1) return ok({ kind: 'icmp', number });
  return ok({ kind: 'icmp', number, type, ...(code !== -1 && { code }) });
}

function peerOf(spec: SecurityGroupRuleSpec): Result<RulePeer, string> {
  if (spec.referencedGroupId !== undefined)
    return ok({ kind: 'group', groupId: spec.referencedGroupId, ...acrossOf(spec) });
  if (spec.prefixListId !== undefined)
    return ok({ kind: 'prefix-list', prefixListId: spec.prefixListId });
  const text = spec.cidrIpv4 ?? spec.cidrIpv6;
  if (text === undefined) return err('it names no peer');
  const cidr = parseCidr(text);
  return cidr.ok ? ok({ kind: 'cidr', cidr: cidr.value }) : cidr;
}

function acrossOf({
  referencedVpcId: vpcId,
  vpcPeeringConnectionId: peeringId,
}: SecurityGroupRuleSpec): Pick<RulePeer & { kind: 'group' }, 'across'> {
  return vpcId === undefined || peeringId === undefined ? {} : { across: { vpcId, peeringId } };
}

import { formatCidr } from '../base/cidr.ts';
import { formatPortRange } from '../base/port-range.ts';
import { PROTOCOL, type Rule, type RulePeer, type RuleProtocol } from './rule.ts';

/** A rule in words: `tcp/5432 from sg-payments`, `all protocols to 0.0.0.0/0`. */
export function describeRule({ direction, protocol, peer }: Rule): string {
  const preposition = direction === 'egress' ? 'to' : 'from';
  return `${describeProtocol(protocol)} ${preposition} ${describePeer(peer)}`;
}

/** A rule's peer as text: a block, a group id or a prefix list id. */
export function describePeer(peer: RulePeer): string {
  switch (peer.kind) {
    case 'cidr':
      return formatCidr(peer.cidr);
    case 'group':
      return peer.groupId;
    case 'prefix-list':
      return peer.prefixListId;
  }
}

/** A rule's protocol as text: `tcp/80-90`, `icmp type 8`, `protocol 47`, `all protocols`. */
export function describeProtocol(protocol: RuleProtocol): string {
  switch (protocol.kind) {
    case 'all':
      return 'all protocols';
    case 'other':
      return `protocol ${protocol.number}`;
    case 'ports':
      return `${protocol.number === PROTOCOL.tcp ? 'tcp' : 'udp'}/${formatPortRange(protocol.ports)}`;
    case 'icmp': {
      const name = protocol.number === PROTOCOL.icmp ? 'icmp' : 'icmpv6';
      const type = protocol.type === undefined ? '' : ` type ${protocol.type}`;
      return `${name}${type}${protocol.code === undefined ? '' : ` code ${protocol.code}`}`;
    }
  }
}

import { portRangeHas } from '../base/port-range.ts';
import type { Packet } from './packet.ts';
import { PROTOCOL, type RuleProtocol } from './rule.ts';

/** Whether the rule's protocol, ports and types cover the packet. */
export function protocolAdmits(protocol: RuleProtocol, packet: Packet): boolean {
  switch (protocol.kind) {
    case 'all':
      return true;
    case 'other':
      return packet.protocol === protocol.number;
    case 'ports':
      return (
        packet.protocol === protocol.number &&
        packet.destinationPort !== undefined &&
        portRangeHas(protocol.ports, packet.destinationPort)
      );
    case 'icmp':
      return packet.protocol === protocol.number && icmpAdmits(protocol, packet);
  }
}

/** icmp is of IPv4 and icmpv6 of IPv6; the other way round matches nothing (ec2-surface.md 3.3). */
function icmpAdmits(protocol: RuleProtocol & { kind: 'icmp' }, packet: Packet): boolean {
  const family = protocol.number === PROTOCOL.icmp ? 4 : 6;
  if (packet.source.family !== family || packet.icmpType === undefined) return false;
  if (protocol.type !== undefined && protocol.type !== packet.icmpType) return false;
  return protocol.code === undefined || protocol.code === packet.icmpCode;
}

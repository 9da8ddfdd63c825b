/**
 * Which flows are not tracked (ec2-surface.md 3.6): those of TCP and UDP that a rule for all addresses
 * admits, while the other direction lets all addresses and all ports of the protocol through. Every packet
 * of such a flow is judged by the rules of its own direction, so it ends when one of the two rules goes.
 */
import type { Packet } from './packet.ts';
import { PROTOCOL, type Rule, type RuleProtocol } from './rule.ts';

/** Whether a flow that these rules admit is tracked at a gate whose other direction has `others`. */
export function isTracked(
  packet: Packet,
  admitting: readonly Rule[],
  others: readonly Rule[],
): boolean {
  const { protocol, source } = packet;
  if (protocol !== PROTOCOL.tcp && protocol !== PROTOCOL.udp) return true;
  const forAll = admitting.some((rule) => namesAllAddresses(rule, source.family));
  return !(forAll && opensAll(others, protocol, source.family));
}

/** Whether one of the rules lets all addresses of the family and all ports of the protocol through. */
export function opensAll(rules: readonly Rule[], protocol: 6 | 17, family: 4 | 6): boolean {
  return rules.some(
    (rule) => namesAllAddresses(rule, family) && coversAllPorts(rule.protocol, protocol),
  );
}

/** Whether the rule is for 0.0.0.0/0, or ::/0; a prefix list with that block in it is not the same. */
export function namesAllAddresses({ peer }: Rule, family: 4 | 6): boolean {
  return peer.kind === 'cidr' && peer.cidr.family === family && peer.cidr.prefixBits === 0;
}

function coversAllPorts(rule: RuleProtocol, protocol: 6 | 17): boolean {
  if (rule.kind === 'all') return true;
  if (rule.kind !== 'ports' || rule.number !== protocol) return false;
  return rule.ports.first === 0 && rule.ports.last === 65_535;
}

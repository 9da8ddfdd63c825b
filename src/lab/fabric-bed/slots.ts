/** How the ports of a bed are named and numbered, and what is sent through them. */
import { must } from '../../base/assert.ts';
import { parseIp, type Ip } from '../../base/ip.ts';
import type { Packet } from '../../policy/packet.ts';

/** The link that leads to remote interfaces and to the outside. */
export const UPLINK = 'u0';
/** Slots whose interfaces are ports of the fabric. */
export const LOCAL_SLOTS = 5;

/** A packet with the links that the routes of the fabric give it. */
export interface PreparedPacket {
  readonly packet: Packet;
  readonly inLink: string;
  readonly outLink: string;
  readonly sourceMac: string;
  /** What an ICMP error is about. */
  readonly about?: Buffer;
}

/** Link of the port in a slot. */
export function linkOf(slot: number): string {
  return `p${slot}`;
}

/** MAC address of the interface in a slot. */
export function macOf(slot: number): string {
  return `02:00:00:00:00:${(slot + 16).toString(16)}`;
}

/** Reads an address that is known to be good. */
export function ipOf(text: string): Ip {
  const ip = parseIp(text);
  return must(ip.ok ? ip.value : undefined, () => `bad address ${text}`);
}

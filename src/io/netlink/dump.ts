import type {
  AddressInfo,
  FdbInfo,
  LinkInfo,
  NeighbourInfo,
  RouteInfo,
  RuleInfo,
} from '../../base/network.ts';
import { addressText, macText } from './address.ts';
import { AF, FRA, IFA, IFF_UP, IFLA, NDA, NTF_SELF, NUD, ROUTE, RTA, TYPE } from './constants.ts';
import { attributeText, parseAttributes, type Message } from './message.ts';

/** Names of links by index, for the messages that carry indexes only. */
export type LinkNames = ReadonlyMap<number, string>;

type Attributes = ReadonlyMap<number, Buffer>;

/** Reads a new-link message. */
export function decodeLink(received: Message): LinkInfo | undefined {
  if (received.type !== TYPE.newLink) return undefined;
  const attributes = parseAttributes(received.body, 16);
  return {
    index: received.body.readInt32LE(4),
    name: attributeText(attributes.get(IFLA.name)) ?? '',
    mac: macText(attributes.get(IFLA.address)),
    mtu: number(attributes, IFLA.mtu) ?? 0,
    up: (received.body.readUInt32LE(8) & IFF_UP) !== 0,
    group: number(attributes, IFLA.group) ?? 0,
    ...decodeKind(attributes.get(IFLA.linkInfo)),
  };
}

function decodeKind(linkInfo: Buffer | undefined): { kind: string; vlanId?: number } {
  if (!linkInfo) return { kind: '' };
  const info = parseAttributes(linkInfo, 0);
  const kind = attributeText(info.get(IFLA.infoKind)) ?? '';
  const data = info.get(IFLA.infoData);
  if (kind !== 'vlan' || !data) return { kind };
  return { kind, vlanId: parseAttributes(data, 0).get(IFLA.vlanId)?.readUInt16LE(0) ?? 0 };
}

/** Reads a new-address message. */
export function decodeAddress(received: Message, names: LinkNames): AddressInfo | undefined {
  if (received.type !== TYPE.newAddress) return undefined;
  const attributes = parseAttributes(received.body, 8);
  const bytes = attributes.get(IFA.local) ?? attributes.get(IFA.address);
  const link = names.get(received.body.readUInt32LE(4));
  if (!bytes || link === undefined) return undefined;
  return { link, address: addressText(bytes), prefixBits: received.body.readUInt8(1) };
}

/** Reads a new-route message; undefined for anything but a unicast route out of a link. */
export function decodeRoute(received: Message, names: LinkNames): RouteInfo | undefined {
  if (received.type !== TYPE.newRoute) return undefined;
  const family = received.body.readUInt8(0);
  if (received.body.readUInt8(7) !== ROUTE.unicast) return undefined;
  const attributes = parseAttributes(received.body, 12);
  const link = names.get(number(attributes, RTA.oif) ?? 0);
  if (link === undefined) return undefined;
  const gateway = attributes.get(RTA.gateway);
  const source = attributes.get(RTA.prefSource);
  return {
    destination: prefixText(attributes.get(RTA.dst), family, received.body.readUInt8(1)),
    link,
    table: number(attributes, RTA.table) ?? received.body.readUInt8(4),
    ...(gateway && { gateway: addressText(gateway) }),
    ...(source && { source: addressText(source) }),
  };
}

/** Reads a new-rule message. */
export function decodeRule(received: Message): RuleInfo | undefined {
  if (received.type !== TYPE.newRule) return undefined;
  const family = received.body.readUInt8(0);
  const attributes = parseAttributes(received.body, 12);
  const inputLink = attributeText(attributes.get(FRA.inputName));
  const from = attributes.get(FRA.src);
  const to = attributes.get(FRA.dst);
  return {
    priority: number(attributes, FRA.priority) ?? 0,
    table: number(attributes, FRA.table) ?? received.body.readUInt8(4),
    ...(inputLink !== undefined && { inputLink }),
    ...(from && { from: prefixText(from, family, received.body.readUInt8(2)) }),
    ...(to && { to: prefixText(to, family, received.body.readUInt8(1)) }),
  };
}

/** Reads a new-neighbour message; undefined unless it is a permanent entry. */
export function decodeNeighbour(received: Message, names: LinkNames): NeighbourInfo | undefined {
  const entry = neighbourEntry(received, names);
  if (!entry || entry.family === AF.bridge || (entry.state & NUD.permanent) === 0) return undefined;
  return { link: entry.link, address: entry.address, mac: entry.mac };
}

/** Reads a new-neighbour message as a forwarding entry of a VXLAN device. */
export function decodeFdb(received: Message, names: LinkNames): FdbInfo | undefined {
  const entry = neighbourEntry(received, names);
  if (!entry || entry.family !== AF.bridge || (entry.flags & NTF_SELF) === 0) return undefined;
  return { link: entry.link, mac: entry.mac, remote: entry.address };
}

function neighbourEntry(
  received: Message,
  names: LinkNames,
):
  | { family: number; state: number; flags: number; link: string; address: string; mac: string }
  | undefined {
  if (received.type !== TYPE.newNeighbour) return undefined;
  const attributes = parseAttributes(received.body, 12);
  const link = names.get(received.body.readInt32LE(4));
  const bytes = attributes.get(NDA.dst);
  if (link === undefined || !bytes) return undefined;
  return {
    family: received.body.readUInt8(0),
    state: received.body.readUInt16LE(8),
    flags: received.body.readUInt8(10),
    link,
    address: addressText(bytes),
    mac: macText(attributes.get(NDA.mac)),
  };
}

function number(attributes: Attributes, type: number): number | undefined {
  return attributes.get(type)?.readUInt32LE(0);
}

function prefixText(bytes: Buffer | undefined, family: number, prefixBits: number): string {
  const zero = Buffer.alloc(family === AF.inet ? 4 : 16);
  return `${addressText(bytes ?? zero)}/${prefixBits}`;
}

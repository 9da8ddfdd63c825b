import { must } from '../../base/assert.ts';
import type { NetworkStep } from '../../base/network.ts';
import { addressBytes, macBytes, prefix, type Prefix } from './address.ts';
import {
  AF,
  FLAG,
  FRA,
  IFA,
  IFF_UP,
  IFLA,
  NDA,
  NDTA,
  NTF_SELF,
  NUD,
  ROUTE,
  RTA,
  TYPE,
} from './constants.ts';
import { attribute, message, nested, textAttribute, u32Attribute } from './message.ts';

/** What a step may refer to besides itself. */
export interface StepContext {
  /** Index of a link in the namespace of the batch; throws ENODEV. */
  linkIndex(name: string): number;
  /** Open file descriptor of another namespace, held by the caller until the step is sent. */
  netnsFd(path: string): number;
}

type Step<Op extends NetworkStep['op']> = Extract<NetworkStep, { op: Op }>;

/** The rtnetlink request that carries out a step. */
export function encodeStep(step: NetworkStep, context: StepContext): Buffer {
  switch (step.op) {
    case 'address-add':
    case 'address-delete':
      return address(step, context);
    case 'route-replace':
    case 'route-delete':
      return route(step, context);
    case 'rule-add':
    case 'rule-delete':
      return rule(step);
    case 'neighbour-replace':
    case 'neighbour-delete':
      return neighbour(step, context);
    default:
      return encodeLinkStep(step, context);
  }
}

type LinkStep = Exclude<
  NetworkStep,
  { op: `${'address' | 'route' | 'rule' | 'neighbour'}-${string}` }
>;

function encodeLinkStep(step: LinkStep, context: StepContext): Buffer {
  switch (step.op) {
    case 'link-set':
      return setLink(step, context);
    case 'link-delete':
      return message(TYPE.delLink, 0, [linkHeader(), textAttribute(IFLA.name, step.name)]);
    case 'link-delete-group':
      return message(TYPE.delLink, 0, [linkHeader(), u32Attribute(IFLA.group, step.group)]);
    case 'proxy-delay-set':
      return proxyDelay(step, context);
    case 'fdb-replace':
    case 'fdb-delete':
      return fdb(step, context);
    default:
      return newLink(step, linkInfo(step, context));
  }
}

/** Asks for one link by name. */
export function encodeGetLink(name: string): Buffer {
  return message(TYPE.getLink, 0, [linkHeader(), textAttribute(IFLA.name, name)]);
}

function linkHeader(flags?: { up: boolean | undefined; index?: number }): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(flags?.index ?? 0, 4);
  if (flags?.up !== undefined) {
    header.writeUInt32LE(flags.up ? IFF_UP : 0, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  return header;
}

interface LinkFields {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  readonly group?: number;
  readonly up?: boolean;
}

function linkAttributes(link: LinkFields): Buffer[] {
  const out = [textAttribute(IFLA.name, link.name)];
  if (link.mac !== undefined) out.push(attribute(IFLA.address, macBytes(link.mac)));
  if (link.mtu !== undefined) out.push(u32Attribute(IFLA.mtu, link.mtu));
  if (link.group !== undefined) out.push(u32Attribute(IFLA.group, link.group));
  return out;
}

function newLink(link: LinkFields, info: readonly Buffer[]): Buffer {
  return message(TYPE.newLink, FLAG.create | FLAG.excl, [
    linkHeader(link.up === true ? { up: true } : undefined),
    ...linkAttributes(link),
    ...info,
  ]);
}

function kindInfo(kind: string, ...data: readonly Buffer[]): Buffer {
  return nested(
    IFLA.linkInfo,
    textAttribute(IFLA.infoKind, kind),
    ...(data.length > 0 ? [nested(IFLA.infoData, ...data)] : []),
  );
}

function linkInfo(
  step: Step<'link-add-veth' | 'link-add-vlan' | 'link-add-bridge' | 'link-add-vxlan'>,
  context: StepContext,
): Buffer[] {
  switch (step.op) {
    case 'link-add-veth':
      return [...oneQueue(), kindInfo('veth', vethPeer(step.peer, context))];
    case 'link-add-vlan': {
      const id = Buffer.alloc(2);
      id.writeUInt16LE(step.vlanId);
      const parent = u32Attribute(IFLA.link, context.linkIndex(step.parent));
      return [parent, kindInfo('vlan', attribute(IFLA.vlanId, id))];
    }
    case 'link-add-bridge':
      return [kindInfo('bridge')];
    case 'link-add-vxlan':
      return [vxlanInfo(step)];
  }
}

/** A veth pair sends without a queue; one per CPU, the default, only costs time to make. */
function oneQueue(): Buffer[] {
  return [u32Attribute(IFLA.txQueues, 1), u32Attribute(IFLA.rxQueues, 1)];
}

function vethPeer(peer: Step<'link-add-veth'>['peer'], context: StepContext): Buffer {
  const parts = [linkHeader(), ...linkAttributes(peer), ...oneQueue()];
  if (peer.netns !== undefined) parts.push(u32Attribute(IFLA.netnsFd, context.netnsFd(peer.netns)));
  return attribute(IFLA.vethPeer, Buffer.concat(parts));
}

function vxlanInfo(step: Step<'link-add-vxlan'>): Buffer {
  const port = Buffer.alloc(2);
  port.writeUInt16BE(step.port);
  return kindInfo(
    'vxlan',
    u32Attribute(IFLA.vxlanId, step.vni),
    attribute(IFLA.vxlanLocal, addressBytes(step.local).bytes),
    attribute(IFLA.vxlanLearning, Buffer.from([0])),
    attribute(IFLA.vxlanPort, port),
  );
}

function setLink(step: Step<'link-set'>, context: StepContext): Buffer {
  const index = context.linkIndex(step.name);
  const { master, rename } = step;
  const fields = linkAttributes({ ...step, name: rename ?? step.name });
  if (rename === undefined) fields.shift();
  if (master !== undefined)
    fields.push(u32Attribute(IFLA.master, master === '' ? 0 : context.linkIndex(master)));
  return message(TYPE.newLink, 0, [linkHeader({ up: step.up, index }), ...fields]);
}

function address(step: Step<'address-add' | 'address-delete'>, context: StepContext): Buffer {
  const { bytes, family } = addressBytes(step.address);
  const header = Buffer.alloc(8);
  header.writeUInt8(family, 0);
  header.writeUInt8(step.prefixBits, 1);
  header.writeUInt32LE(context.linkIndex(step.link), 4);
  const parts = [header, attribute(IFA.local, bytes), attribute(IFA.address, bytes)];
  if (step.op === 'address-delete') return message(TYPE.delAddress, 0, parts);
  return message(TYPE.newAddress, FLAG.create | FLAG.excl, parts);
}

function route(step: Step<'route-replace' | 'route-delete'>, context: StepContext): Buffer {
  const to = prefix(step.destination, step.gateway);
  const parts = [
    routeHeader(step, to),
    u32Attribute(RTA.table, step.table ?? ROUTE.mainTable),
    ...(to.prefixBits > 0 ? [attribute(RTA.dst, to.address.bytes)] : []),
    ...optional(step.link, (link) => u32Attribute(RTA.oif, context.linkIndex(link))),
    ...optional(step.gateway, (text) => attribute(RTA.gateway, addressBytes(text).bytes)),
    ...optional(step.source, (text) => attribute(RTA.prefSource, addressBytes(text).bytes)),
  ];
  return step.op === 'route-delete'
    ? message(TYPE.delRoute, 0, parts)
    : message(TYPE.newRoute, FLAG.create | FLAG.replace, parts);
}

function routeHeader(step: Step<'route-replace' | 'route-delete'>, to: Prefix): Buffer {
  const header = Buffer.alloc(12);
  const remove = step.op === 'route-delete';
  const table = step.table ?? ROUTE.mainTable;
  header.writeUInt8(to.address.family, 0);
  header.writeUInt8(to.prefixBits, 1);
  header.writeUInt8(table < 256 ? table : 0, 4);
  header.writeUInt8(remove ? 0 : ROUTE.protocolStatic, 5);
  header.writeUInt8(remove && step.scope === undefined ? ROUTE.scopeNowhere : scopeOf(step), 6);
  header.writeUInt8(remove ? 0 : ROUTE.unicast, 7);
  header.writeUInt32LE(step.onlink === true ? ROUTE.onlink : 0, 8);
  return header;
}

function optional<T>(value: T | undefined, encode: (value: T) => Buffer): Buffer[] {
  return value === undefined ? [] : [encode(value)];
}

/** As `ip route` chooses it: link scope when there is no gateway, unless the caller says. */
function scopeOf(step: Step<'route-replace' | 'route-delete'>): number {
  const scope = step.scope ?? (step.gateway === undefined ? 'link' : 'global');
  return scope === 'link' ? ROUTE.scopeLink : ROUTE.scopeGlobal;
}

function rule(step: Step<'rule-add' | 'rule-delete'>): Buffer {
  const from = step.from === undefined ? undefined : prefix(step.from, undefined);
  const to = step.to === undefined ? undefined : prefix(step.to, undefined);
  const parts = [
    ruleHeader(step, from, to),
    u32Attribute(FRA.priority, step.priority),
    u32Attribute(FRA.table, step.table),
    ...optional(to, (one) => attribute(FRA.dst, one.address.bytes)),
    ...optional(from, (one) => attribute(FRA.src, one.address.bytes)),
    ...optional(step.inputLink, (name) => textAttribute(FRA.inputName, name)),
    ...optional(step.fwmark, (mark) => u32Attribute(FRA.mark, mark)),
    ...optional(step.fwmask, (mask) => u32Attribute(FRA.mask, mask)),
  ];
  return step.op === 'rule-delete'
    ? message(TYPE.delRule, 0, parts)
    : message(TYPE.newRule, FLAG.create | FLAG.excl, parts);
}

function ruleHeader(
  step: Step<'rule-add' | 'rule-delete'>,
  from: Prefix | undefined,
  to: Prefix | undefined,
): Buffer {
  const header = Buffer.alloc(12);
  const family = step.family === 6 ? AF.inet6 : AF.inet;
  header.writeUInt8((from ?? to)?.address.family ?? family, 0);
  header.writeUInt8(to?.prefixBits ?? 0, 1);
  header.writeUInt8(from?.prefixBits ?? 0, 2);
  header.writeUInt8(step.table < 256 ? step.table : 0, 4);
  header.writeUInt8(FRA.toTable, 7);
  return header;
}

function neighbourHeader(family: number, index: number, flags: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(family, 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(NUD.permanent | (family === AF.bridge ? NUD.noArp : 0), 8);
  header.writeUInt8(flags, 10);
  return header;
}

function neighbour(
  step: Step<'neighbour-replace' | 'neighbour-delete'>,
  context: StepContext,
): Buffer {
  const { bytes, family } = addressBytes(step.address);
  const index = context.linkIndex(step.link);
  const parts = [neighbourHeader(family, index, 0), attribute(NDA.dst, bytes)];
  if (step.op === 'neighbour-delete') return message(TYPE.delNeighbour, 0, parts);
  const mac = must(step.mac, () => `neighbour-replace of ${step.address} needs a MAC`);
  parts.push(attribute(NDA.mac, macBytes(mac)));
  return message(TYPE.newNeighbour, FLAG.create | FLAG.replace, parts);
}

function fdb(step: Step<'fdb-replace' | 'fdb-delete'>, context: StepContext): Buffer {
  const parts = [
    neighbourHeader(AF.bridge, context.linkIndex(step.link), NTF_SELF),
    attribute(NDA.mac, macBytes(step.mac)),
    attribute(NDA.dst, addressBytes(step.remote).bytes),
  ];
  return step.op === 'fdb-delete'
    ? message(TYPE.delNeighbour, 0, parts)
    : message(TYPE.newNeighbour, FLAG.create | FLAG.replace, parts);
}

/** Sysctls of neighbour tables are hidden from user namespaces; their netlink message is not. */
function proxyDelay(step: Step<'proxy-delay-set'>, context: StepContext): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(AF.inet, 0);
  const delayMs = Buffer.alloc(8);
  delayMs.writeBigUInt64LE(BigInt(step.delayMs));
  const parameters = nested(
    NDTA.parameters,
    u32Attribute(NDTA.index, context.linkIndex(step.link)),
    attribute(NDTA.proxyDelay, delayMs),
  );
  const name = textAttribute(NDTA.name, 'arp_cache');
  return message(TYPE.setNeighbourTable, 0, [header, name, parameters]);
}

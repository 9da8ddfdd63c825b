import { assert } from '../base/assert.ts';
import { changedItems } from '../base/changed-items.ts';
import type { VpcId } from '../base/ids.ts';
import { unfilteredBlocks, type InterfaceView } from '../policy/world.ts';
import type { Boundary } from './boundary.ts';
import { FilterCompiler, type Delta, type Peerings } from './compiler.ts';
import type { FabricProgram } from './program.ts';
import type { FabricState, PeerPart } from './state.ts';

/**
 * Compiles the state of a fabric into its filter. Equal states, in whatever order their parts are
 * listed, give the same program. All ports must be of one VPC.
 */
export function compile(state: FabricState): FabricProgram {
  const compiler = new FilterCompiler();
  for (const delta of deltasBetween(undefined, state)) compiler.apply(delta);
  return compiler.program();
}

/**
 * What is other in `after`. Views that are the same object are taken for unchanged, so a caller that
 * keeps the views of unchanged objects pays for the changed ones only.
 */
export function deltasBetween(
  before: FabricState | undefined,
  after: FabricState,
): readonly Delta[] {
  return [
    ...surroundings(before, after),
    { kind: 'vpc', vpcId: vpcOf(after) },
    ...peeringDelta(before, after),
    ...changedIn(boundariesOf(before), boundariesOf(after)).map(([subnetId, boundary]): Delta => ({
      kind: 'boundary',
      subnetId,
      ...(boundary && { boundary }),
    })),
    ...changedIn(before?.world.groups, after.world.groups).map(([groupId, view]): Delta => ({
      kind: 'group',
      groupId,
      ...(view && { view }),
    })),
    ...changedIn(before?.world.prefixLists, after.world.prefixLists).map(([id, cidrs]): Delta => ({
      kind: 'prefix-list',
      id,
      ...(cidrs && { cidrs }),
    })),
    ...changedInterfaces(before, after).map(([key, view]): Delta => ({
      kind: 'interface',
      key,
      ...(view && { view }),
    })),
    ...changedIn(portsOf(before), portsOf(after)).map(([link, port]): Delta => ({
      kind: 'port',
      link,
      ...(port && { port }),
    })),
  ];
}

function peeringDelta(before: FabricState | undefined, after: FabricState): readonly Delta[] {
  const of = (state: FabricState | undefined): Peerings => state?.world.activePeerings ?? new Map();
  const sorted = (peerings: Peerings) => [...peerings].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const [was, active] = [sorted(of(before)), sorted(of(after))];
  return same(was, active) ? [] : [{ kind: 'peerings', active: new Map(active) }];
}

/** Of the subnets that local ports are in. */
function boundariesOf(state: FabricState | undefined): ReadonlyMap<string, Boundary> {
  const subnetIds = new Set(state?.ports.map((port) => port.subnetId));
  return new Map(
    [...(state?.world.subnets ?? [])].flatMap(([subnetId, subnet]) => {
      const acl = state?.world.networkAcls?.get(subnet.networkAclId);
      return subnetIds.has(subnetId) ? [[subnetId, { subnet, ...(acl && { acl }) }]] : [];
    }),
  );
}

/**
 * The views that differ. Those of other hosts are known by part and interface: while an interface moves
 * from host to host two parts may have it, and each takes out only what it brought in.
 */
function changedInterfaces(before: FabricState | undefined, after: FabricState) {
  const own = changedIn(byId('', before?.world.interfaces), byId('', after.world.interfaces));
  const { gone, come } = changedItems(before?.peers ?? [], after.peers ?? []);
  const all = [...own, ...changedIn(ofParts(gone), ofParts(come))];
  return [...all.filter(([, view]) => !view), ...all.filter(([, view]) => view)];
}

function ofParts(parts: readonly PeerPart[]) {
  return new Map(parts.flatMap(({ part, views }) => [...byId(`${part}/`, views)]));
}

function byId(prefix: string, views: readonly InterfaceView[] = []) {
  return new Map(views.map((view) => [`${prefix}${view.eniId}`, view]));
}

function portsOf(state: FabricState | undefined) {
  return new Map(state?.ports.map((port) => [port.link, port]));
}

/** Gone ones first: a new one may take what an old one had. */
function changedIn<K extends string, V>(
  before: ReadonlyMap<K, V> = new Map<K, V>(),
  after: ReadonlyMap<K, V> = new Map<K, V>(),
): readonly (readonly [K, V | undefined])[] {
  if (before === after) return [];
  const gone = [...before.keys()].filter((key) => !after.has(key));
  const changed = [...after].filter(([key, value]) => {
    const known = before.get(key);
    return known !== value && (known === undefined || !same(known, value));
  });
  return [...gone.map((key) => [key, undefined] as const), ...changed];
}

function same(a: unknown, b: unknown): boolean {
  return text(a) === text(b);
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? `${part}n` : part,
  );
}

function surroundings(before: FabricState | undefined, after: FabricState): readonly Delta[] {
  const of = (state: FabricState) => {
    const { uplinks, underlay = [], vxlanPort, gateways = [], recording = false } = state;
    const unfiltered = unfilteredBlocks(state.world, vpcOf(state));
    return {
      uplinks,
      underlay,
      gateways,
      unfiltered,
      ...(vxlanPort !== undefined && { vxlanPort }),
      ...(recording && { recording }),
    };
  };
  const value = of(after);
  return before && same(of(before), value) ? [] : [{ kind: 'surroundings', value }];
}

function vpcOf(state: FabricState): VpcId | undefined {
  const local = new Set(state.ports.map((port) => port.eniId));
  const known = new Map(
    state.world.interfaces.filter((i) => local.has(i.eniId)).map((i) => [i.eniId, i.vpcId]),
  );
  const found = state.ports.flatMap((port) => {
    const vpcId = known.get(port.eniId) ?? state.world.groups.get(port.groupIds[0] ?? '')?.vpcId;
    return vpcId === undefined ? [] : [vpcId];
  });
  const distinct = [...new Set(found)];
  assert(distinct.length <= 1, () => `Ports of one fabric are of several VPCs: ${distinct.join()}`);
  return distinct[0];
}

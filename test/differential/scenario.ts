import { must } from '../../src/base/assert.ts';
import { cidrHasIp, parseCidr, type Cidr } from '../../src/base/cidr.ts';
import { ipEquals } from '../../src/base/ip.ts';
import type { NetworkAcl, NetworkAclEntrySpec } from '../../src/api/vpc/network-acl.ts';
import type { SecurityGroupRuleSpec } from '../../src/api/vpc/security-group.ts';
import type { Subnet } from '../../src/api/vpc/subnet.ts';
import type { VpcPeeringConnection } from '../../src/api/vpc/vpc-peering-connection.ts';
import type { FabricPort, FabricState } from '../../src/dataplane/state.ts';
import {
  LOCAL_SLOTS,
  UPLINK,
  ipOf,
  linkOf,
  macOf,
  type PreparedPacket,
} from '../../src/lab/fabric-bed/slots.ts';
import { evaluate, type Verdict } from '../../src/policy/evaluate.ts';
import { worldFromObjects, type World } from '../../src/policy/world.ts';

/** The VPC that every scenario is about; interfaces of other VPCs are noise. */
export const VPC = 'vpc-1';

/**
 * One case of the differential tests as plain JSON, so that a failure can be printed, shrunk and kept in
 * test/corpus. `name` says what it once found.
 */
export interface Scenario {
  readonly name?: string;
  readonly groups: readonly {
    readonly groupId: string;
    readonly rules: readonly SecurityGroupRuleSpec[];
  }[];
  readonly interfaces: readonly ScenarioInterface[];
  readonly prefixLists: Readonly<Record<string, readonly string[]>>;
  /** Peerings of the VPC with others, and whether they are active. */
  readonly peerings?: Readonly<
    Record<string, { readonly vpcId: string; readonly active: boolean }>
  >;
  readonly subnets?: readonly ScenarioSubnet[];
  readonly networkAcls?: Readonly<Record<string, readonly NetworkAclEntrySpec[]>>;
  readonly packets: readonly ScenarioPacket[];
}

/** An interface; a slot below LOCAL_SLOTS is a port of the fabric under test, others are remote. */
export interface ScenarioInterface {
  readonly slot: number;
  readonly vpcId: string;
  readonly addresses: readonly string[];
  readonly groupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  /** Delegated prefixes, /28 of IPv4 and /80 of IPv6. */
  readonly prefixes?: readonly string[];
  readonly subnetId?: string;
}

/** A subnet; its ACL need not exist. */
export interface ScenarioSubnet {
  readonly subnetId: string;
  readonly cidr: string;
  readonly cidr6: string;
  readonly networkAclId: string;
}

/** A packet; without `fromSlot` it comes from outside the VPC. */
export interface ScenarioPacket {
  readonly fromSlot?: number;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly destinationPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
}

/** What becomes of a packet in one fabric: where it is dropped, or the link that it leaves by. */
export interface Fate {
  readonly end: 'egress' | 'acl' | 'ingress' | 'delivered';
  readonly link?: string;
}

/** A scenario in the terms of the code under test. */
export interface Prepared {
  readonly world: World;
  readonly state: FabricState;
  readonly packets: readonly PreparedPacket[];
}

/** Turns JSON into worlds, ports and packets, by way of the stored objects. */
export function prepare(scenario: Scenario): Prepared {
  const world = {
    ...worldFromObjects({
      groups: scenario.groups.map(({ groupId, rules }) => ({
        metadata: { name: groupId },
        spec: { account: '1', vpcId: VPC, groupName: groupId, description: '-', rules },
      })),
      interfaces: scenario.interfaces.map((item) => ({
        metadata: { name: eniId(item.slot) },
        spec: {
          account: '1',
          vpcId: item.vpcId,
          subnetId: item.subnetId ?? 'subnet-0',
          availabilityZone: 'a',
          description: '',
          interfaceType: 'branch',
          macAddress: macOf(item.slot),
          privateIps: item.addresses,
          ipv4Prefixes: prefixesOf(item, '.'),
          ipv6Prefixes: prefixesOf(item, ':'),
          groups: item.groupIds,
          sourceDestCheck: item.sourceDestCheck,
        },
      })),
      peerings: Object.entries(scenario.peerings ?? {}).map(peeringOf),
      subnets: (scenario.subnets ?? []).map(subnetOf),
      networkAcls: Object.entries(scenario.networkAcls ?? {}).map(aclOf),
    }),
    unfiltered: [],
    prefixLists: new Map(
      Object.entries(scenario.prefixLists).map(([id, blocks]) => [id, blocks.map(cidrOf)]),
    ),
  };
  const ports = scenario.interfaces.filter(isPort).map((item) => portOf(item, world));
  const packets = scenario.packets.map((packet) => preparePacket(ports, packet));
  return { world, state: { world, ports, uplinks: [UPLINK] }, packets };
}

/**
 * What the evaluator says happens in this fabric. The gate of a remote end is not its business: the
 * sender's host judged what comes by the uplink, the receiver's host judges what leaves by it.
 */
export function evaluatedFate(world: World, prepared: PreparedPacket): Fate {
  return fateOf(evaluate(world, prepared.packet), prepared);
}

/** What a verdict means in this fabric. */
export function fateOf(verdict: Verdict, { inLink, outLink }: PreparedPacket): Fate {
  if (inLink !== UPLINK && verdict.egress.outcome === 'dropped') return { end: 'egress' };
  const judged = { egress: inLink !== UPLINK, ingress: outLink !== UPLINK };
  if (verdict.acls.some(({ direction, allowed }) => judged[direction] && !allowed))
    return { end: 'acl' };
  if (outLink !== UPLINK && verdict.ingress.outcome === 'dropped') return { end: 'ingress' };
  return { end: 'delivered', link: outLink };
}

/** Id of the interface in a slot. */
function eniId(slot: number): string {
  return `eni-${slot}`;
}

/** Reads a block that is known to be good. */
function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text);
  return must(cidr.ok ? cidr.value : undefined, () => `bad block ${text}`);
}

function isPort(item: ScenarioInterface): boolean {
  return item.vpcId === VPC && item.slot < LOCAL_SLOTS;
}

function portOf(item: ScenarioInterface, world: World): FabricPort {
  const view = world.interfaces.find((one) => one.eniId === eniId(item.slot));
  return {
    ...must(view, () => `no interface in slot ${item.slot}`),
    link: linkOf(item.slot),
    mac: macOf(item.slot),
  };
}

function prefixesOf({ prefixes = [] }: ScenarioInterface, mark: string): readonly string[] {
  return prefixes.filter((text) => text.includes(mark));
}

function peeringOf([name, { vpcId, active }]: readonly [
  string,
  { readonly vpcId: string; readonly active: boolean },
]): VpcPeeringConnection {
  const side = { account: '1', region: 'us-east-1' };
  return {
    metadata: { name },
    spec: {
      ...side,
      requester: { ...side, vpcId: VPC },
      accepter: { ...side, vpcId },
      status: active ? 'active' : 'deleted',
      statusMessage: '',
      statusTime: '',
      expirationTime: '',
    },
  };
}

function subnetOf({ subnetId, cidr, cidr6, networkAclId }: ScenarioSubnet): Subnet {
  return {
    metadata: { name: subnetId },
    spec: {
      account: '1',
      vpcId: VPC,
      cidr,
      availabilityZone: 'a',
      ipv6CidrBlocks: [{ associationId: 'x', cidr: cidr6 }],
      networkAcl: { associationId: 'y', networkAclId },
    },
  };
}

function aclOf([name, entries]: readonly [string, readonly NetworkAclEntrySpec[]]): NetworkAcl {
  return { metadata: { name }, spec: { account: '1', vpcId: VPC, isDefault: false, entries } };
}

function preparePacket(ports: readonly FabricPort[], one: ScenarioPacket): PreparedPacket {
  const { fromSlot, source, destination, ...rest } = one;
  const to = ipOf(destination);
  const receiver = ports.find(
    ({ addresses, prefixes = [] }) =>
      addresses.some((own) => ipEquals(own, to)) || prefixes.some((block) => cidrHasIp(block, to)),
  );
  const local = fromSlot !== undefined && fromSlot < LOCAL_SLOTS;
  return {
    packet: {
      ...rest,
      source: ipOf(source),
      destination: to,
      vpcId: VPC,
      ...(fromSlot !== undefined && { senderEniId: eniId(fromSlot) }),
    },
    inLink: local ? linkOf(fromSlot) : UPLINK,
    outLink: receiver?.link ?? UPLINK,
    sourceMac: macOf(fromSlot ?? 99),
  };
}

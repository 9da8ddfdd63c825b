import type { FakeKube } from '../../src/api/client.fake.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resource.ts';
import { VPC_OBJECT_CRDS } from '../../src/api/vpc/all.ts';
import { DHCP_OPTIONS } from '../../src/api/vpc/dhcp-options.ts';
import { EGRESS_ONLY_INTERNET_GATEWAYS } from '../../src/api/vpc/egress-only-internet-gateway.ts';
import { INSTANCES, type Instance } from '../../src/api/vpc/instance.ts';
import { INTERNET_GATEWAYS } from '../../src/api/vpc/internet-gateway.ts';
import { KEY_PAIRS } from '../../src/api/vpc/key-pair.ts';
import { NETWORK_ACLS } from '../../src/api/vpc/network-acl.ts';
import { NETWORK_INSIGHTS_ANALYSES } from '../../src/api/vpc/network-insights-analysis.ts';
import { NETWORK_INSIGHTS_PATHS } from '../../src/api/vpc/network-insights-path.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../src/api/vpc/network-interface.ts';
import { PREFIX_LISTS } from '../../src/api/vpc/prefix-list.ts';
import { ROUTE_TABLES } from '../../src/api/vpc/route-table.ts';
import { SECURITY_GROUPS, type SecurityGroup } from '../../src/api/vpc/security-group.ts';
import { SUBNET_CIDR_RESERVATIONS } from '../../src/api/vpc/subnet-cidr-reservation.ts';
import { SUBNETS, type Subnet } from '../../src/api/vpc/subnet.ts';
import { VPC_PEERING_CONNECTIONS } from '../../src/api/vpc/vpc-peering-connection.ts';
import { VPCS, type Vpc } from '../../src/api/vpc/vpc.ts';
import { instanceLimits } from '../../src/ec2/limits.ts';
import { block, inside, overlap } from './blocks.ts';
import { memoryDifferences } from './memory.ts';
import type { World } from './world.ts';

/**
 * Looks through what is stored for anything that the VPC API must never let happen. Reads the raw
 * objects and follows references by itself: none of the server's own checks or indexes are used.
 */
export async function inconsistencies(
  world: World,
  everSeen: ReadonlySet<string>,
): Promise<readonly string[]> {
  const facts = new Facts(world.kube);
  for (const check of CHECKS) check(facts);
  return [...facts.problems, ...(await memoryDifferences(world, everSeen))];
}

type Named<T> = ReadonlyMap<string, T>;

/** All that is stored, by name, and what was found wrong with it. */
class Facts {
  readonly problems: string[] = [];
  readonly vpcs: Named<Vpc>;
  readonly subnets: Named<Subnet>;
  readonly groups: Named<SecurityGroup>;
  readonly interfaces: Named<NetworkInterface>;
  readonly instances: Named<Instance>;
  readonly kube: FakeKube;

  constructor(kube: FakeKube) {
    this.kube = kube;
    this.vpcs = this.all(VPCS);
    this.subnets = this.all(SUBNETS);
    this.groups = this.all(SECURITY_GROUPS);
    this.interfaces = this.all(NETWORK_INTERFACES);
    this.instances = this.all(INSTANCES);
  }

  all<T extends KubeObject>(resource: Resource<T>): Named<T> {
    return new Map(this.kube.peekAll(resource).map((object) => [object.metadata.name, object]));
  }

  expect(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }

  /** No two of these may be the same. */
  distinct(what: string, keys: readonly string[]): void {
    const seen = new Set<string>();
    for (const key of keys) {
      this.expect(!seen.has(key), `${what} twice: ${key}`);
      seen.add(key);
    }
  }

  /** No two of these blocks may have an address in common. */
  apart(what: string, blocks: readonly string[]): void {
    const read = blocks
      .map(block)
      .sort((a, b) => a.family - b.family || (a.first < b.first ? -1 : 1));
    for (const [i, each] of read.entries()) {
      const before = read[i - 1];
      if (before !== undefined)
        this.expect(!overlap(before, each), `${what} overlap: ${before.text} ${each.text}`);
    }
  }
}

function vpcs(facts: Facts): void {
  const tables = facts.all(ROUTE_TABLES);
  const acls = [...facts.all(NETWORK_ACLS).values()];
  const options = facts.all(DHCP_OPTIONS);
  const defaults: string[] = [];
  for (const [id, { spec }] of facts.vpcs) {
    const main = tables.get(spec.mainRouteTable?.routeTableId ?? '');
    facts.expect(main?.spec.vpcId === id, `${id} has no main route table`);
    const named = [...facts.groups.values()].filter(
      (group) => group.spec.vpcId === id && group.spec.groupName === 'default',
    );
    facts.expect(named.length === 1, `${id} has ${named.length} default groups`);
    const ownAcls = acls.filter((acl) => acl.spec.vpcId === id && acl.spec.isDefault);
    facts.expect(ownAcls.length === 1, `${id} has ${ownAcls.length} default network ACLs`);
    const dhcp = spec.dhcpOptionsId ?? 'default';
    facts.expect(dhcp === 'default' || options.has(dhcp), `${id} has DHCP options ${dhcp}`);
    facts.apart(
      `Blocks of ${id}`,
      [...spec.cidrBlocks, ...(spec.ipv6CidrBlocks ?? [])].map(({ cidr }) => cidr),
    );
    if (spec.isDefault) defaults.push(`${spec.account}/${spec.region}`);
  }
  facts.distinct('Default VPC', defaults);
}

function subnets(facts: Facts): void {
  const tables = facts.all(ROUTE_TABLES);
  const acls = facts.all(NETWORK_ACLS);
  for (const [id, { spec }] of facts.subnets) {
    const vpc = facts.vpcs.get(spec.vpcId);
    facts.expect(vpc !== undefined, `${id} is in ${spec.vpcId}, which is gone`);
    const blocks = [...(vpc?.spec.cidrBlocks ?? []), ...(vpc?.spec.ipv6CidrBlocks ?? [])];
    for (const cidr of [spec.cidr, ...(spec.ipv6CidrBlocks ?? []).map((each) => each.cidr)])
      facts.expect(
        blocks.some((outer) => inside(cidr, outer.cidr)),
        `${id}: ${cidr} is outside its VPC`,
      );
    const table = spec.routeTable?.routeTableId;
    if (table !== undefined)
      facts.expect(tables.get(table)?.spec.vpcId === spec.vpcId, `${id} uses ${table}`);
    const acl = spec.networkAcl?.networkAclId;
    if (acl !== undefined)
      facts.expect(acls.get(acl)?.spec.vpcId === spec.vpcId, `${id} uses ${acl}`);
    facts.expect(
      vpc === undefined || vpc.spec.account === spec.account,
      `${id} is of another account`,
    );
  }
  for (const [vpcId, members] of Map.groupBy(facts.subnets.values(), ({ spec }) => spec.vpcId)) {
    const all = members.flatMap(({ spec }) => [
      spec.cidr,
      ...(spec.ipv6CidrBlocks ?? []).map(({ cidr }) => cidr),
    ]);
    facts.apart(`Subnets of ${vpcId}`, all);
  }
}

function groups(facts: Facts): void {
  const lists = facts.all(PREFIX_LISTS);
  const all = [...facts.groups.values()];
  facts.distinct(
    'Group name',
    all.map(({ spec }) => `${spec.vpcId}/${spec.groupName}`),
  );
  facts.distinct(
    'Rule id',
    all.flatMap(({ spec }) => spec.rules.map(({ ruleId }) => ruleId)),
  );
  for (const [id, { spec }] of facts.groups) {
    facts.expect(facts.vpcs.has(spec.vpcId), `${id} is in ${spec.vpcId}, which is gone`);
    for (const vpc of spec.associatedVpcIds ?? [])
      facts.expect(facts.vpcs.has(vpc), `${id} is shared with ${vpc}, which is gone`);
    facts.distinct(`Rule of ${id}`, spec.rules.map(identity));
    for (const rule of spec.rules) {
      const peers = [rule.cidrIpv4, rule.cidrIpv6, rule.prefixListId, rule.referencedGroupId];
      facts.expect(peers.filter(Boolean).length === 1, `${rule.ruleId} of ${id} has not one peer`);
      const list = rule.prefixListId;
      facts.expect(list === undefined || lists.has(list), `${rule.ruleId} of ${id} names ${list}`);
      checkReference(facts, id, rule);
    }
  }
}

type Rule = SecurityGroup['spec']['rules'][number];

/** References into other VPCs may be stale; those inside must have their group. */
function checkReference(facts: Facts, id: string, rule: Rule): void {
  const named = rule.referencedGroupId;
  if (named === undefined || rule.vpcPeeringConnectionId !== undefined) return;
  const found = facts.groups.get(named);
  const own = facts.groups.get(id);
  const foreign = rule.referencedVpcId !== undefined && rule.referencedVpcId !== own?.spec.vpcId;
  if (!foreign)
    facts.expect(found !== undefined, `${rule.ruleId} of ${id} names ${named}, which is gone`);
}

function identity(rule: Rule): string {
  const { isEgress, ipProtocol, fromPort, toPort } = rule;
  const peer = rule.cidrIpv4 ?? rule.cidrIpv6 ?? rule.prefixListId ?? rule.referencedGroupId;
  return JSON.stringify([isEgress, ipProtocol, fromPort, toPort, peer]);
}

function interfaces(facts: Facts): void {
  const all = [...facts.interfaces.values()];
  facts.distinct(
    'MAC address',
    all.map(({ spec }) => spec.macAddress),
  );
  for (const [vpcId, members] of Map.groupBy(all, ({ spec }) => spec.vpcId))
    facts.apart(`Addresses in ${vpcId}`, members.flatMap(addresses));
  for (const eni of all) {
    checkGroups(facts, eni);
    checkAddresses(facts, eni);
  }
}

function addresses({ spec }: NetworkInterface): string[] {
  const prefixes = [...(spec.ipv4Prefixes ?? []), ...(spec.ipv6Prefixes ?? [])];
  return [...spec.privateIps, ...(spec.ipv6Addresses ?? []), ...prefixes];
}

function checkGroups(facts: Facts, { metadata: { name }, spec }: NetworkInterface): void {
  facts.expect(spec.groups.length > 0, `${name} has no group`);
  facts.distinct(`Group of ${name}`, spec.groups);
  for (const id of spec.groups) {
    const group = facts.groups.get(id)?.spec;
    const homes = group && [group.vpcId, ...(group.associatedVpcIds ?? [])];
    facts.expect(
      homes?.includes(spec.vpcId) === true,
      `${name} wears ${id}, which is not in its VPC`,
    );
  }
}

function checkAddresses(facts: Facts, eni: NetworkInterface): void {
  const {
    metadata: { name },
    spec,
  } = eni;
  const subnet = facts.subnets.get(spec.subnetId)?.spec;
  facts.expect(subnet !== undefined, `${name} is in ${spec.subnetId}, which is gone`);
  facts.expect(subnet?.vpcId === spec.vpcId, `${name} and its subnet are in different VPCs`);
  facts.expect(subnet?.availabilityZone === spec.availabilityZone, `${name} is in another zone`);
  facts.expect(spec.privateIps.length > 0, `${name} has no primary address`);
  if (subnet === undefined) return;
  const blocks = [subnet.cidr, ...(subnet.ipv6CidrBlocks ?? []).map(({ cidr }) => cidr)];
  for (const text of addresses(eni)) {
    const outer = blocks.find((each) => inside(text, each));
    facts.expect(outer !== undefined, `${name}: ${text} is outside its subnet`);
    if (outer === undefined) continue;
    const [{ first, last }, whole] = [block(text), block(outer)];
    const free = first >= whole.first + 4n && last < whole.last;
    facts.expect(free, `${name}: ${text} is reserved in ${outer}`);
  }
}

function attachments(facts: Facts): void {
  const attached = [...facts.interfaces.values()].flatMap(({ metadata, spec }) =>
    spec.attachment === undefined
      ? []
      : [{ name: metadata.name, vpcId: spec.vpcId, ...spec.attachment }],
  );
  facts.distinct(
    'Attachment',
    attached.map(({ attachmentId }) => attachmentId),
  );
  facts.distinct(
    'Place on an instance',
    attached.map((each) => `${each.instanceId}/${each.networkCardIndex}/${each.deviceIndex}`),
  );
  for (const { name, vpcId, instanceId } of attached) {
    const instance = facts.instances.get(instanceId)?.spec;
    facts.expect(instance !== undefined, `${name} is attached to ${instanceId}, which is gone`);
    facts.expect(instance?.state !== 'terminated', `${name} is attached to a terminated instance`);
    facts.expect(instance?.vpcId === vpcId, `${name} and ${instanceId} are in different VPCs`);
  }
  for (const [id, { spec }] of facts.instances) {
    if (spec.state === 'terminated') continue;
    const own = attached.filter(({ instanceId }) => instanceId === id);
    const primary = own.some((each) => each.deviceIndex === 0);
    facts.expect(primary, `${id} has no primary interface`);
    const most = instanceLimits(spec.instanceType)?.maxInterfaces ?? own.length;
    facts.expect(own.length <= most, `${id} has ${own.length} interfaces`);
    facts.expect(
      facts.subnets.get(spec.subnetId)?.spec.vpcId === spec.vpcId,
      `${id} has no subnet`,
    );
  }
}

function trunks(facts: Facts): void {
  const branches = [...facts.interfaces.values()].flatMap(({ metadata, spec }) =>
    spec.trunkAssociation === undefined
      ? []
      : [{ name: metadata.name, spec, ...spec.trunkAssociation }],
  );
  facts.distinct(
    'VLAN',
    branches.map(({ trunkInterfaceId, vlanId }) => `${trunkInterfaceId}/${vlanId}`),
  );
  facts.distinct(
    'Trunk association',
    branches.map(({ associationId }) => associationId),
  );
  for (const { name, spec, trunkInterfaceId } of branches) {
    const trunk = facts.interfaces.get(trunkInterfaceId)?.spec;
    facts.expect(trunk?.interfaceType === 'trunk', `${name} is a branch of ${trunkInterfaceId}`);
    facts.expect(spec.attachment === undefined, `${name} is both a branch and attached`);
    facts.expect(spec.interfaceType !== 'trunk', `${name} is both a trunk and a branch`);
    facts.expect(trunk?.vpcId === spec.vpcId, `${name} and its trunk are in different VPCs`);
  }
}

function gateways(facts: Facts): void {
  const attached = [...facts.all(INTERNET_GATEWAYS)].filter(
    ([, { spec }]) => spec.vpcId !== undefined,
  );
  facts.distinct(
    'Internet gateway of',
    attached.map(([, { spec }]) => spec.vpcId ?? ''),
  );
  const tables = facts.all(ROUTE_TABLES);
  for (const [id, { spec }] of attached) {
    facts.expect(
      facts.vpcs.has(spec.vpcId ?? ''),
      `${id} is attached to ${spec.vpcId}, which is gone`,
    );
    const table = spec.routeTable?.routeTableId;
    if (table !== undefined)
      facts.expect(tables.get(table)?.spec.vpcId === spec.vpcId, `${id} uses ${table}`);
  }
  for (const [id, { spec }] of facts.all(EGRESS_ONLY_INTERNET_GATEWAYS))
    facts.expect(facts.vpcs.has(spec.vpcId), `${id} is in ${spec.vpcId}, which is gone`);
}

function routing(facts: Facts): void {
  for (const [id, { spec }] of facts.all(ROUTE_TABLES)) {
    facts.expect(facts.vpcs.has(spec.vpcId), `${id} is in ${spec.vpcId}, which is gone`);
    facts.distinct(
      `Route of ${id}`,
      spec.routes.map(({ destination }) => destination),
    );
    for (const { destination, ...targets } of spec.routes)
      facts.expect(
        Object.values(targets).filter(Boolean).length === 1,
        `${id}: ${destination} has not one target`,
      );
  }
  for (const [id, { spec }] of facts.all(NETWORK_ACLS)) {
    facts.expect(facts.vpcs.has(spec.vpcId), `${id} is in ${spec.vpcId}, which is gone`);
    facts.distinct(
      `Entry of ${id}`,
      spec.entries.map(({ egress, ruleNumber }) => `${egress}/${ruleNumber}`),
    );
  }
  for (const [id, { spec }] of facts.all(VPC_PEERING_CONNECTIONS))
    for (const { vpcId } of [spec.requester, spec.accepter])
      if (spec.status === 'active')
        facts.expect(facts.vpcs.has(vpcId), `${id} peers ${vpcId}, which is gone`);
}

function lists(facts: Facts): void {
  for (const [id, { spec }] of facts.all(PREFIX_LISTS)) {
    facts.expect(spec.entries.length <= spec.maxEntries, `${id} has too many entries`);
    facts.distinct(
      `Entry of ${id}`,
      spec.entries.map(({ cidr }) => cidr),
    );
    const family = spec.addressFamily === 'IPv4' ? 4 : 6;
    facts.expect(
      spec.entries.every(({ cidr }) => block(cidr).family === family),
      `${id} mixes families`,
    );
    facts.distinct(
      `Version of ${id}`,
      spec.history.map(({ version }) => String(version)),
    );
  }
  const reservations = facts.all(SUBNET_CIDR_RESERVATIONS);
  for (const [id, { spec }] of reservations) {
    const subnet = facts.subnets.get(spec.subnetId)?.spec;
    const blocks = subnet && [
      subnet.cidr,
      ...(subnet.ipv6CidrBlocks ?? []).map(({ cidr }) => cidr),
    ];
    facts.expect(
      blocks?.some((outer) => inside(spec.cidr, outer)) === true,
      `${id} is outside its subnet`,
    );
  }
  for (const [id, members] of Map.groupBy(reservations.values(), ({ spec }) => spec.subnetId))
    facts.apart(
      `Reservations in ${id}`,
      members.map(({ spec }) => spec.cidr),
    );
  const keys = [...facts.all(KEY_PAIRS).values()];
  facts.distinct(
    'Key pair',
    keys.map(({ spec }) => `${spec.account}/${spec.region}/${spec.keyName}`),
  );
  const paths = facts.all(NETWORK_INSIGHTS_PATHS);
  for (const [id, { spec }] of facts.all(NETWORK_INSIGHTS_ANALYSES))
    facts.expect(paths.has(spec.pathId), `${id} is of ${spec.pathId}, which is gone`);
}

/** Ids inside objects: associations, attachments, permissions. */
const INNER_ID =
  /\b(?:rtbassoc|aclassoc|vpc-cidr-assoc|subnet-cidr-assoc|eni-perm|eni-attach)-[0-9a-f]{17}\b/g;

function everything(facts: Facts): void {
  const inner: string[] = [];
  for (const { resource } of VPC_OBJECT_CRDS)
    for (const { metadata, spec } of facts.kube.peekAll(
      resource as Resource<KubeObject & { spec: Tagged }>,
    )) {
      inner.push(...(JSON.stringify(spec).match(INNER_ID) ?? []));
      const keys = Object.keys(spec.tags ?? {});
      facts.expect(keys.length <= 50, `${metadata.name} has ${keys.length} tags`);
      facts.expect(
        !keys.some((key) => key.startsWith('aws:')),
        `${metadata.name} has a tag of AWS's`,
      );
    }
  facts.distinct('Inner id', inner);
}

interface Tagged {
  readonly tags?: Readonly<Record<string, string>>;
}

const CHECKS = [
  vpcs,
  subnets,
  groups,
  interfaces,
  attachments,
  trunks,
  gateways,
  routing,
  lists,
  everything,
];

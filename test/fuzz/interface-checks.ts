import { type NetworkInterface } from '../../src/api/vpc/network-interface.ts';
import { PREFIX_LISTS } from '../../src/api/vpc/prefix-list.ts';
import { subnetCidrs } from '../../src/api/vpc/subnet.ts';
import { type SecurityGroup } from '../../src/api/vpc/security-group.ts';
import { instanceLimits } from '../../src/ec2/limits.ts';
import { block, inside } from './blocks.ts';
import type { Facts } from './facts.ts';

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
  // Those of NAT gateways have none, as on AWS.
  const needsGroup = spec.requesterManaged !== true;
  facts.expect(spec.groups.length > 0 || !needsGroup, `${name} has no group`);
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
  if (subnet === undefined) return;
  const isNative = subnet.ipv6Native === true;
  facts.expect(isNative !== spec.privateIps.length > 0, `${name} has no primary address`);
  facts.expect(!isNative || !!spec.ipv6Addresses?.length, `${name} has no IPv6 address`);
  const blocks = subnetCidrs({ spec: subnet });
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

/** Checks of groups, interfaces, attachments and trunks. */
export const INTERFACE_CHECKS = [groups, interfaces, attachments, trunks];

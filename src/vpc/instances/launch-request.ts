import type {
  InstanceNetworkInterfaceSpecification,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2';
import { isId, newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import type { Call } from '../context.ts';
import { groupByName } from '../group-lookup.ts';
import { checkDeviceIndex, checkSlots, sameSlot, type Slot } from '../interfaces/slots.ts';
import { findDefaultVpc, invalidValue, own, required } from '../own.ts';
import { keyPairKey } from '../store/network-store.ts';
import { checkSpecification, mergeTags, type Tags } from '../tags.ts';
import { requestDigest } from '../tokens.ts';
import { zonesOf } from '../zones.ts';
import { launchOptions, type LaunchOptions } from './launch-options.ts';
import { checkMetadataOptions } from './metadata-options.ts';
import { profileArn } from './profile.ts';

const DEFAULT_TYPE = 'm1.small';
/** More at once is refused, so that one call cannot hold a subnet for minutes. */
const MAX_INSTANCES = 100;
const TAGGABLE = ['instance', 'network-interface', 'volume', 'spot-instances-request'] as const;

/** An interface to make for an instance, or one that exists (`NetworkInterfaceId`). */
export interface LaunchInterface extends InstanceNetworkInterfaceSpecification {
  readonly slot: Slot;
  readonly SubnetId: string;
}

/** A launch, read and checked as far as its parameters go. */
export interface Launch {
  readonly input: RunInstancesRequest;
  readonly count: number;
  readonly instanceType: string;
  readonly imageId: string;
  /** The primary one first. */
  readonly interfaces: readonly LaunchInterface[];
  readonly instanceTags: Tags;
  readonly interfaceTags: Tags;
  readonly reservationId: string;
  readonly digest: string | undefined;
  readonly profileArn: string | undefined;
  readonly options: LaunchOptions;
}

/** Reads RunInstances. */
export function parseLaunch(input: RunInstancesRequest, call: Call): Launch {
  const imageId = required(input.ImageId, 'ImageId');
  const instanceType = input.InstanceType ?? DEFAULT_TYPE;
  const count = instanceCount(input);
  if (!isId(imageId, 'ami'))
    throw new Ec2Error('InvalidAMIID.Malformed', `Invalid id: "${imageId}" (expecting "ami-...")`);
  if (instanceLimits(instanceType) === undefined)
    throw invalidValue(`Invalid value '${instanceType}' for InstanceType.`);
  checkMetadataOptions(input.MetadataOptions ?? {});
  checkKeyPair(call, input.KeyName);
  const interfaces = launchInterfaces(input, call);
  checkPlaces(instanceType, interfaces);
  if (count > 1 && interfaces.some((each) => each.NetworkInterfaceId !== undefined))
    throw new Ec2Error(
      'InvalidParameterCombination',
      'An existing network interface cannot be attached to several instances.',
    );
  return {
    input,
    count,
    imageId,
    instanceType,
    interfaces,
    instanceTags: tagsFor('instance', input, call),
    interfaceTags: tagsFor('network-interface', input, call),
    reservationId: newId(call.random, 'r'),
    digest: input.ClientToken === undefined ? undefined : requestDigest(input),
    profileArn: profileArn(call, input.IamInstanceProfile),
    options: launchOptions(input),
  };
}

function checkKeyPair(call: Call, keyName: string | undefined): void {
  if (keyName === undefined) return;
  const key = keyPairKey({ account: call.accountId, region: call.region, keyName });
  if (call.store.keyPairs.table.count('name', key) === 0)
    throw new Ec2Error('InvalidKeyPair.NotFound', `The key pair '${keyName}' does not exist`);
}

function instanceCount({ MinCount: least, MaxCount: most }: RunInstancesRequest): number {
  const count = required(most, 'MaxCount');
  if (!(Number.isInteger(count) && count >= 1 && (least ?? 1) <= count && (least ?? 1) >= 1))
    throw invalidValue(`Invalid value for MinCount or MaxCount: ${least}, ${most}`);
  if (count > MAX_INSTANCES)
    throw new Ec2Error(
      'InstanceLimitExceeded',
      `You have requested more instances (${count}) than one call may start (${MAX_INSTANCES}).`,
    );
  return count;
}

function tagsFor(
  type: string,
  { TagSpecifications: all = [] }: RunInstancesRequest,
  call: Call,
): Tags {
  for (const each of all) checkSpecification(each, TAGGABLE);
  const tags = all.filter((each) => each.ResourceType === type).flatMap((each) => each.Tags ?? []);
  return mergeTags({}, tags, call.quotas);
}

/** The interfaces of the request, or one primary from its top-level fields. */
function launchInterfaces(input: RunInstancesRequest, call: Call): readonly LaunchInterface[] {
  const listed = input.NetworkInterfaces ?? [];
  if (listed.length === 0) return [topLevelInterface(input, call)];
  checkNoTopLevel(input);
  return listed
    .map((each) =>
      each.NetworkInterfaceId === undefined ? fresh(each, input, call) : existing(each, call),
    )
    .sort((a, b) => a.slot.deviceIndex - b.slot.deviceIndex);
}

function topLevelInterface(input: RunInstancesRequest, call: Call): LaunchInterface {
  const SubnetId = input.SubnetId ?? defaultSubnet(input, call);
  const { vpcId } = own(call, call.store.subnets, SubnetId).spec;
  const named = (input.SecurityGroups ?? []).map(
    (name) => groupByName(call, vpcId, name).metadata.name,
  );
  const Groups = [...(input.SecurityGroupIds ?? []), ...named];
  return {
    slot: { deviceIndex: 0, networkCardIndex: 0 },
    DeleteOnTermination: true,
    SubnetId,
    Groups,
    PrivateIpAddress: input.PrivateIpAddress,
    Ipv6AddressCount: input.Ipv6AddressCount,
    Ipv6Addresses: input.Ipv6Addresses,
    PrimaryIpv6: input.EnablePrimaryIpv6,
  };
}

const TOP_LEVEL = [
  ['SubnetId', 'subnet ID'],
  ['SecurityGroupIds', 'security groups'],
  ['SecurityGroups', 'security groups'],
  ['PrivateIpAddress', 'private IP address'],
  ['Ipv6Addresses', 'IPv6 addresses'],
  ['Ipv6AddressCount', 'IPv6 address count'],
] as const satisfies readonly (readonly [keyof RunInstancesRequest, string])[];

function checkNoTopLevel(input: RunInstancesRequest): void {
  for (const [field, name] of TOP_LEVEL)
    if (input[field] !== undefined)
      throw new Ec2Error(
        'InvalidParameterCombination',
        `Network interfaces and an instance-level ${name} may not be specified on the same request`,
      );
}

function slotOf(each: InstanceNetworkInterfaceSpecification): Slot {
  const deviceIndex = required(each.DeviceIndex, 'deviceIndex');
  checkDeviceIndex(deviceIndex);
  return { deviceIndex, networkCardIndex: each.NetworkCardIndex ?? 0 };
}

function fresh(
  each: InstanceNetworkInterfaceSpecification,
  input: RunInstancesRequest,
  call: Call,
): LaunchInterface {
  if (each.InterfaceType !== undefined && each.InterfaceType !== 'interface')
    throw new Ec2Error(
      'UnsupportedOperation',
      `Interface type '${each.InterfaceType}' is not supported at launch.`,
    );
  return {
    DeleteOnTermination: true,
    ...each,
    slot: slotOf(each),
    SubnetId: each.SubnetId ?? defaultSubnet(input, call),
  };
}

const ONLY_FOR_NEW = [
  'SubnetId',
  'Groups',
  'Description',
  'PrivateIpAddress',
  'PrivateIpAddresses',
  'SecondaryPrivateIpAddressCount',
  'Ipv4Prefixes',
  'Ipv4PrefixCount',
  'Ipv6Addresses',
  'Ipv6AddressCount',
  'Ipv6Prefixes',
  'Ipv6PrefixCount',
] as const satisfies readonly (keyof InstanceNetworkInterfaceSpecification)[];

function existing(each: InstanceNetworkInterfaceSpecification, call: Call): LaunchInterface {
  const clash = ONLY_FOR_NEW.find((field) => each[field] !== undefined);
  if (clash !== undefined || each.DeleteOnTermination === true)
    throw new Ec2Error(
      'InvalidParameterCombination',
      `A network interface ID and '${clash ?? 'DeleteOnTermination'}' may not be specified on the same interface`,
    );
  const { spec } = own(call, call.store.interfaces, each.NetworkInterfaceId ?? '');
  return { ...each, DeleteOnTermination: false, slot: slotOf(each), SubnetId: spec.subnetId };
}

function checkPlaces(instanceType: string, interfaces: readonly LaunchInterface[]): void {
  const slots = interfaces.map((each) => each.slot);
  const isTwice = slots.some((slot, i) => slots.slice(0, i).some((other) => sameSlot(slot, other)));
  const hasPrimary = slots.some((slot) => slot.deviceIndex === 0 && slot.networkCardIndex === 0);
  if (isTwice || !hasPrimary)
    throw invalidValue('The device indexes of network interfaces must differ and include 0.');
  checkSlots(instanceType, slots);
}

function defaultSubnet({ Placement: placement }: RunInstancesRequest, call: Call): string {
  const vpcId = findDefaultVpc(call)?.metadata.name;
  if (vpcId === undefined)
    throw new Ec2Error(
      'VPCIdNotSpecified',
      'No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.',
    );
  const zone = placement?.AvailabilityZone;
  if (zone !== undefined && !zonesOf(call.region).some(({ name }) => name === zone))
    throw invalidValue(`Invalid availability zone: [${zone}]`);
  const subnet = call.store.subnets.table
    .by('vpc', vpcId)
    .find(({ spec }) => zone === undefined || spec.availabilityZone === zone);
  if (subnet === undefined)
    throw new Ec2Error(
      'MissingInput',
      `No subnets found for the default VPC '${vpcId}'. Please specify a subnet.`,
    );
  return subnet.metadata.name;
}

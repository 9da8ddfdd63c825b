import type {
  Ipv4PrefixSpecification,
  Ipv6PrefixSpecification,
  NetworkInterface as InterfaceView,
  NetworkInterfaceAttachment,
  NetworkInterfaceIpv6Address,
  NetworkInterfacePrivateIpAddress,
} from '@aws-sdk/client-ec2';
import type { InterfaceAttachment, NetworkInterface } from '../../api/vpc/network-interface.ts';
import { keepText } from '../../ec2/codec/kept-text.ts';
import type { Call, Place } from '../context.ts';
import { connectionTrackingView } from '../interfaces/connection-tracking.ts';
import { interfaceStatus } from '../interfaces/status.ts';
import { associationView } from '../public-ips/association.ts';
import { tagList } from '../tags.ts';
import { zoneIdOf } from '../zones.ts';
import { groupIdentifiers } from './group.ts';

/** `ip-10-0-0-5.ec2.internal`; other regions than us-east-1 have their name in it. */
export function privateDnsName(address: string, region: string): string {
  return `ip-${address.replaceAll('.', '-')}.${privateDomain(region)}`;
}

function privateDomain(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
}

/**
 * The name of an interface: after its primary IPv4 address; in an IPv6-only subnet after its
 * instance, `i-0123456789abcdef0.ec2.internal` (AWS: resource-based naming).
 */
export function interfaceDnsName(
  { privateIps, attachment }: NetworkInterface['spec'],
  region: string,
): string | undefined {
  const [primary] = privateIps;
  if (primary !== undefined) return privateDnsName(primary, region);
  return attachment && `${attachment.instanceId}.${privateDomain(region)}`;
}

/** The addresses of an interface, the primary one first. */
export function addressViews(
  place: Place,
  eni: NetworkInterface,
): NetworkInterfacePrivateIpAddress[] {
  return eni.spec.privateIps.map((address, i) => ({
    Primary: i === 0,
    PrivateIpAddress: address,
    PrivateDnsName: privateDnsName(address, place.region),
    Association: associationView(place, eni, address),
  }));
}

/** What an interface has beyond IPv4 addresses. */
export function addressFamilyViews({ spec }: NetworkInterface): {
  Ipv6Addresses: NetworkInterfaceIpv6Address[];
  Ipv4Prefixes: Ipv4PrefixSpecification[];
  Ipv6Prefixes: Ipv6PrefixSpecification[];
} {
  const isPrimary = (i: number): boolean => i === 0 && (spec.primaryIpv6 ?? false);
  return {
    Ipv6Addresses: (spec.ipv6Addresses ?? []).map((Ipv6Address, i) => ({
      Ipv6Address,
      IsPrimaryIpv6: isPrimary(i),
    })),
    Ipv4Prefixes: (spec.ipv4Prefixes ?? []).map((Ipv4Prefix) => ({ Ipv4Prefix })),
    Ipv6Prefixes: (spec.ipv6Prefixes ?? []).map((Ipv6Prefix) => ({ Ipv6Prefix })),
  };
}

/** An attachment as EC2 shows it. */
export function attachmentView(
  attachment: InterfaceAttachment,
  account: string,
): NetworkInterfaceAttachment {
  return {
    AttachmentId: attachment.attachmentId,
    AttachTime: new Date(attachment.attachTime),
    DeleteOnTermination: attachment.deleteOnTermination,
    DeviceIndex: attachment.deviceIndex,
    NetworkCardIndex: attachment.networkCardIndex,
    InstanceId: attachment.instanceId,
    InstanceOwnerId: account,
    Status: 'attached',
  };
}

/**
 * A network interface as EC2 shows it; made once per version of the interface, unless it shows a
 * public address: that depends on its VPC, its instance and the Elastic IP addresses.
 */
export function interfaceView(call: Call, eni: NetworkInterface): InterfaceView {
  const { elasticIps } = call.store;
  if (eni.spec.publicIp !== undefined || elasticIps.table.count('interface', eni.metadata.name) > 0)
    return newInterfaceView(call, eni);
  const groupNames = eni.spec.groups.map((id) => call.store.groups.get(id)?.spec.groupName);
  const make = (): InterfaceView => keepText(newInterfaceView(call, eni));
  return call.store.interfaces.views.get(eni, [call.region, ...groupNames], make);
}

function newInterfaceView(call: Call, eni: NetworkInterface): InterfaceView {
  const { metadata, spec } = eni;
  const [primary] = spec.privateIps;
  return {
    NetworkInterfaceId: metadata.name,
    Status: interfaceStatus(eni),
    // The wire has nat_gateway, whatever the model says.
    InterfaceType: spec.interfaceType as InterfaceView['InterfaceType'] & string,
    MacAddress: spec.macAddress,
    PrivateIpAddress: primary,
    PrivateDnsName: interfaceDnsName(spec, call.region),
    ...(primary === undefined && { Ipv6Native: true }),
    PrivateIpAddresses: addressViews(call, eni),
    Association: associationView(call, eni, primary),
    Ipv6Address: spec.ipv6Addresses?.[0],
    ...addressFamilyViews(eni),
    ConnectionTrackingConfiguration: connectionTrackingView(spec),
    Groups: groupIdentifiers(call, spec.groups),
    SubnetId: spec.subnetId,
    VpcId: spec.vpcId,
    AvailabilityZone: spec.availabilityZone,
    AvailabilityZoneId: zoneIdOf(spec.availabilityZone),
    Description: spec.description,
    OwnerId: spec.account,
    RequesterId: spec.requesterId,
    RequesterManaged: spec.requesterManaged ?? false,
    SourceDestCheck: spec.sourceDestCheck,
    Attachment: spec.attachment && attachmentView(spec.attachment, spec.account),
    TagSet: tagList(spec.tags),
  };
}

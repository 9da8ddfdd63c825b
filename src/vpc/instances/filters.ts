import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import type { Call } from '../context.ts';
import type { FilterTable, FilterValues } from '../filters.ts';
import { interfacesOf, stateView } from '../views/instance.ts';
import { associationView } from '../public-ips/association.ts';
import { interfaceStatus } from '../interfaces/status.ts';
import { privateDnsName } from '../views/interface.ts';
import { metadataOptionsView } from './metadata-options.ts';

type Filters<T> = Readonly<Record<string, FilterValues<T>>>;

/** The filters of DescribeInstances (spec: ec2-surface 2.4). */
export function instanceFilters(call: Call): FilterTable<Instance> {
  const all = interfaceFilters(call);
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'vpc-id': 'vpc', 'subnet-id': 'subnet' },
    filters: {
      ...OWN_FILTERS,
      ...ofPrimary(call, {
        'private-ip-address': ({ spec }) => [spec.privateIps[0]],
        'private-dns-name': ({ spec }) => [privateDnsName(spec.privateIps[0] ?? '', call.region)],
        'source-dest-check': ({ spec }) => [String(spec.sourceDestCheck)],
        'ip-address': (eni) => [publicOf(call, eni)?.PublicIp],
        'dns-name': (eni) => [publicOf(call, eni)?.PublicDnsName],
        'ipv6-address': ({ spec }) => spec.ipv6Addresses ?? [],
        'instance.group-id': ({ spec }) => spec.groups,
        'instance.group-name': groupNames(call),
      }),
      ...ofAll(call, all),
    },
  };
}

const OWN_FILTERS: Filters<Instance> = {
  'instance-id': ({ metadata }) => [metadata.name],
  'instance-state-name': ({ spec }) => [spec.state],
  'instance-state-code': ({ spec }) => [String(stateView(spec.state).Code)],
  'instance-type': ({ spec }) => [spec.instanceType],
  'availability-zone': ({ spec }) => [spec.availabilityZone],
  'vpc-id': ({ spec }) => [spec.vpcId],
  'subnet-id': ({ spec }) => [spec.subnetId],
  'image-id': ({ spec }) => [spec.imageId],
  'key-name': ({ spec }) => [spec.keyName],
  'owner-id': ({ spec }) => [spec.account],
  'reservation-id': ({ spec }) => [spec.reservationId],
  'client-token': ({ spec }) => [spec.clientToken],
  'launch-time': ({ spec }) => [spec.launchTime],
  'launch-index': ({ spec }) => [String(spec.launchIndex ?? 0)],
  'state-reason-code': ({ spec }) => [spec.stateReason],
  'iam-instance-profile.arn': ({ spec }) => [spec.iamInstanceProfileArn],
  'root-device-type': () => ['ebs'],
  'virtualization-type': () => ['hvm'],
  architecture: () => ['x86_64'],
  hypervisor: ({ spec }) => [instanceLimits(spec.instanceType)?.hypervisor],
  'metadata-options.http-endpoint': (each) => [metadataOptionsView(each).HttpEndpoint],
  'metadata-options.http-tokens': (each) => [metadataOptionsView(each).HttpTokens],
  'metadata-options.http-put-response-hop-limit': (each) => [
    metadataOptionsView(each).HttpPutResponseHopLimit?.toString(),
  ],
};

function publicOf(call: Call, eni: NetworkInterface): ReturnType<typeof associationView> {
  return associationView(call, eni, eni.spec.privateIps[0]);
}

function groupNames(call: Call): FilterValues<NetworkInterface> {
  return ({ spec }) => spec.groups.map((id) => call.store.groups.get(id)?.spec.groupName);
}

function interfaceFilters(call: Call): Filters<NetworkInterface> {
  return {
    'network-interface-id': ({ metadata }) => [metadata.name],
    'subnet-id': ({ spec }) => [spec.subnetId],
    'vpc-id': ({ spec }) => [spec.vpcId],
    'group-id': ({ spec }) => spec.groups,
    'group-name': groupNames(call),
    'private-dns-name': ({ spec }) => [privateDnsName(spec.privateIps[0] ?? '', call.region)],
    'availability-zone': ({ spec }) => [spec.availabilityZone],
    'mac-address': ({ spec }) => [spec.macAddress],
    'owner-id': ({ spec }) => [spec.account],
    'source-dest-check': ({ spec }) => [String(spec.sourceDestCheck)],
    description: ({ spec }) => [spec.description],
    status: (eni) => [interfaceStatus(eni)],
    'addresses.private-ip-address': ({ spec }) => spec.privateIps,
    'addresses.primary': ({ spec }) => (spec.privateIps.length > 1 ? ['true', 'false'] : ['true']),
    'ipv6-addresses.ipv6-address': ({ spec }) => spec.ipv6Addresses ?? [],
    'association.public-ip': (eni) => [publicOf(call, eni)?.PublicIp],
    'association.ip-owner-id': (eni) => [publicOf(call, eni)?.IpOwnerId],
    'association.allocation-id': (eni) => [publicOf(call, eni)?.AllocationId],
    'association.association-id': (eni) => [publicOf(call, eni)?.AssociationId],
    'attachment.attachment-id': ({ spec }) => [spec.attachment?.attachmentId],
    'attachment.instance-id': ({ spec }) => [spec.attachment?.instanceId],
    'attachment.device-index': ({ spec }) => [spec.attachment?.deviceIndex.toString()],
    'attachment.status': () => ['attached'],
    'attachment.delete-on-termination': ({ spec }) => [
      spec.attachment?.deleteOnTermination.toString(),
    ],
  };
}

function ofPrimary(call: Call, filters: Filters<NetworkInterface>): Filters<Instance> {
  return mapped(filters, ({ metadata }) => interfacesOf(call, metadata.name).slice(0, 1));
}

function ofAll(call: Call, filters: Filters<NetworkInterface>): Filters<Instance> {
  const named = Object.entries(filters).map(([name, read]) => [`network-interface.${name}`, read]);
  return mapped(Object.fromEntries(named), ({ metadata }) => interfacesOf(call, metadata.name));
}

function mapped(
  filters: Filters<NetworkInterface>,
  select: (instance: Instance) => readonly NetworkInterface[],
): Filters<Instance> {
  return Object.fromEntries(
    Object.entries(filters).map(([name, read]) => [
      name,
      (instance: Instance) => select(instance).flatMap(read),
    ]),
  );
}

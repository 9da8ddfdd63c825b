import type {
  DescribeNetworkInterfaceAttributeRequest,
  DescribeNetworkInterfaceAttributeResult,
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Call, Handler } from '../context.ts';
import { selectPage } from '../describe.ts';
import { zoneIdOf } from '../zones.ts';
import type { FilterTable, FilterValues } from '../filters.ts';
import { invalidValue, own, required, sees } from '../own.ts';
import { associationView } from '../public-ips/association.ts';
import { interfaceStatus } from '../interfaces/status.ts';
import { ID_INDEX } from '../store/table.ts';
import { attachmentView, interfaceView, interfaceDnsName } from '../views/interface.ts';

/** DescribeNetworkInterfaces. */
export const describeNetworkInterfaces: Handler<
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult
> = (input, call) => {
  const page = selectPage(
    call.store.interfaces,
    { ids: input.NetworkInterfaceIds, filters: input.Filters, page: input },
    { table: () => interfaceFilters(call), visible: (eni) => sees(call, eni), range: [5, 1000] },
  );
  return {
    NetworkInterfaces: page.items.map((eni) => interfaceView(call, eni)),
    NextToken: page.nextToken,
  };
};

/** The filters of DescribeNetworkInterfaces. */
export function interfaceFilters(call: Call): FilterTable<NetworkInterface> {
  return {
    tags: ({ spec }) => spec.tags,
    indexed: {
      'network-interface-id': ID_INDEX,
      status: 'status',
      'vpc-id': 'vpc',
      'subnet-id': 'subnet',
      'group-id': 'group',
      'attachment.instance-id': 'instance',
      'attachment.attachment-id': 'attachment',
      'mac-address': 'mac',
      'private-ip-address': 'ip',
      'addresses.private-ip-address': 'ip',
    },
    filters: { ...OWN_FILTERS, ...ATTACHMENT_FILTERS, ...callFilters(call) },
  };
}

const addresses = ({ spec }: NetworkInterface): readonly string[] => spec.privateIps;

const OWN_FILTERS: FilterTable<NetworkInterface>['filters'] = {
  'network-interface-id': ({ metadata }) => [metadata.name],
  status: (eni) => [interfaceStatus(eni)],
  'vpc-id': ({ spec }) => [spec.vpcId],
  'subnet-id': ({ spec }) => [spec.subnetId],
  'availability-zone': ({ spec }) => [spec.availabilityZone],
  'availability-zone-id': ({ spec }) => [spec.availabilityZone && zoneIdOf(spec.availabilityZone)],
  description: ({ spec }) => [spec.description],
  'group-id': ({ spec }) => spec.groups,
  'interface-type': ({ spec }) => [spec.interfaceType],
  'mac-address': ({ spec }) => [spec.macAddress],
  'private-ip-address': ({ spec }) => [spec.privateIps[0]],
  'addresses.private-ip-address': addresses,
  'addresses.primary': ({ spec }) => spec.privateIps.map((_address, i) => String(i === 0)),
  'ipv6-addresses.ipv6-address': ({ spec }) => spec.ipv6Addresses ?? [],
  'ipv4-prefixes.ipv4-prefix': ({ spec }) => spec.ipv4Prefixes ?? [],
  'ipv6-prefixes.ipv6-prefix': ({ spec }) => spec.ipv6Prefixes ?? [],
  'owner-id': ({ spec }) => [spec.account],
  'requester-id': ({ spec }) => [spec.requesterId],
  'requester-managed': ({ spec }) => [String(spec.requesterManaged ?? false)],
  'source-dest-check': ({ spec }) => [String(spec.sourceDestCheck)],
};

const ATTACHMENT_FILTERS: FilterTable<NetworkInterface>['filters'] = {
  'attachment.attachment-id': ({ spec }) => [spec.attachment?.attachmentId],
  'attachment.instance-id': ({ spec }) => [spec.attachment?.instanceId],
  'attachment.instance-owner-id': ({ spec }) => (spec.attachment ? [spec.account] : []),
  'attachment.device-index': ({ spec }) => [spec.attachment?.deviceIndex.toString()],
  'attachment.status': ({ spec }) => (spec.attachment ? ['attached'] : []),
  'attachment.delete-on-termination': ({ spec }) => [
    spec.attachment?.deleteOnTermination.toString(),
  ],
  'attachment.attach-time': ({ spec }) => [spec.attachment?.attachTime],
};

function ofAssociations(
  call: Call,
  field: 'AllocationId' | 'AssociationId' | 'IpOwnerId' | 'PublicDnsName' | 'PublicIp',
): FilterValues<NetworkInterface> {
  return (eni) =>
    eni.spec.privateIps.map((address) => associationView(call, eni, address)?.[field]);
}

function callFilters(call: Call): FilterTable<NetworkInterface>['filters'] {
  return {
    'group-name': ({ spec }) => spec.groups.map((id) => call.store.groups.get(id)?.spec.groupName),
    'private-dns-name': ({ spec }) => [interfaceDnsName(spec, call.region)],
    'association.public-ip': ofAssociations(call, 'PublicIp'),
    'association.public-dns-name': ofAssociations(call, 'PublicDnsName'),
    'association.ip-owner-id': ofAssociations(call, 'IpOwnerId'),
    'association.allocation-id': ofAssociations(call, 'AllocationId'),
    'association.association-id': ofAssociations(call, 'AssociationId'),
    'addresses.association.public-ip': ofAssociations(call, 'PublicIp'),
    'addresses.association.owner-id': ofAssociations(call, 'IpOwnerId'),
  };
}

/** DescribeNetworkInterfaceAttribute. */
export const describeNetworkInterfaceAttribute: Handler<
  DescribeNetworkInterfaceAttributeRequest,
  DescribeNetworkInterfaceAttributeResult
> = (input, call) => {
  const id = required(input.NetworkInterfaceId, 'networkInterfaceId');
  const eni = own(call, call.store.interfaces, id);
  const { spec } = eni;
  const base = { NetworkInterfaceId: id };
  switch (input.Attribute as string | undefined) {
    case 'attachment':
      return {
        ...base,
        Attachment: spec.attachment && attachmentView(spec.attachment, spec.account),
      };
    case 'description':
      return { ...base, Description: { Value: spec.description } };
    case 'groupSet':
      return { ...base, Groups: interfaceView(call, eni).Groups };
    case 'sourceDestCheck':
      return { ...base, SourceDestCheck: { Value: spec.sourceDestCheck } };
    case 'associatePublicIpAddress':
      return { ...base, AssociatePublicIpAddress: false };
    default:
      throw invalidValue(
        `Value (${input.Attribute ?? ''}) for parameter attribute is invalid. Unknown attribute.`,
      );
  }
};

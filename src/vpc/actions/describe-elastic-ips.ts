import type {
  Address,
  DescribeAddressesAttributeRequest,
  DescribeAddressesAttributeResult,
  DescribeAddressesRequest,
  DescribeAddressesResult,
} from '@aws-sdk/client-ec2';
import type { ElasticIp } from '../../api/vpc/elastic-ip.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { sees } from '../own.ts';
import { liveAssociation, type LiveAssociation } from '../public-ips/association.ts';
import { tagList } from '../tags.ts';

/** DescribeAddresses. */
export const describeAddresses: Handler<DescribeAddressesRequest, DescribeAddressesResult> = (
  input,
  call,
) => {
  const found = selectObjects(
    call.store.elasticIps,
    { ids: input.AllocationIds, filters: input.Filters },
    { table: filtersOf(call), visible: (address) => sees(call, address) },
  );
  const wanted = new Set(input.PublicIps);
  const missing = [...wanted].find((ip) => !found.some(({ spec }) => spec.publicIp === ip));
  if (missing !== undefined)
    throw new Ec2Error('InvalidAddress.NotFound', `Address '${missing}' not found.`);
  const addresses = found.filter(({ spec }) => wanted.size === 0 || wanted.has(spec.publicIp));
  return { Addresses: addresses.map((address) => addressView(call, address)) };
};

function addressView(call: Call, address: ElasticIp): Address {
  const { metadata, spec } = address;
  const live = liveAssociation(call.store, address);
  return {
    AllocationId: metadata.name,
    PublicIp: spec.publicIp,
    Domain: 'vpc',
    PublicIpv4Pool: 'amazon',
    NetworkBorderGroup: spec.region,
    ...(live && {
      AssociationId: live.associationId,
      InstanceId: live.eni.spec.attachment?.instanceId,
      NetworkInterfaceId: live.networkInterfaceId,
      NetworkInterfaceOwnerId: live.eni.spec.account,
      PrivateIpAddress: live.privateIp,
    }),
    Tags: tagList(spec.tags),
  };
}

function filtersOf({ store }: Call): FilterTable<ElasticIp> {
  const ofAssociation =
    (read: (live: LiveAssociation) => string | undefined) =>
    (address: ElasticIp): (string | undefined)[] => {
      const live = liveAssociation(store, address);
      return live === undefined ? [] : [read(live)];
    };
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'public-ip': 'publicIp', 'network-interface-id': 'interface' },
    filters: {
      'allocation-id': ({ metadata }) => [metadata.name],
      'public-ip': ({ spec }) => [spec.publicIp],
      'network-border-group': ({ spec }) => [spec.region],
      domain: () => ['vpc'],
      'association-id': ofAssociation((live) => live.associationId),
      'instance-id': ofAssociation(({ eni }) => eni.spec.attachment?.instanceId),
      'network-interface-id': ofAssociation((live) => live.networkInterfaceId),
      'network-interface-owner-id': ofAssociation(({ eni }) => eni.spec.account),
      'private-ip-address': ofAssociation((live) => live.privateIp),
    },
  };
}

/** DescribeAddressesAttribute: addresses have no names of their own (PTR records). */
export const describeAddressesAttribute: Handler<
  DescribeAddressesAttributeRequest,
  DescribeAddressesAttributeResult
> = (input, call) => {
  const found = selectObjects(
    call.store.elasticIps,
    { ids: input.AllocationIds, filters: undefined },
    { table: filtersOf(call), visible: (address) => sees(call, address) },
  );
  const page = paginate(found, input, { key: ({ metadata }) => metadata.name, range: [1, 1000] });
  const Addresses = page.items.map(({ metadata, spec }) => ({
    AllocationId: metadata.name,
    PublicIp: spec.publicIp,
  }));
  return { Addresses, NextToken: page.nextToken };
};

import type { DescribeSubnetsRequest, DescribeSubnetsResult } from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Call, Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { sees } from '../own.ts';
import { subnetArn, subnetView } from '../views/network.ts';
import { zoneIdOf } from '../zones.ts';

/** DescribeSubnets. */
export const describeSubnets: Handler<DescribeSubnetsRequest, DescribeSubnetsResult> = (
  input,
  call,
) => {
  const subnets = selectObjects(
    call.store.subnets,
    { ids: input.SubnetIds, filters: input.Filters },
    { table: subnetFilters(call), visible: (subnet) => sees(call, subnet) },
  );
  const page = paginate(subnets, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  return {
    Subnets: page.items.map((subnet) => subnetView(call, subnet)),
    NextToken: page.nextToken,
  };
};

const cidr = ({ spec }: Subnet): readonly (string | undefined)[] => [spec.cidr];
const zone = ({ spec }: Subnet): string[] => [spec.availabilityZone];
const zoneId = ({ spec }: Subnet): string[] => [zoneIdOf(spec.availabilityZone)];
const defaultForAz = ({ spec }: Subnet): string[] => [String(spec.defaultForAz ?? false)];
const ipv6 = ({ spec }: Subnet): NonNullable<Subnet['spec']['ipv6CidrBlocks']> =>
  spec.ipv6CidrBlocks ?? [];

function subnetFilters(call: Call): FilterTable<Subnet> {
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'vpc-id': 'vpc' },
    filters: {
      'vpc-id': ({ spec }) => [spec.vpcId],
      'subnet-id': ({ metadata }) => [metadata.name],
      'subnet-arn': (subnet) => [subnetArn(call, subnet)],
      'availability-zone': zone,
      availabilityZone: zone,
      'availability-zone-id': zoneId,
      availabilityZoneId: zoneId,
      'cidr-block': cidr,
      cidr,
      cidrBlock: cidr,
      'default-for-az': defaultForAz,
      defaultForAz,
      state: () => ['available'],
      'owner-id': ({ spec }) => [spec.account],
      'available-ip-address-count': (subnet) => [String(call.store.addresses.available(subnet))],
      'map-public-ip-on-launch': ({ spec }) => [String(spec.mapPublicIpOnLaunch ?? false)],
      'enable-dns64': ({ spec }) => [String(spec.enableDns64 ?? false)],
      'private-dns-name-options-on-launch.hostname-type': ({ spec }) => [
        spec.hostnameType ?? 'ip-name',
      ],
      'private-dns-name-options-on-launch.enable-resource-name-dns-a-record': ({ spec }) => [
        String(spec.enableResourceNameDnsARecord ?? false),
      ],
      'private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record': ({ spec }) => [
        String(spec.enableResourceNameDnsAaaaRecord ?? false),
      ],
      'ipv6-native': ({ spec }) => [String(spec.ipv6Native ?? false)],
      'ipv6-cidr-block-association.ipv6-cidr-block': (subnet) =>
        ipv6(subnet).map((block) => block.cidr),
      'ipv6-cidr-block-association.association-id': (subnet) =>
        ipv6(subnet).map((block) => block.associationId),
      'ipv6-cidr-block-association.state': (subnet) => ipv6(subnet).map(() => 'associated'),
    },
  };
}

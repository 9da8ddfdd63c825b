import type { DescribeVpcsRequest, DescribeVpcsResult } from '@aws-sdk/client-ec2';
import type { Vpc } from '../../api/vpc/vpc.ts';
import type { Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { seesVpc } from '../own.ts';
import { vpcView } from '../views/network.ts';

const ipv6 = ({ spec }: Vpc): NonNullable<Vpc['spec']['ipv6CidrBlocks']> =>
  spec.ipv6CidrBlocks ?? [];
const isDefault = ({ spec }: Vpc): string[] => [String(spec.isDefault)];

const FILTERS: FilterTable<Vpc> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'vpc-id': ({ metadata }) => [metadata.name],
    cidr: ({ spec }) => [spec.cidrBlocks[0]?.cidr],
    'cidr-block-association.cidr-block': ({ spec }) => spec.cidrBlocks.map(({ cidr }) => cidr),
    'cidr-block-association.association-id': ({ spec }) =>
      spec.cidrBlocks.map(({ associationId }) => associationId),
    'cidr-block-association.state': () => ['associated'],
    'ipv6-cidr-block-association.ipv6-cidr-block': (vpc) => ipv6(vpc).map(({ cidr }) => cidr),
    'ipv6-cidr-block-association.ipv6-pool': (vpc) => ipv6(vpc).map(({ pool }) => pool ?? 'Amazon'),
    'ipv6-cidr-block-association.association-id': (vpc) =>
      ipv6(vpc).map(({ associationId }) => associationId),
    'ipv6-cidr-block-association.state': (vpc) => ipv6(vpc).map(() => 'associated'),
    'dhcp-options-id': ({ spec }) => [spec.dhcpOptionsId ?? 'default'],
    'is-default': isDefault,
    isDefault,
    'owner-id': ({ spec }) => [spec.account],
    state: () => ['available'],
  },
};

/** DescribeVpcs. */
export const describeVpcs: Handler<DescribeVpcsRequest, DescribeVpcsResult> = (input, call) => {
  const vpcs = selectObjects(
    call.store.vpcs,
    { ids: input.VpcIds, filters: input.Filters },
    { table: FILTERS, visible: (vpc) => seesVpc(call, vpc) },
  );
  const page = paginate(vpcs, input, { key: (vpc) => vpc.metadata.name, range: [5, 1000] });
  return { Vpcs: page.items.map(vpcView), NextToken: page.nextToken };
};

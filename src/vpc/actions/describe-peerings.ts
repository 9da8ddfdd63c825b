import type {
  DescribeVpcPeeringConnectionsRequest,
  DescribeVpcPeeringConnectionsResult,
} from '@aws-sdk/client-ec2';
import type { PeeringSide, VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import type { Call, Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { peeringTags, seesPeering } from '../network/peerings.ts';
import { peeringView, statusView } from '../views/peering.ts';

/** DescribeVpcPeeringConnections: those of either side; ended ones for two hours. */
export const describeVpcPeeringConnections: Handler<
  DescribeVpcPeeringConnectionsRequest,
  DescribeVpcPeeringConnectionsResult
> = (input, call) => {
  const peerings = selectObjects(
    call.store.peerings,
    { ids: input.VpcPeeringConnectionIds, filters: input.Filters },
    { table: filtersOf(call), visible: (peering) => seesPeering(call, peering) },
  );
  const page = paginate(peerings, input, {
    key: ({ metadata }) => metadata.name,
    range: [5, 1000],
  });
  return {
    VpcPeeringConnections: page.items.map((peering) => peeringView(call, peering)),
    NextToken: page.nextToken,
  };
};

function filtersOf(call: Call): FilterTable<VpcPeeringConnection> {
  const blocks = ({ vpcId }: PeeringSide): readonly string[] =>
    (call.store.vpcs.get(vpcId)?.spec.cidrBlocks ?? []).map(({ cidr }) => cidr);
  return {
    tags: (peering) => peeringTags(call, peering),
    filters: {
      'vpc-peering-connection-id': ({ metadata }) => [metadata.name],
      'status-code': (peering) => [statusView(call, peering).Code],
      'status-message': (peering) => [statusView(call, peering).Message],
      'expiration-time': ({ spec }) => [spec.expirationTime],
      'requester-vpc-info.vpc-id': ({ spec }) => [spec.requester.vpcId],
      'requester-vpc-info.owner-id': ({ spec }) => [spec.requester.account],
      'requester-vpc-info.cidr-block': ({ spec }) => blocks(spec.requester),
      'accepter-vpc-info.vpc-id': ({ spec }) => [spec.accepter.vpcId],
      'accepter-vpc-info.owner-id': ({ spec }) => [spec.accepter.account],
      'accepter-vpc-info.cidr-block': (peering) =>
        statusView(call, peering).Code === 'active' ? blocks(peering.spec.accepter) : [],
    },
  };
}

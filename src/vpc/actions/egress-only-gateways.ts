import type {
  CreateEgressOnlyInternetGatewayRequest,
  CreateEgressOnlyInternetGatewayResult,
  DeleteEgressOnlyInternetGatewayRequest,
  DeleteEgressOnlyInternetGatewayResult,
  DescribeEgressOnlyInternetGatewaysRequest,
  DescribeEgressOnlyInternetGatewaysResult,
  EgressOnlyInternetGateway as GatewayView,
} from '@aws-sdk/client-ec2';
import type { EgressOnlyInternetGateway } from '../../api/vpc/egress-only-internet-gateway.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { own, ownAll, ownVpc, required, sees } from '../own.ts';
import { specifiedTags, tagList } from '../tags.ts';
import { checkReplay, creationId, tokenFields } from '../tokens.ts';

function gatewayView({ metadata, spec }: EgressOnlyInternetGateway): GatewayView {
  return {
    EgressOnlyInternetGatewayId: metadata.name,
    Attachments: [{ VpcId: spec.vpcId, State: 'attached' }],
    Tags: tagList(spec.tags),
  };
}

/** CreateEgressOnlyInternetGateway. */
export const createEgressOnlyInternetGateway: Handler<
  CreateEgressOnlyInternetGatewayRequest,
  CreateEgressOnlyInternetGatewayResult
> = async (input, call) => {
  const { egressOnlyGateways, locks } = call.store;
  const { ClientToken: token } = input;
  const { accountId: account, region } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  const tags = specifiedTags(input.TagSpecifications, 'egress-only-internet-gateway', call.quotas);
  const action = 'CreateEgressOnlyInternetGateway';
  const id = creationId(call, { prefix: 'eigw', action, token });
  const exclusive = [id, `egress-only-gateways:${account}/${region}`];
  const gateway = await locks.hold({ shared: [vpcId], exclusive }, async () => {
    ownVpc(call, vpcId);
    const earlier = egressOnlyGateways.get(id);
    checkReplay(earlier?.spec.clientTokenDigest, input);
    if (earlier !== undefined) return earlier;
    if (ownAll(call, egressOnlyGateways).length >= call.quotas.egressOnlyGatewaysPerRegion)
      throw new Ec2Error(
        'EgressOnlyInternetGatewayLimitExceeded',
        'The maximum number of egress-only internet gateways has been reached.',
      );
    const spec = { account, vpcId, tags, ...tokenFields(input) };
    return egressOnlyGateways.create({ metadata: { name: id }, spec });
  });
  return { EgressOnlyInternetGateway: gatewayView(gateway), ClientToken: token };
};

/** DeleteEgressOnlyInternetGateway. Routes to it become black holes. */
export const deleteEgressOnlyInternetGateway: Handler<
  DeleteEgressOnlyInternetGatewayRequest,
  DeleteEgressOnlyInternetGatewayResult
> = (input, call) => {
  const { egressOnlyGateways, locks } = call.store;
  const id = required(input.EgressOnlyInternetGatewayId, 'egressOnlyInternetGatewayId');
  return locks.hold({ exclusive: [id] }, async () => {
    own(call, egressOnlyGateways, id);
    await egressOnlyGateways.remove(id);
    return { ReturnCode: true };
  });
};

const FILTERS: FilterTable<EgressOnlyInternetGateway> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'egress-only-internet-gateway-id': ({ metadata }) => [metadata.name],
    'attachment.vpc-id': ({ spec }) => [spec.vpcId],
    'attachment.state': () => ['attached'],
  },
};

/** DescribeEgressOnlyInternetGateways. Unlike elsewhere, ids that nobody has are left out. */
export const describeEgressOnlyInternetGateways: Handler<
  DescribeEgressOnlyInternetGatewaysRequest,
  DescribeEgressOnlyInternetGatewaysResult
> = (input, call) => {
  const gateways = selectObjects(
    call.store.egressOnlyGateways,
    { ids: input.EgressOnlyInternetGatewayIds, filters: input.Filters, ignoreMissing: true },
    { table: FILTERS, visible: (gateway) => sees(call, gateway) },
  );
  const page = paginate(gateways, input, { key: ({ metadata }) => metadata.name, range: [5, 255] });
  return { EgressOnlyInternetGateways: page.items.map(gatewayView), NextToken: page.nextToken };
};

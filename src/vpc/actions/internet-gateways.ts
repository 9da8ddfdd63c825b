import type {
  AttachInternetGatewayRequest,
  CreateInternetGatewayRequest,
  CreateInternetGatewayResult,
  DeleteInternetGatewayRequest,
  DescribeInternetGatewaysRequest,
  DescribeInternetGatewaysResult,
  DetachInternetGatewayRequest,
  InternetGateway as GatewayView,
} from '@aws-sdk/client-ec2';
import type { InternetGateway } from '../../api/vpc/internet-gateway.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { dependencyViolation } from '../network/dependants.ts';
import { invalidValue, own, ownAll, ownVpc, required, sees } from '../own.ts';
import { specifiedTags, tagList } from '../tags.ts';

/** AWS shows `available` for an attached internet gateway. */
const ATTACHED = 'available';

function gatewayView({ metadata, spec }: InternetGateway): GatewayView {
  return {
    InternetGatewayId: metadata.name,
    OwnerId: spec.account,
    // The model knows only the states of other attachments.
    Attachments:
      spec.vpcId === undefined ? [] : [{ VpcId: spec.vpcId, State: ATTACHED as 'attached' }],
    Tags: tagList(spec.tags),
  };
}

/** CreateInternetGateway. */
export const createInternetGateway: Handler<
  CreateInternetGatewayRequest,
  CreateInternetGatewayResult
> = (input, call) => {
  const { store, accountId: account, region } = call;
  const tags = specifiedTags(input.TagSpecifications, 'internet-gateway', call.quotas);
  return store.locks.hold({ exclusive: [`gateways:${account}/${region}`] }, async () => {
    if (ownAll(call, store.internetGateways).length >= call.quotas.internetGatewaysPerRegion)
      throw new Ec2Error(
        'InternetGatewayLimitExceeded',
        'The maximum number of internet gateways has been reached.',
      );
    const gateway = await store.internetGateways.create({
      metadata: { name: newId(call.random, 'igw') },
      spec: { account, region, tags },
    });
    return { InternetGateway: gatewayView(gateway) };
  });
};

/** AttachInternetGateway: one VPC has at most one, and a gateway at most one VPC. */
export const attachInternetGateway: Handler<AttachInternetGatewayRequest, void> = async (
  input,
  call,
) => {
  const { internetGateways, locks } = call.store;
  const id = required(input.InternetGatewayId, 'internetGatewayId');
  const vpcId = required(input.VpcId, 'vpcId');
  const exclusive = [id, `gateway-of:${vpcId}`];
  await locks.hold({ shared: [vpcId], exclusive }, async () => {
    const { spec } = own(call, internetGateways, id);
    ownVpc(call, vpcId);
    if (spec.vpcId !== undefined)
      throw new Ec2Error(
        'Resource.AlreadyAssociated',
        `resource ${id} is already attached to network ${spec.vpcId}`,
      );
    if (internetGateways.table.count('vpc', vpcId) > 0)
      throw invalidValue(`Network ${vpcId} already has an internet gateway attached`);
    await internetGateways.update(id, (gateway) => ({
      ...gateway,
      spec: { ...gateway.spec, vpcId },
    }));
  });
};

/** DetachInternetGateway. Routes to it become black holes. */
export const detachInternetGateway: Handler<DetachInternetGatewayRequest, void> = async (
  input,
  call,
) => {
  const { internetGateways, locks } = call.store;
  const id = required(input.InternetGatewayId, 'internetGatewayId');
  const vpcId = required(input.VpcId, 'vpcId');
  await locks.hold({ exclusive: [id] }, async () => {
    const gateway = own(call, internetGateways, id);
    ownVpc(call, vpcId);
    if (gateway.spec.vpcId !== vpcId)
      throw new Ec2Error(
        'Gateway.NotAttached',
        `resource ${id} is not attached to network ${vpcId}`,
      );
    if (gateway.spec.routeTable !== undefined)
      throw new Ec2Error(
        'DependencyViolation',
        `The internetGateway '${id}' has dependencies and cannot be detached.`,
      );
    await internetGateways.update(id, (current) => {
      const { vpcId: _, ...spec } = current.spec;
      return { ...current, spec };
    });
  });
};

/** DeleteInternetGateway: refused while it is attached. */
export const deleteInternetGateway: Handler<DeleteInternetGatewayRequest, void> = async (
  input,
  call,
) => {
  const { internetGateways, locks } = call.store;
  const id = required(input.InternetGatewayId, 'internetGatewayId');
  await locks.hold({ exclusive: [id] }, async () => {
    if (own(call, internetGateways, id).spec.vpcId !== undefined)
      throw dependencyViolation('internetGateway', id);
    await internetGateways.remove(id);
  });
};

const FILTERS: FilterTable<InternetGateway> = {
  tags: ({ spec }) => spec.tags,
  indexed: { 'attachment.vpc-id': 'vpc' },
  filters: {
    'internet-gateway-id': ({ metadata }) => [metadata.name],
    'owner-id': ({ spec }) => [spec.account],
    'attachment.vpc-id': ({ spec }) => [spec.vpcId],
    'attachment.state': ({ spec }) => [spec.vpcId === undefined ? undefined : ATTACHED],
  },
};

/** DescribeInternetGateways. */
export const describeInternetGateways: Handler<
  DescribeInternetGatewaysRequest,
  DescribeInternetGatewaysResult
> = (input, call) => {
  const gateways = selectObjects(
    call.store.internetGateways,
    { ids: input.InternetGatewayIds, filters: input.Filters },
    { table: FILTERS, visible: (gateway) => sees(call, gateway) },
  );
  const page = paginate(gateways, input, {
    key: ({ metadata }) => metadata.name,
    range: [5, 1000],
  });
  return { InternetGateways: page.items.map(gatewayView), NextToken: page.nextToken };
};

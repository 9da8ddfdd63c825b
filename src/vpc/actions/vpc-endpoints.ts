import type {
  CreateVpcEndpointRequest,
  CreateVpcEndpointResult,
  DeleteVpcEndpointsRequest,
  DeleteVpcEndpointsResult,
  ModifyVpcEndpointRequest,
  ModifyVpcEndpointResult,
  UnsuccessfulItem,
} from '@aws-sdk/client-ec2';
import type { VpcEndpoint } from '../../api/vpc/vpc-endpoint.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { alignInterfaces, checkParts, endpointsLock } from '../endpoints/parts.ts';
import { checkService, type EndpointType } from '../endpoints/services.ts';
import { vpcEndpointView } from '../endpoints/view.ts';
import { wornGroups } from '../group-lookup.ts';
import { removeManagedInterfaces } from '../managed/interfaces.ts';
import { invalidValue, own, ownVpc, required, sees } from '../own.ts';
import { isAmbiguous } from '../store/collection.ts';
import { specifiedTags } from '../tags.ts';
import { checkReplay, creationId, tokenFields } from '../tokens.ts';

type Spec = VpcEndpoint['spec'];

/** What an endpoint without a policy of its own lets through. */
const OPEN_POLICY =
  '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}';

/** CreateVpcEndpoint: available at once. Interfaces are written before it. */
export const createVpcEndpoint: Handler<CreateVpcEndpointRequest, CreateVpcEndpointResult> = async (
  input,
  call,
) => {
  const { store } = call;
  const { ClientToken: token } = input;
  const vpcId = required(input.VpcId, 'vpcId');
  const type = typeOf(input);
  checkService(call.region, required(input.ServiceName, 'serviceName'), type);
  const id = creationId(call, { prefix: 'vpce', action: 'CreateVpcEndpoint', token });
  const tags = specifiedTags(input.TagSpecifications, 'vpc-endpoint', call.quotas);
  const { SubnetIds = [], SecurityGroupIds = [], RouteTableIds = [] } = input;
  const shared = [vpcId, ...SubnetIds, ...SecurityGroupIds, ...RouteTableIds];
  const exclusive = [id, endpointsLock(vpcId)];
  const endpoint = await store.locks.hold({ shared, exclusive }, async () => {
    const earlier = store.vpcEndpoints.get(id);
    checkReplay(earlier?.spec.clientTokenDigest, input);
    if (earlier !== undefined) return earlier;
    const spec = { ...newSpec(call, input, type), ...tokenFields(input), tags };
    checkParts(call, id, spec);
    try {
      await alignInterfaces(call, id, spec);
      return await store.vpcEndpoints.create({ metadata: { name: id }, spec });
    } catch (error) {
      if (!isAmbiguous(error)) await removeManagedInterfaces(store, id);
      throw error;
    }
  });
  return { VpcEndpoint: vpcEndpointView(call, endpoint), ClientToken: token };
};

function typeOf(input: CreateVpcEndpointRequest): EndpointType {
  const type = input.VpcEndpointType ?? 'Gateway';
  if (type !== 'Gateway' && type !== 'Interface')
    throw new Ec2Error('UnsupportedOperation', `Endpoints of type ${type} are not supported.`);
  checkPartsOfType(type, {
    tables: input.RouteTableIds,
    others: [...(input.SubnetIds ?? []), ...(input.SecurityGroupIds ?? [])],
  });
  return type;
}

/** Gateway endpoints have route tables, interface endpoints have subnets and groups. */
function checkPartsOfType(
  type: EndpointType,
  parts: {
    readonly tables: readonly string[] | undefined;
    readonly others: readonly string[];
  },
): void {
  const wrong = type === 'Gateway' ? parts.others : (parts.tables ?? []);
  if (wrong.length > 0)
    throw new Ec2Error(
      'InvalidParameter',
      `Endpoints of type ${type} cannot have ${wrong.join(', ')}.`,
    );
}

function newSpec(call: Call, input: CreateVpcEndpointRequest, type: EndpointType): Spec {
  const vpc = ownVpc(call, input.VpcId ?? '');
  const isInterface = type === 'Interface';
  return compact<Spec>({
    account: call.accountId,
    vpcId: vpc.metadata.name,
    serviceName: input.ServiceName ?? '',
    type,
    policyDocument: input.PolicyDocument || OPEN_POLICY,
    privateDnsEnabled: isInterface ? privateDns(call, vpc.metadata.name, input) : undefined,
    createdAt: nowText(call),
    routeTableIds: input.RouteTableIds && [...new Set(input.RouteTableIds)],
    subnetIds: input.SubnetIds,
    groupIds: isInterface ? wornGroups(call, vpc, input.SecurityGroupIds) : undefined,
  });
}

/** By default where the VPC can have it; asked for, the VPC must have names of its own. */
function privateDns(
  call: Call,
  vpcId: string,
  { PrivateDnsEnabled: wanted }: { readonly PrivateDnsEnabled?: boolean | undefined },
): boolean {
  const { enableDnsSupport = true, enableDnsHostnames = false } = ownVpc(call, vpcId).spec;
  const isPossible = enableDnsSupport && enableDnsHostnames;
  if (wanted === true && !isPossible)
    throw new Ec2Error(
      'InvalidParameter',
      `Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for ${vpcId}`,
    );
  return wanted ?? isPossible;
}

/** ModifyVpcEndpoint. Interfaces follow at once. */
export const modifyVpcEndpoint: Handler<ModifyVpcEndpointRequest, ModifyVpcEndpointResult> = async (
  input,
  call,
) => {
  const { store } = call;
  const id = required(input.VpcEndpointId, 'vpcEndpointId');
  const { vpcId } = own(call, store.vpcEndpoints, id).spec;
  const { AddSubnetIds = [], AddSecurityGroupIds = [], AddRouteTableIds = [] } = input;
  const shared = [vpcId, ...AddSubnetIds, ...AddSecurityGroupIds, ...AddRouteTableIds];
  const exclusive = [id, endpointsLock(vpcId)];
  await store.locks.hold({ shared, exclusive }, async () => {
    const before = own(call, store.vpcEndpoints, id).spec;
    const spec = changed(call, before, input);
    checkParts(call, id, spec);
    try {
      await alignInterfaces(call, id, spec);
      await store.vpcEndpoints.update(id, (endpoint) => ({ ...endpoint, spec }));
    } catch (error) {
      if (!isAmbiguous(error)) await alignInterfaces(call, id, before);
      throw error;
    }
  });
  return { Return: true };
};

function changed(call: Call, spec: Spec, input: ModifyVpcEndpointRequest): Spec {
  checkPartsOfType(spec.type, {
    tables: input.AddRouteTableIds,
    others: [...(input.AddSubnetIds ?? []), ...(input.AddSecurityGroupIds ?? [])],
  });
  const policy = input.ResetPolicy === true ? OPEN_POLICY : input.PolicyDocument;
  const groupIds = without(spec.groupIds, input.AddSecurityGroupIds, input.RemoveSecurityGroupIds);
  if (spec.type === 'Interface' && groupIds.length === 0)
    throw invalidValue('An interface endpoint must have at least one security group.');
  return compact<Spec>({
    ...spec,
    policyDocument: policy ?? spec.policyDocument,
    privateDnsEnabled:
      input.PrivateDnsEnabled === undefined
        ? spec.privateDnsEnabled
        : privateDns(call, spec.vpcId, input),
    routeTableIds: without(spec.routeTableIds, input.AddRouteTableIds, input.RemoveRouteTableIds),
    subnetIds: without(spec.subnetIds, input.AddSubnetIds, input.RemoveSubnetIds),
    groupIds:
      spec.type === 'Interface' ? wornGroups(call, ownVpc(call, spec.vpcId), groupIds) : undefined,
  });
}

function without(
  before: readonly string[] = [],
  added: readonly string[] = [],
  removed: readonly string[] = [],
): string[] {
  return [...new Set([...before, ...added])].filter((each) => !removed.includes(each));
}

/** DeleteVpcEndpoints: those that nobody has are told apart, not an error. */
export const deleteVpcEndpoints: Handler<
  DeleteVpcEndpointsRequest,
  DeleteVpcEndpointsResult
> = async (input, call) => {
  const { store } = call;
  const Unsuccessful: UnsuccessfulItem[] = [];
  for (const id of new Set(required(input.VpcEndpointIds, 'vpcEndpointId')))
    await store.locks.hold({ exclusive: [id] }, async () => {
      const endpoint = store.vpcEndpoints.get(id);
      if (endpoint === undefined || !sees(call, endpoint)) {
        Unsuccessful.push(unknownEndpoint(id));
        return;
      }
      await store.vpcEndpoints.remove(id);
      await removeManagedInterfaces(store, id);
    });
  return { Unsuccessful };
};

function unknownEndpoint(id: string): UnsuccessfulItem {
  const Message = `The Vpc Endpoint Id '${id}' does not exist`;
  return { ResourceId: id, Error: { Code: 'InvalidVpcEndpoint.NotFound', Message } };
}

import type {
  AssociateRouteTableRequest,
  AssociateRouteTableResult,
  DisassociateRouteTableRequest,
  ReplaceRouteTableAssociationRequest,
  ReplaceRouteTableAssociationResult,
} from '@aws-sdk/client-ec2';
import type { InternetGateway } from '../../api/vpc/internet-gateway.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { isId, newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { invalidValue, own, required, sees } from '../own.ts';
import type { Collection } from '../store/collection.ts';

const ASSOCIATED = { State: 'associated' } as const;

/** An association as its user stores it. */
interface Use {
  readonly associationId: string;
  readonly routeTableId: string;
}

/** Who uses a route table: a subnet, a gateway, or a VPC as its main table. */
interface User {
  readonly id: string;
  readonly vpcId: string | undefined;
  readonly isVpc: boolean;
  readonly use: Use | undefined;
  readonly write: (use: Use | undefined) => Promise<unknown>;
}

/** AssociateRouteTable with a subnet or an internet gateway; doing it again changes nothing. */
export const associateRouteTable: Handler<
  AssociateRouteTableRequest,
  AssociateRouteTableResult
> = async (input, call) => {
  const routeTableId = required(input.RouteTableId, 'routeTableId');
  const { SubnetId: subnetId, GatewayId: gatewayId } = input;
  if (subnetId !== undefined && gatewayId !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The request must contain either gatewayId or subnetId, not both',
    );
  const id = required(subnetId ?? gatewayId, 'subnetId or gatewayId');
  const find = (): User => (subnetId === undefined ? gatewayUser(call, id) : subnetUser(call, id));
  const use = await withUser(call, { routeTableId, find }, async (user) => {
    if (user.use?.routeTableId === routeTableId) return user.use;
    if (user.use !== undefined)
      throw new Ec2Error(
        'Resource.AlreadyAssociated',
        `the specified association for route table ${routeTableId} conflicts with an existing association`,
      );
    return writeNew(call, user, routeTableId);
  });
  return { AssociationId: use.associationId, AssociationState: ASSOCIATED };
};

/** DisassociateRouteTable: the subnet goes back to the main table. */
export const disassociateRouteTable: Handler<DisassociateRouteTableRequest, void> = async (
  input,
  call,
) => {
  const associationId = required(input.AssociationId, 'associationId');
  const find = (): User => userOf(call, associationId);
  await withUser(call, { find }, async (user) => {
    if (user.isVpc)
      throw invalidValue(`cannot disassociate the main route table association ${associationId}`);
    await user.write(undefined);
  });
};

/** ReplaceRouteTableAssociation: another table, under a new association id. */
export const replaceRouteTableAssociation: Handler<
  ReplaceRouteTableAssociationRequest,
  ReplaceRouteTableAssociationResult
> = async (input, call) => {
  const associationId = required(input.AssociationId, 'associationId');
  const routeTableId = required(input.RouteTableId, 'routeTableId');
  const find = (): User => userOf(call, associationId);
  const use = await withUser(call, { routeTableId, find }, async (user) =>
    user.use?.routeTableId === routeTableId ? user.use : writeNew(call, user, routeTableId),
  );
  return { NewAssociationId: use.associationId, AssociationState: ASSOCIATED };
};

/** Holds table and user, looks the user up again, and checks that both are of one VPC. */
function withUser<T>(
  call: Call,
  { find, routeTableId }: { readonly find: () => User; readonly routeTableId?: string },
  task: (user: User) => Promise<T>,
): Promise<T> {
  const { id } = find();
  const shared = [id, ...(routeTableId === undefined ? [] : [routeTableId])];
  return call.store.locks.hold({ shared, exclusive: [`route-table-of:${id}`] }, () => {
    const user = find();
    if (routeTableId !== undefined) {
      const table = own(call, call.store.routeTables, routeTableId);
      if (table.spec.vpcId !== user.vpcId)
        throw invalidValue(
          `route table ${routeTableId} and ${user.isVpc ? 'network' : 'resource'} ${id} belong to different networks`,
        );
    }
    return task(user);
  });
}

async function writeNew({ random }: Call, user: User, routeTableId: string): Promise<Use> {
  const use = { associationId: newId(random, 'rtbassoc'), routeTableId };
  await user.write(use);
  return use;
}

function subnetUser(call: Call, id: string): User {
  const { subnets } = call.store;
  return ofObject(subnets, own(call, subnets, id));
}

function gatewayUser(call: Call, id: string): User {
  const { internetGateways } = call.store;
  return ofObject(internetGateways, own(call, internetGateways, id));
}

function ofObject<T extends Subnet | InternetGateway>(collection: Collection<T>, object: T): User {
  const { metadata, spec } = object;
  return {
    id: metadata.name,
    vpcId: spec.vpcId,
    isVpc: false,
    use: spec.routeTable,
    write: (use) =>
      collection.update(metadata.name, (current) => {
        const { routeTable: _, ...rest } = current.spec;
        return { ...current, spec: use === undefined ? rest : { ...rest, routeTable: use } };
      }),
  };
}

/** Who has the association; throws NotFound. */
function userOf(call: Call, associationId: string): User {
  const { store } = call;
  const kind = ID_KINDS.routeTableAssociation;
  // The index has other kinds of associations too; the prefix tells them apart.
  const key = isId(associationId, kind.prefix) ? associationId : '';
  const [subnet] = store.subnets.table.by('association', key);
  if (subnet !== undefined && sees(call, subnet)) return ofObject(store.subnets, subnet);
  const [gateway] = store.internetGateways.table.by('association', key);
  if (gateway !== undefined && sees(call, gateway))
    return ofObject(store.internetGateways, gateway);
  const [vpc] = store.vpcs.table.by('association', key);
  if (vpc !== undefined && sees(call, vpc)) return ofVpc(call, vpc);
  throw notFound(kind, associationId);
}

/** A VPC always has a main table, so `write` never takes it away. */
function ofVpc({ store }: Call, { metadata: { name: id }, spec }: Vpc): User {
  return {
    id,
    vpcId: id,
    isVpc: true,
    use: spec.mainRouteTable,
    write: (use) =>
      store.vpcs.update(id, (current) =>
        use === undefined
          ? current
          : { ...current, spec: { ...current.spec, mainRouteTable: use } },
      ),
  };
}

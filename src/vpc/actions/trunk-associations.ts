import type {
  AssociateTrunkInterfaceRequest,
  AssociateTrunkInterfaceResult,
  DescribeTrunkInterfaceAssociationsRequest,
  DescribeTrunkInterfaceAssociationsResult,
  DisassociateTrunkInterfaceRequest,
  DisassociateTrunkInterfaceResult,
  TrunkInterfaceAssociation,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId, ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { invalidValue, own, required, sees } from '../own.ts';
import { branchCount } from './attach-interface.ts';
import { creationId } from '../tokens.ts';
import { isInUse } from '../interfaces/status.ts';

type Association = NonNullable<NetworkInterface['spec']['trunkAssociation']>;

const FIRST_VLAN = 1;
const LAST_VLAN = 4094;

/**
 * AssociateTrunkInterface. The association lives on the branch, so it is one write.
 * INVARIANT: no two branches of a trunk have the same VLAN id; the trunk is held while we look.
 */
export const associateTrunkInterface: Handler<
  AssociateTrunkInterfaceRequest,
  AssociateTrunkInterfaceResult
> = (input, call) => {
  const { store } = call;
  const branchId = required(input.BranchInterfaceId, 'branchInterfaceId');
  const trunkId = required(input.TrunkInterfaceId, 'trunkInterfaceId');
  if (input.GreKey !== undefined)
    throw new Ec2Error('UnsupportedOperation', 'GRE associations are not supported.');
  const wanted: Association = compact<Association>({
    associationId: creationId(call, {
      prefix: 'trunk-assoc',
      action: 'AssociateTrunkInterface',
      token: input.ClientToken,
    }),
    trunkInterfaceId: trunkId,
    vlanId: checkVlan(required(input.VlanId, 'vlanId')),
    clientToken: input.ClientToken,
  });
  const { associationId } = wanted;
  return store.locks.hold({ exclusive: [branchId, trunkId, associationId] }, async () => {
    const earlier = store.interfaces.table.by('association', associationId);
    if (earlier.some(({ metadata }) => metadata.name !== branchId)) throw otherParameters();
    const trunk = own(call, store.interfaces, trunkId);
    own(call, store.interfaces, branchId);
    const branch = await store.interfaces.update(branchId, (current) =>
      associated(call, { branch: current, trunk, wanted }),
    );
    return { InterfaceAssociation: associationView(branch), ClientToken: input.ClientToken };
  });
};

function checkVlan(vlanId: number): number {
  if (Number.isInteger(vlanId) && vlanId >= FIRST_VLAN && vlanId <= LAST_VLAN) return vlanId;
  throw invalidValue(`Value (${vlanId}) for parameter vlanId is invalid.`);
}

interface Wish {
  readonly branch: NetworkInterface;
  readonly trunk: NetworkInterface;
  readonly wanted: Association;
}

function associated(call: Call, { branch, trunk, wanted }: Wish): NetworkInterface {
  const current = branch.spec.trunkAssociation;
  if (current !== undefined && isReplay(current, wanted)) return branch;
  checkKinds(branch, trunk);
  checkVlanFree(call, trunk, wanted.vlanId);
  checkBranchLimit(call, trunk);
  return {
    ...branch,
    spec: { ...branch.spec, interfaceType: 'branch', trunkAssociation: wanted },
  };
}

function isReplay(current: Association, wanted: Association): boolean {
  if (wanted.clientToken === undefined || current.clientToken !== wanted.clientToken) return false;
  if (current.trunkInterfaceId !== wanted.trunkInterfaceId || current.vlanId !== wanted.vlanId)
    throw otherParameters();
  return true;
}

function otherParameters(): Ec2Error {
  return new Ec2Error(
    'IdempotentParameterMismatch',
    'The client token you have provided is associated with a resource with different parameters.',
  );
}

function checkKinds(branch: NetworkInterface, trunk: NetworkInterface): void {
  const [branchId, trunkId] = [branch.metadata.name, trunk.metadata.name];
  if (trunk.spec.interfaceType !== 'trunk')
    throw invalidValue(`Network interface '${trunkId}' is not a trunk interface.`);
  if (branch.spec.interfaceType === 'trunk')
    throw invalidValue(`Network interface '${branchId}' is a trunk interface.`);
  if (branch.spec.trunkAssociation !== undefined)
    throw invalidValue(`Network interface '${branchId}' is already associated with a trunk.`);
  if (isInUse(branch.spec))
    throw new Ec2Error('InvalidNetworkInterface.InUse', `Interface: [${branchId}] in use.`);
  if (branch.spec.vpcId !== trunk.spec.vpcId)
    throw invalidValue(`Network interfaces '${branchId}' and '${trunkId}' are in different VPCs.`);
  if (branch.spec.availabilityZone !== trunk.spec.availabilityZone)
    throw invalidValue(
      `Network interfaces '${branchId}' and '${trunkId}' are in different availability zones.`,
    );
}

function checkVlanFree({ store }: Call, trunk: NetworkInterface, vlanId: number): void {
  const trunkId = trunk.metadata.name;
  const taken = store.interfaces.table
    .by('trunk', trunkId)
    .find(({ spec }) => spec.trunkAssociation?.vlanId === vlanId);
  if (taken !== undefined)
    throw invalidValue(`VLAN ID ${vlanId} is already in use on trunk interface '${trunkId}'.`);
}

/** The limit of the instance type; a trunk that is attached nowhere has none yet. */
function checkBranchLimit(call: Call, trunk: NetworkInterface): void {
  const instance = call.store.instances.get(trunk.spec.attachment?.instanceId ?? '');
  const limit = instanceLimits(instance?.spec.instanceType ?? '')?.branchInterfaces;
  const count = instance === undefined ? 0 : branchCount(call, instance.metadata.name);
  if (limit !== undefined && count >= limit)
    throw new Ec2Error(
      'AttachmentLimitExceeded',
      `Branch interface count ${count + 1} exceeds the limit for ${instance?.spec.instanceType}`,
    );
}

/** DisassociateTrunkInterface: the branch becomes available. */
export const disassociateTrunkInterface: Handler<
  DisassociateTrunkInterfaceRequest,
  DisassociateTrunkInterfaceResult
> = async (input, call) => {
  const { store } = call;
  const associationId = required(input.AssociationId, 'associationId');
  checkId(ID_KINDS.association, associationId);
  const [found] = store.interfaces.table.by('association', associationId);
  if (found === undefined || !sees(call, found))
    throw notFound(ID_KINDS.association, associationId);
  const id = found.metadata.name;
  await store.locks.hold({ exclusive: [id] }, () =>
    store.interfaces.update(id, (eni) => {
      const { trunkAssociation, ...spec } = eni.spec;
      if (trunkAssociation?.associationId !== associationId)
        throw notFound(ID_KINDS.association, associationId);
      return { ...eni, spec };
    }),
  );
  return { Return: true, ClientToken: input.ClientToken };
};

function associationView({ metadata, spec }: NetworkInterface): TrunkInterfaceAssociation {
  return {
    AssociationId: spec.trunkAssociation?.associationId,
    BranchInterfaceId: metadata.name,
    TrunkInterfaceId: spec.trunkAssociation?.trunkInterfaceId,
    InterfaceProtocol: 'VLAN',
    VlanId: spec.trunkAssociation?.vlanId,
    Tags: [],
  };
}

const FILTERS: FilterTable<TrunkInterfaceAssociation> = {
  filters: {
    'gre-key': () => [],
    'interface-protocol': () => ['VLAN'],
    'trunk-interface-association.trunk-interface-id': (each) => [each.TrunkInterfaceId],
    'trunk-interface-association.branch-interface-id': (each) => [each.BranchInterfaceId],
  },
};

/** DescribeTrunkInterfaceAssociations. */
export const describeTrunkInterfaceAssociations: Handler<
  DescribeTrunkInterfaceAssociationsRequest,
  DescribeTrunkInterfaceAssociationsResult
> = (input, call) => {
  const test = filterTest(FILTERS, input.Filters);
  const all = [...call.store.interfaces.table.values()]
    .filter((eni) => eni.spec.trunkAssociation !== undefined && sees(call, eni))
    .map(associationView);
  const ids = input.AssociationIds;
  for (const id of ids ?? []) {
    checkId(ID_KINDS.association, id);
    if (!all.some((each) => each.AssociationId === id)) throw notFound(ID_KINDS.association, id);
  }
  const chosen = all.filter(
    (each) => (!ids?.length || ids.includes(each.AssociationId ?? '')) && test(each),
  );
  const page = paginate(chosen, input, {
    key: (each) => each.AssociationId ?? '',
    range: [5, 255],
  });
  return { InterfaceAssociations: [...page.items], NextToken: page.nextToken };
};

import type {
  AssociateSecurityGroupVpcRequest,
  AssociateSecurityGroupVpcResult,
  DescribeSecurityGroupVpcAssociationsRequest,
  DescribeSecurityGroupVpcAssociationsResult,
  DisassociateSecurityGroupVpcRequest,
  DisassociateSecurityGroupVpcResult,
  GetSecurityGroupsForVpcRequest,
  GetSecurityGroupsForVpcResult,
  SecurityGroupVpcAssociation,
} from '@aws-sdk/client-ec2';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { invalidValue, own, ownAll, ownVpc, required, sees } from '../own.ts';
import { tagList } from '../tags.ts';

interface Association {
  readonly group: SecurityGroup;
  readonly vpcId: string;
}

/** AssociateSecurityGroupVpc: associated at once; a repeat changes nothing. */
export const associateSecurityGroupVpc: Handler<
  AssociateSecurityGroupVpcRequest,
  AssociateSecurityGroupVpcResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.GroupId, 'groupId');
  const vpcId = required(input.VpcId, 'vpcId');
  return store.locks.hold({ shared: [vpcId], exclusive: [id] }, async () => {
    checkAssociation(call, own(call, store.groups, id), vpcId);
    await store.groups.update(id, (group) => {
      const before = group.spec.associatedVpcIds ?? [];
      if (before.includes(vpcId)) return group;
      return { ...group, spec: { ...group.spec, associatedVpcIds: [...before, vpcId] } };
    });
    return { State: 'associated' };
  });
};

/** The limits of sharing (spec: ec2-surface 3.10). */
function checkAssociation(call: Call, { metadata, spec }: SecurityGroup, vpcId: string): void {
  const vpc = ownVpc(call, vpcId);
  if (spec.vpcId === vpcId)
    throw invalidValue(`The security group '${metadata.name}' belongs to VPC '${vpcId}' already.`);
  if (spec.groupName === 'default')
    throw invalidValue('The default security group of a VPC cannot be associated with other VPCs.');
  if (vpc.spec.isDefault)
    throw invalidValue('A security group cannot be associated with a default VPC.');
}

/** DisassociateSecurityGroupVpc: refused while interfaces of the VPC wear the group. */
export const disassociateSecurityGroupVpc: Handler<
  DisassociateSecurityGroupVpcRequest,
  DisassociateSecurityGroupVpcResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.GroupId, 'groupId');
  const vpcId = required(input.VpcId, 'vpcId');
  return store.locks.hold({ exclusive: [id] }, async () => {
    if (!own(call, store.groups, id).spec.associatedVpcIds?.includes(vpcId))
      throw invalidValue(`The security group '${id}' is not associated with VPC '${vpcId}'.`);
    if (store.interfaces.table.by('group', id).some(({ spec }) => spec.vpcId === vpcId))
      throw new Ec2Error('DependencyViolation', `resource ${id} has a dependent object`);
    await store.groups.update(id, (group) => {
      const associatedVpcIds = group.spec.associatedVpcIds?.filter((each) => each !== vpcId) ?? [];
      return { ...group, spec: { ...group.spec, associatedVpcIds } };
    });
    return { State: 'disassociated' };
  });
};

/** An association ends with its VPC. */
function associationsOf(call: Call): Association[] {
  return ownAll(call, call.store.groups).flatMap((group) =>
    (group.spec.associatedVpcIds ?? [])
      .filter((vpcId) => call.store.vpcs.get(vpcId) !== undefined)
      .map((vpcId) => ({ group, vpcId })),
  );
}

function associationFilters({ store }: Call): FilterTable<Association> {
  return {
    filters: {
      'group-id': ({ group }) => [group.metadata.name],
      'group-owner-id': ({ group }) => [group.spec.account],
      'vpc-id': ({ vpcId }) => [vpcId],
      'vpc-owner-id': ({ vpcId }) => [store.vpcs.get(vpcId)?.spec.account],
      state: () => ['associated'],
    },
  };
}

/** DescribeSecurityGroupVpcAssociations. */
export const describeSecurityGroupVpcAssociations: Handler<
  DescribeSecurityGroupVpcAssociationsRequest,
  DescribeSecurityGroupVpcAssociationsResult
> = (input, call) => {
  const chosen = associationsOf(call).filter(filterTest(associationFilters(call), input.Filters));
  const page = paginate(chosen, input, {
    key: ({ group, vpcId }) => `${group.metadata.name}/${vpcId}`,
    range: [5, 1000],
  });
  return {
    SecurityGroupVpcAssociations: page.items.map((each) => associationView(call, each)),
    NextToken: page.nextToken,
  };
};

function associationView(call: Call, { group, vpcId }: Association): SecurityGroupVpcAssociation {
  return {
    GroupId: group.metadata.name,
    GroupOwnerId: group.spec.account,
    VpcId: vpcId,
    VpcOwnerId: call.store.vpcs.get(vpcId)?.spec.account,
    State: 'associated',
  };
}

const GROUP_FILTERS: FilterTable<SecurityGroup> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'group-id': ({ metadata }) => [metadata.name],
    'group-name': ({ spec }) => [spec.groupName],
    description: ({ spec }) => [spec.description],
    'owner-id': ({ spec }) => [spec.account],
    'primary-vpc-id': ({ spec }) => [spec.vpcId],
  },
};

/** GetSecurityGroupsForVpc: what interfaces of the VPC may wear. */
export const getSecurityGroupsForVpc: Handler<
  GetSecurityGroupsForVpcRequest,
  GetSecurityGroupsForVpcResult
> = (input, call) => {
  const { table } = call.store.groups;
  const vpcId = ownVpc(call, required(input.VpcId, 'vpcId')).metadata.name;
  const groups = [...table.by('vpc', vpcId), ...table.by('associatedVpc', vpcId)]
    .filter((group) => sees(call, group))
    .filter(filterTest(GROUP_FILTERS, input.Filters));
  const page = paginate(groups, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  return {
    SecurityGroupForVpcs: page.items.map(({ metadata, spec }) => ({
      GroupId: metadata.name,
      GroupName: spec.groupName,
      Description: spec.description,
      OwnerId: spec.account,
      PrimaryVpcId: spec.vpcId,
      Tags: tagList(spec.tags),
    })),
    NextToken: page.nextToken,
  };
};

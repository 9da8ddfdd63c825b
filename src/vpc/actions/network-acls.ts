import type {
  CreateNetworkAclRequest,
  CreateNetworkAclResult,
  DeleteNetworkAclRequest,
  DescribeNetworkAclsRequest,
  DescribeNetworkAclsResult,
  NetworkAclEntry,
  ReplaceNetworkAclAssociationRequest,
  ReplaceNetworkAclAssociationResult,
} from '@aws-sdk/client-ec2';
import type { NetworkAcl } from '../../api/vpc/network-acl.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import { aclAssociationsOf, entriesOf, networkAclView } from '../acls/view.ts';
import type { Call, Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { createInVpc } from '../network/create-in-vpc.ts';
import { checkNoDependants } from '../network/dependants.ts';
import { invalidValue, own, required, sees } from '../own.ts';
import { specifiedTags } from '../tags.ts';

/** CreateNetworkAcl: it denies everything until it gets entries. */
export const createNetworkAcl: Handler<CreateNetworkAclRequest, CreateNetworkAclResult> = async (
  input,
  call,
) => {
  const vpcId = required(input.VpcId, 'vpcId');
  const tags = specifiedTags(input.TagSpecifications, 'network-acl', call.quotas);
  const acl = await createInVpc(call, input, {
    collection: call.store.networkAcls,
    action: 'CreateNetworkAcl',
    most: call.quotas.networkAclsPerVpc,
    lock: 'network-acls',
    tooMany: () =>
      new Ec2Error(
        'NetworkAclLimitExceeded',
        'The maximum number of network ACLs has been reached.',
      ),
    spec: { account: call.accountId, vpcId, isDefault: false, entries: [], tags },
  });
  return { NetworkAcl: networkAclView(call, acl), ClientToken: input.ClientToken };
};

/** DeleteNetworkAcl: refused for the default one, and while a subnet uses it. */
export const deleteNetworkAcl: Handler<DeleteNetworkAclRequest, void> = async (input, call) => {
  const { store } = call;
  const id = required(input.NetworkAclId, 'networkAclId');
  await store.locks.hold({ exclusive: [id] }, async () => {
    if (own(call, store.networkAcls, id).spec.isDefault)
      throw invalidValue(`cannot delete default network ACL ${id}`);
    checkNoDependants(call, 'network ACL', id);
    await store.networkAcls.remove(id);
  });
};

/** ReplaceNetworkAclAssociation: another ACL for a subnet, under a new association id. */
export const replaceNetworkAclAssociation: Handler<
  ReplaceNetworkAclAssociationRequest,
  ReplaceNetworkAclAssociationResult
> = (input, call) => {
  const { store } = call;
  const oldId = required(input.AssociationId, 'associationId');
  const networkAclId = required(input.NetworkAclId, 'networkAclId');
  const subnetId = subnetOf(call, oldId).metadata.name;
  const locks = { shared: [networkAclId, subnetId], exclusive: [`acl-of:${subnetId}`] };
  return store.locks.hold(locks, async () => {
    const subnet = subnetOf(call, oldId);
    if (own(call, store.networkAcls, networkAclId).spec.vpcId !== subnet.spec.vpcId)
      throw invalidValue(
        `network acl ${networkAclId} and subnet ${subnetId} belong to different networks`,
      );
    const networkAcl = { associationId: newId(call.random, 'aclassoc'), networkAclId };
    await store.subnets.update(subnetId, (current) => ({
      ...current,
      spec: { ...current.spec, networkAcl },
    }));
    return { NewAssociationId: networkAcl.associationId };
  });
};

function subnetOf(call: Call, associationId: string): Subnet {
  const [subnet] = call.store.subnets.table.by('association', associationId);
  if (subnet?.spec.networkAcl?.associationId !== associationId || !sees(call, subnet))
    throw notFound(ID_KINDS.networkAclAssociation, associationId);
  return subnet;
}

/** DescribeNetworkAcls. */
export const describeNetworkAcls: Handler<DescribeNetworkAclsRequest, DescribeNetworkAclsResult> = (
  input,
  call,
) => {
  const acls = selectObjects(
    call.store.networkAcls,
    { ids: input.NetworkAclIds, filters: input.Filters },
    { table: filtersOf(call), visible: (acl) => sees(call, acl) },
  );
  const page = paginate(acls, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  return {
    NetworkAcls: page.items.map((acl) => networkAclView(call, acl)),
    NextToken: page.nextToken,
  };
};

function filtersOf(call: Call): FilterTable<NetworkAcl> {
  const ofAssociations =
    (read: (each: ReturnType<typeof aclAssociationsOf>[number]) => string | undefined) =>
    (acl: NetworkAcl) =>
      aclAssociationsOf(call, acl).map(read);
  const ofEntries =
    (read: (each: NetworkAclEntry) => string | number | boolean | undefined) => (acl: NetworkAcl) =>
      entriesOf(call, acl).map((entry) => {
        const value = read(entry);
        return value === undefined ? undefined : String(value);
      });
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'vpc-id': 'vpc' },
    filters: {
      'network-acl-id': ({ metadata }) => [metadata.name],
      'vpc-id': ({ spec }) => [spec.vpcId],
      'owner-id': ({ spec }) => [spec.account],
      default: ({ spec }) => [String(spec.isDefault)],
      'association.association-id': ofAssociations((each) => each.NetworkAclAssociationId),
      'association.network-acl-id': ofAssociations((each) => each.NetworkAclId),
      'association.subnet-id': ofAssociations((each) => each.SubnetId),
      'entry.cidr': ofEntries((each) => each.CidrBlock),
      'entry.ipv6-cidr': ofEntries((each) => each.Ipv6CidrBlock),
      'entry.egress': ofEntries((each) => each.Egress),
      'entry.icmp.code': ofEntries((each) => each.IcmpTypeCode?.Code),
      'entry.icmp.type': ofEntries((each) => each.IcmpTypeCode?.Type),
      'entry.port-range.from': ofEntries((each) => each.PortRange?.From),
      'entry.port-range.to': ofEntries((each) => each.PortRange?.To),
      'entry.protocol': ofEntries((each) => each.Protocol),
      'entry.rule-action': ofEntries((each) => each.RuleAction),
      'entry.rule-number': ofEntries((each) => each.RuleNumber),
    },
  };
}

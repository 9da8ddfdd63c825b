import type { NetworkAcl } from '../../api/vpc/network-acl.ts';
import type { RouteTable } from '../../api/vpc/route-table.ts';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Place } from '../context.ts';
import { ownAll } from '../own.ts';
import { defaultEgressRules } from '../rules/defaults.ts';
import { creation, createWhole, type Creation } from '../store/together.ts';
import { allowAllEntries } from './acl-defaults.ts';
import { defaultDhcpOptionsId, ensureDefaultDhcpOptions } from './dhcp-defaults.ts';

/** What a new VPC is decided to be; the rest follows. */
export type VpcDraft = Pick<Vpc['spec'], 'cidrBlocks'> & Partial<Vpc['spec']>;

/** A VPC that is not yet written, and what every VPC has. */
export interface VpcParts {
  readonly vpc: Vpc;
  readonly group: SecurityGroup;
  readonly routeTable: RouteTable;
  readonly networkAcl: NetworkAcl;
}

/** The lock under which VPCs of an account and region are counted. */
export function vpcsLock({ accountId, region }: Place): string {
  return `vpcs:${accountId}/${region}`;
}

/**
 * Makes a VPC with its default group, main route table and default network ACL, and those that
 * `more` adds. The VPC is written last: parts without their VPC are seen by nobody and swept after
 * a crash, while a VPC without its parts could not be repaired unseen. Holds `vpcsLock`.
 */
export async function buildVpc(
  place: Place,
  draft: VpcDraft,
  more?: (parts: VpcParts) => readonly Creation[],
): Promise<Vpc> {
  const { store } = place;
  if (ownAll(place, store.vpcs).length >= place.quotas.vpcsPerRegion)
    throw new Ec2Error('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');
  const dhcpOptionsId = defaultDhcpOptionsId(place);
  return store.locks.hold({ shared: [dhcpOptionsId] }, async () => {
    await ensureDefaultDhcpOptions(place);
    const parts = vpcParts(place, draft, dhcpOptionsId);
    const all = [
      creation(store.groups, parts.group),
      creation(store.networkAcls, parts.networkAcl),
      ...(more?.(parts) ?? [creation(store.routeTables, parts.routeTable)]),
    ];
    return createWhole(all, () => store.vpcs.create(parts.vpc));
  });
}

function vpcParts(place: Place, draft: VpcDraft, dhcpOptionsId: string): VpcParts {
  const { random, accountId: account, region } = place;
  const vpcId = newId(random, 'vpc');
  const routeTableId = newId(random, 'rtb');
  const vpc: Vpc = {
    metadata: { name: vpcId },
    spec: {
      account,
      region,
      isDefault: false,
      enableDnsSupport: true,
      enableDnsHostnames: false,
      enableNetworkAddressUsageMetrics: false,
      instanceTenancy: 'default',
      dhcpOptionsId,
      mainRouteTable: { associationId: newId(random, 'rtbassoc'), routeTableId },
      tags: {},
      ...draft,
    },
  };
  return {
    vpc,
    group: defaultGroup(place, vpc),
    routeTable: {
      metadata: { name: routeTableId },
      spec: { account, vpcId, routes: [], tags: {} },
    },
    networkAcl: {
      metadata: { name: newId(random, 'acl') },
      spec: { account, vpcId, isDefault: true, entries: defaultEntries(vpc), tags: {} },
    },
  };
}

function defaultEntries({ spec }: Vpc): NetworkAcl['spec']['entries'] {
  return [...allowAllEntries(4), ...(spec.ipv6CidrBlocks?.length ? allowAllEntries(6) : [])];
}

function defaultGroup({ random, accountId }: Place, vpc: Vpc): SecurityGroup {
  const groupId = newId(random, 'sg');
  return {
    metadata: { name: groupId },
    spec: {
      account: accountId,
      vpcId: vpc.metadata.name,
      groupName: 'default',
      description: 'default VPC security group',
      rules: [
        ...defaultEgressRules(random, vpc),
        {
          ruleId: newId(random, 'sgr'),
          isEgress: false,
          ipProtocol: '-1',
          referencedGroupId: groupId,
          referencedAccount: accountId,
        },
      ],
      tags: {},
    },
  };
}

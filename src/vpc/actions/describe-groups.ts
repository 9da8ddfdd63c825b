import type {
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
} from '@aws-sdk/client-ec2';
import type { SecurityGroup, SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import type { Handler } from '../context.ts';
import { selectPage } from '../describe.ts';
import type { FilterTable, FilterValues } from '../filters.ts';
import { groupByName } from '../group-lookup.ts';
import { defaultVpc, sees } from '../own.ts';
import { ID_INDEX } from '../store/table.ts';
import { groupView } from '../views/group.ts';
import type { Call } from '../context.ts';

/** DescribeSecurityGroups. GroupNames are names in the default VPC. */
export const describeSecurityGroups: Handler<
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult
> = (input, call) => {
  const named = (input.GroupNames ?? []).map(
    (name) => groupByName(call, defaultVpc(call).metadata.name, name).metadata.name,
  );
  const page = selectPage(
    call.store.groups,
    { ids: [...(input.GroupIds ?? []), ...named], filters: input.Filters, page: input },
    { table: () => filtersOf(call), visible: (group) => sees(call, group), range: [5, 1000] },
  );
  return {
    SecurityGroups: page.items.map((group) => groupView(call, group)),
    NextToken: page.nextToken,
  };
};

function filtersOf(call: Call): FilterTable<SecurityGroup> {
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'group-id': ID_INDEX, 'group-name': 'groupName', 'vpc-id': 'vpc' },
    filters: {
      'group-id': ({ metadata }) => [metadata.name],
      'group-name': ({ spec }) => [spec.groupName],
      description: ({ spec }) => [spec.description],
      'vpc-id': ({ spec }) => [spec.vpcId],
      'owner-id': ({ spec }) => [spec.account],
      ...ruleFilters('ip-permission', false, call),
      ...ruleFilters('egress.ip-permission', true, call),
    },
  };
}

type RuleValue = (rule: SecurityGroupRuleSpec) => string | undefined;

function ruleFilters(
  prefix: string,
  isEgress: boolean,
  call: Call,
): Record<string, FilterValues<SecurityGroup>> {
  const values: Record<string, RuleValue> = {
    cidr: (rule) => rule.cidrIpv4,
    'ipv6-cidr': (rule) => rule.cidrIpv6,
    'from-port': (rule) => rule.fromPort?.toString(),
    'to-port': (rule) => rule.toPort?.toString(),
    protocol: (rule) => rule.ipProtocol,
    'group-id': (rule) => rule.referencedGroupId,
    'group-name': (rule) => call.store.groups.get(rule.referencedGroupId ?? '')?.spec.groupName,
    'prefix-list-id': (rule) => rule.prefixListId,
    'user-id': (rule) => rule.referencedAccount,
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, read]) => [
      `${prefix}.${name}`,
      ({ spec }: SecurityGroup) =>
        spec.rules.filter((rule) => rule.isEgress === isEgress).map(read),
    ]),
  );
}

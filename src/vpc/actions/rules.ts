import type {
  DescribeSecurityGroupRulesRequest,
  DescribeSecurityGroupRulesResult,
  ModifySecurityGroupRulesRequest,
  ModifySecurityGroupRulesResult,
  SecurityGroupRuleRequest,
} from '@aws-sdk/client-ec2';
import type { SecurityGroup, SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { isId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId, ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { own, required, sees } from '../own.ts';
import { keepManagedLists } from '../prefix-lists/aws-managed.ts';
import { canonicalCidr, groupPeer, ruleDraft, type RulePeer } from '../rules/draft.ts';
import { checkDuplicates } from '../rules/identity.ts';
import { parseMatch } from '../rules/match.ts';
import { checkGroupQuota } from '../rules/quota.ts';
import { referenceResolver } from '../rules/resolve.ts';
import { ruleView } from '../rules/view.ts';

interface RuleOfGroup {
  readonly group: SecurityGroup;
  readonly rule: SecurityGroupRuleSpec;
}

const FILTERS: FilterTable<RuleOfGroup> = {
  tags: ({ rule }) => rule.tags,
  filters: {
    'group-id': ({ group }) => [group.metadata.name],
    'security-group-rule-id': ({ rule }) => [rule.ruleId],
  },
};

/** DescribeSecurityGroupRules. */
export const describeSecurityGroupRules: Handler<
  DescribeSecurityGroupRulesRequest,
  DescribeSecurityGroupRulesResult
> = (input, call) => {
  const test = filterTest(FILTERS, input.Filters);
  const source = input.SecurityGroupRuleIds?.length
    ? input.SecurityGroupRuleIds.map((id) => findRule(call, id))
    : groupsOf(input, call).flatMap((group) => group.spec.rules.map((rule) => ({ group, rule })));
  const page = paginate(source.filter(test), input, {
    key: ({ rule }) => rule.ruleId,
    range: [5, 1000],
  });
  return {
    SecurityGroupRules: page.items.map(({ group, rule }) => ruleView(call, group, rule)),
    NextToken: page.nextToken,
  };
};

/** The groups that a group-id filter names, or all. Malformed ids in the filter are refused. */
function groupsOf({ Filters: filters }: DescribeSecurityGroupRulesRequest, call: Call) {
  const ids = filters?.find(({ Name: name }) => name === 'group-id')?.Values;
  for (const id of ids ?? [])
    if (!/[*?]/.test(id) && !isId(id, 'sg'))
      throw new Ec2Error('InvalidGroupId.Malformed', `The security group ID '${id}' is malformed`);
  const literal = ids?.every((id) => isId(id, 'sg'));
  const groups = literal
    ? [...new Set(ids)].flatMap((id) => call.store.groups.get(id) ?? [])
    : [...call.store.groups.table.values()];
  return groups.filter((group) => sees(call, group));
}

/** The caller's rule with this id, and its group. */
export function findRule(call: Call, id: string): RuleOfGroup {
  checkId(ID_KINDS.rule, id);
  const [group] = call.store.groups.table.by('rule', id);
  const rule = group?.spec.rules.find((each) => each.ruleId === id);
  if (group === undefined || rule === undefined || !sees(call, group))
    throw notFound(ID_KINDS.rule, id);
  return { group, rule };
}

/** ModifySecurityGroupRules: rules keep their ids; all change or none. */
export const modifySecurityGroupRules: Handler<
  ModifySecurityGroupRulesRequest,
  ModifySecurityGroupRulesResult
> = async (input, call) => {
  const { store } = call;
  const groupId = required(input.GroupId, 'groupId');
  const updates = required(input.SecurityGroupRules, 'SecurityGroupRule');
  const references = updates.flatMap(
    ({ SecurityGroupRule: rule }) => rule?.ReferencedGroupId ?? rule?.PrefixListId ?? [],
  );
  const locks = { shared: [groupId, ...references], exclusive: [`rules:${groupId}`] };
  await keepManagedLists(call, references);
  await store.locks.hold(locks, async () => {
    own(call, store.groups, groupId);
    await store.groups.update(groupId, (group) => {
      let { rules } = group.spec;
      for (const { SecurityGroupRuleId: id = '', SecurityGroupRule: change } of updates)
        rules = modified(call, { group, rules }, { id, change: change ?? {} });
      checkGroupQuota(call, group, { rules });
      return { ...group, spec: { ...group.spec, rules } };
    });
  });
  return { Return: true };
};

interface Before {
  readonly group: SecurityGroup;
  readonly rules: readonly SecurityGroupRuleSpec[];
}

function modified(
  call: Call,
  { group, rules }: Before,
  { id, change }: { id: string; change: SecurityGroupRuleRequest },
): readonly SecurityGroupRuleSpec[] {
  checkId(ID_KINDS.rule, id);
  const before = rules.find((rule) => rule.ruleId === id);
  if (before === undefined) throw notFound(ID_KINDS.rule, id);
  const peer = peerOf(change, call, group);
  const match = parseMatch(change);
  if (peerKind(peer) !== peerKind(before))
    throw new Ec2Error(
      'InvalidParameterValue',
      'You may not change the type of the source or destination of a security group rule.',
    );
  const draft = ruleDraft(match, { peer, description: change.Description }, before.isEgress);
  checkDuplicates(
    rules.filter((rule) => rule !== before),
    [draft],
  );
  const tags = before.tags === undefined ? {} : { tags: before.tags };
  return rules.map((rule) => (rule === before ? { ruleId: id, ...draft, ...tags } : rule));
}

function peerOf(change: SecurityGroupRuleRequest, call: Call, group: SecurityGroup): RulePeer {
  const { CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId } = change;
  const given = [CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId].filter(
    (each) => each !== undefined,
  );
  if (given.length === 0)
    throw new Ec2Error(
      'MissingParameter',
      'The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId',
    );
  if (given.length > 1)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified',
    );
  if (CidrIpv4 !== undefined) return { cidrIpv4: canonicalCidr(CidrIpv4, 4) };
  if (CidrIpv6 !== undefined) return { cidrIpv6: canonicalCidr(CidrIpv6, 6) };
  const resolve = referenceResolver(call, group);
  if (PrefixListId !== undefined) return { prefixListId: resolve.prefixList(PrefixListId) };
  return groupPeer(resolve.group({ GroupId: ReferencedGroupId, UserId: ownerOf(call, change) }));
}

/** A change names no account: the group's own is meant. */
function ownerOf(
  { store }: Call,
  { ReferencedGroupId: id }: SecurityGroupRuleRequest,
): string | undefined {
  return store.groups.get(id ?? '')?.spec.account;
}

function peerKind(peer: RulePeer): string {
  if (peer.referencedGroupId !== undefined) return 'group';
  return peer.prefixListId === undefined ? 'cidr' : 'prefix-list';
}

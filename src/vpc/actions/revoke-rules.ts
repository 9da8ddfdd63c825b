import type {
  RevokedSecurityGroupRule,
  RevokeSecurityGroupEgressRequest,
  RevokeSecurityGroupIngressRequest,
  RevokeSecurityGroupIngressResult,
} from '@aws-sdk/client-ec2';
import type { SecurityGroup, SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId, ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { groupIdOf } from '../group-lookup.ts';
import { own } from '../own.ts';
import { draftRules } from '../rules/draft.ts';
import { ruleKey } from '../rules/identity.ts';
import { permissionsOf } from '../rules/request.ts';
import { existingResolver } from '../rules/resolve.ts';
import { ipPermissions, ruleView } from '../rules/view.ts';

type Request = RevokeSecurityGroupIngressRequest & RevokeSecurityGroupEgressRequest;

/** RevokeSecurityGroupIngress. */
export const revokeSecurityGroupIngress: Handler<
  RevokeSecurityGroupIngressRequest,
  RevokeSecurityGroupIngressResult
> = (input, call) => revoke(input as Request, call, false);

/** RevokeSecurityGroupEgress. */
export const revokeSecurityGroupEgress: Handler<
  RevokeSecurityGroupEgressRequest,
  RevokeSecurityGroupIngressResult
> = (input, call) => revoke(input, call, true);

interface Selection {
  readonly found: readonly SecurityGroupRuleSpec[];
  /** Wanted by the request, but not there. */
  readonly missing: readonly SecurityGroupRuleSpec[];
}

/**
 * Removes all rules of the request or none; in a default VPC those that exist, and the others come
 * back as UnknownIpPermissions (spec: ec2-surface 3.3).
 */
async function revoke(
  input: Request,
  call: Call,
  isEgress: boolean,
): Promise<RevokeSecurityGroupIngressResult> {
  const { store } = call;
  const groupId = groupIdOf(call, input);
  return store.locks.hold({ shared: [groupId], exclusive: [`rules:${groupId}`] }, async () => {
    own(call, store.groups, groupId);
    let selection: Selection = { found: [], missing: [] };
    const group = await store.groups.update(groupId, (current) => {
      selection = select(input, call, { group: current, isEgress });
      const gone = new Set(selection.found.map((rule) => rule.ruleId));
      if (gone.size === 0) return current;
      const rules = current.spec.rules.filter((rule) => !gone.has(rule.ruleId));
      return { ...current, spec: { ...current.spec, rules } };
    });
    return {
      Return: true,
      UnknownIpPermissions: ipPermissions(call, selection.missing),
      RevokedSecurityGroupRules: selection.found.map((rule) => revokedView(call, group, rule)),
    };
  });
}

interface Target {
  readonly group: SecurityGroup;
  readonly isEgress: boolean;
}

function select(input: Request, call: Call, target: Target): Selection {
  const ids = input.SecurityGroupRuleIds ?? [];
  return ids.length > 0 ? selectByIds(ids, target) : selectByContent(input, call, target);
}

function selectByIds(ids: readonly string[], { group, isEgress }: Target): Selection {
  const found = ids.map((id) => {
    checkId(ID_KINDS.rule, id);
    const rule = group.spec.rules.find((each) => each.ruleId === id && each.isEgress === isEgress);
    if (rule === undefined) throw notFound(ID_KINDS.rule, id);
    return rule;
  });
  return { found, missing: [] };
}

function selectByContent(input: Request, call: Call, { group, isEgress }: Target): Selection {
  const resolve = existingResolver(call, group);
  const drafts = draftRules(permissionsOf(input), { isEgress, resolve });
  const byKey = new Map(group.spec.rules.map((rule) => [ruleKey(rule), rule]));
  const missing = drafts.filter((draft) => !byKey.has(ruleKey(draft)));
  const inDefaultVpc = call.store.vpcs.get(group.spec.vpcId)?.spec.isDefault ?? false;
  if (missing.length > 0 && !inDefaultVpc)
    throw new Ec2Error(
      'InvalidPermission.NotFound',
      'The specified rule does not exist in this security group.',
    );
  return {
    found: [...new Set(drafts.flatMap((draft) => byKey.get(ruleKey(draft)) ?? []))],
    missing: missing.map((draft) => ({ ruleId: '', ...draft })),
  };
}

function revokedView(
  call: Call,
  group: SecurityGroup,
  rule: SecurityGroupRuleSpec,
): RevokedSecurityGroupRule {
  const view = ruleView(call, group, rule);
  return {
    SecurityGroupRuleId: view.SecurityGroupRuleId,
    GroupId: view.GroupId,
    IsEgress: view.IsEgress,
    IpProtocol: view.IpProtocol,
    FromPort: view.FromPort,
    ToPort: view.ToPort,
    CidrIpv4: view.CidrIpv4,
    CidrIpv6: view.CidrIpv6,
    PrefixListId: view.PrefixListId,
    ReferencedGroupId: rule.referencedGroupId,
    Description: view.Description,
  };
}

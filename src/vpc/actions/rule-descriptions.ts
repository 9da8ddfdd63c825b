import type {
  UpdateSecurityGroupRuleDescriptionsIngressRequest,
  UpdateSecurityGroupRuleDescriptionsIngressResult,
} from '@aws-sdk/client-ec2';
import type { SecurityGroup, SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId, ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { groupIdOf } from '../group-lookup.ts';
import { own } from '../own.ts';
import { draftRules } from '../rules/draft.ts';
import { ruleKey } from '../rules/identity.ts';
import { existingResolver } from '../rules/resolve.ts';
import { checkText } from '../texts.ts';

type Request = UpdateSecurityGroupRuleDescriptionsIngressRequest;
type Result = UpdateSecurityGroupRuleDescriptionsIngressResult;

/** UpdateSecurityGroupRuleDescriptionsIngress. */
export const updateSecurityGroupRuleDescriptionsIngress: Handler<Request, Result> = (input, call) =>
  updateDescriptions(input, call, false);

/** UpdateSecurityGroupRuleDescriptionsEgress. */
export const updateSecurityGroupRuleDescriptionsEgress: Handler<Request, Result> = (input, call) =>
  updateDescriptions(input, call, true);

/** Rule id -> new description; undefined removes it. */
type Changes = ReadonlyMap<string, string | undefined>;

async function updateDescriptions(input: Request, call: Call, isEgress: boolean): Promise<Result> {
  const { store } = call;
  const groupId = groupIdOf(call, input);
  await store.locks.hold({ shared: [groupId], exclusive: [`rules:${groupId}`] }, async () => {
    own(call, store.groups, groupId);
    await store.groups.update(groupId, (group) => {
      const changes = changesOf(input, call, { group, isEgress });
      const rules = group.spec.rules.map((rule) => redescribed(rule, changes));
      return { ...group, spec: { ...group.spec, rules } };
    });
  });
  return { Return: true };
}

function redescribed(rule: SecurityGroupRuleSpec, changes: Changes): SecurityGroupRuleSpec {
  if (!changes.has(rule.ruleId)) return rule;
  const { description: _before, ...rest } = rule;
  const description = changes.get(rule.ruleId);
  return description === undefined || description === '' ? rest : { ...rest, description };
}

interface Target {
  readonly group: SecurityGroup;
  readonly isEgress: boolean;
}

function changesOf(input: Request, call: Call, target: Target): Changes {
  const byId = input.SecurityGroupRuleDescriptions ?? [];
  const permissions = input.IpPermissions ?? [];
  if (byId.length === 0 && permissions.length === 0)
    throw new Ec2Error(
      'MissingParameter',
      'Either ipPermissions or securityGroupRuleDescriptions should be provided.',
    );
  if (byId.length > 0)
    return new Map(
      byId.map(({ SecurityGroupRuleId: id = '', Description: description }) =>
        changeOf(target, id, description),
      ),
    );
  const resolve = existingResolver(call, target.group);
  const drafts = draftRules(permissions, { isEgress: target.isEgress, resolve });
  const rules = new Map(target.group.spec.rules.map((rule) => [ruleKey(rule), rule.ruleId]));
  return new Map(
    drafts.map((draft) => {
      const id = rules.get(ruleKey(draft));
      if (id === undefined)
        throw new Ec2Error(
          'InvalidPermission.NotFound',
          'The specified rule does not exist in this security group.',
        );
      return [id, draft.description];
    }),
  );
}

function changeOf(
  { group, isEgress }: Target,
  id: string,
  description: string | undefined,
): [string, string | undefined] {
  checkId(ID_KINDS.rule, id);
  checkText('rule description', description ?? '');
  if (!group.spec.rules.some((rule) => rule.ruleId === id && rule.isEgress === isEgress))
    throw notFound(ID_KINDS.rule, id);
  return [id, description];
}

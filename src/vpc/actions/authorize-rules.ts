import type {
  AuthorizeSecurityGroupEgressRequest,
  AuthorizeSecurityGroupIngressRequest,
  AuthorizeSecurityGroupIngressResult,
  SecurityGroupRule,
} from '@aws-sdk/client-ec2';
import { newId } from '../../base/ids.ts';
import { compact } from '../compact.ts';
import type { Call, Handler } from '../context.ts';
import { groupIdOf } from '../group-lookup.ts';
import { own } from '../own.ts';
import { keepManagedLists } from '../prefix-lists/aws-managed.ts';
import { draftRules } from '../rules/draft.ts';
import { checkDuplicates } from '../rules/identity.ts';
import { checkGroupQuota } from '../rules/quota.ts';
import { permissionsOf } from '../rules/request.ts';
import { referenceResolver } from '../rules/resolve.ts';
import { ruleView } from '../rules/view.ts';
import { specifiedTags } from '../tags.ts';
import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';

type Request = AuthorizeSecurityGroupIngressRequest & AuthorizeSecurityGroupEgressRequest;

/** AuthorizeSecurityGroupIngress. */
export const authorizeSecurityGroupIngress: Handler<
  AuthorizeSecurityGroupIngressRequest,
  AuthorizeSecurityGroupIngressResult
> = (input, call) => authorize(input as Request, call, false);

/** AuthorizeSecurityGroupEgress. */
export const authorizeSecurityGroupEgress: Handler<
  AuthorizeSecurityGroupEgressRequest,
  AuthorizeSecurityGroupIngressResult
> = (input, call) => authorize(input, call, true);

/**
 * Adds all rules of the request or none. The checks run on the state that is replaced, and the
 * groups and prefix lists referred to are held, so that a rule never refers to one that is being
 * deleted or resized.
 */
async function authorize(
  input: Request,
  call: Call,
  isEgress: boolean,
): Promise<AuthorizeSecurityGroupIngressResult> {
  const { store } = call;
  const groupId = groupIdOf(call, input);
  const permissions = permissionsOf(input);
  const tags = specifiedTags(input.TagSpecifications, 'security-group-rule', call.quotas);
  const draft = () => {
    const resolve = referenceResolver(call, own(call, store.groups, groupId));
    return draftRules(permissions, { isEgress, resolve });
  };
  const references = draft().flatMap((rule) => rule.referencedGroupId ?? rule.prefixListId ?? []);
  await keepManagedLists(call, references);
  const locks = { shared: [groupId, ...references], exclusive: [`rules:${groupId}`] };
  return store.locks.hold(locks, async () => {
    let added: SecurityGroupRuleSpec[] = [];
    const group = await store.groups.update(groupId, (current) => {
      const drafts = draft();
      checkDuplicates(current.spec.rules, drafts);
      added = drafts.map((each) =>
        compact<SecurityGroupRuleSpec>({
          ruleId: newId(call.random, 'sgr'),
          ...each,
          tags: Object.keys(tags).length > 0 ? tags : undefined,
        }),
      );
      const rules = [...current.spec.rules, ...added];
      checkGroupQuota(call, current, { rules });
      return { ...current, spec: { ...current.spec, rules } };
    });
    return {
      Return: true,
      SecurityGroupRules: added.map((rule) => newRuleView(ruleView(call, group, rule))),
    };
  });
}

/** Unlike DescribeSecurityGroupRules, this answer has no list of tags when there are none. */
function newRuleView({ Tags: tags, ...rule }: SecurityGroupRule): SecurityGroupRule {
  return tags?.length ? { ...rule, Tags: tags } : rule;
}

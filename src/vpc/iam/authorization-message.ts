import type { Call } from '../context.ts';
import type { ResourceUse } from './ec2-requests.ts';
import type { Decision, MatchedStatement } from './evaluate.ts';
import type { Condition } from './policy-document.ts';
import { requestFacts } from './request-facts.ts';

/** What sts DecodeAuthorizationMessage answers, in AWS's form: JSON whose lists are `items`. */
export function authorizationMessage(call: Call, use: ResourceUse, decision: Decision): string {
  const { principal } = call.caller;
  return JSON.stringify({
    allowed: decision.effect === 'allow',
    explicitDeny: decision.effect === 'explicit-deny',
    matchedStatements: items(decision.matched.map(statementView)),
    failures: items([]),
    context: {
      principal: { id: principal.userId, name: principal.name, arn: principal.arn },
      action: use.action,
      resource: use.resource,
      conditions: items(
        [...requestFacts(call), ...use.facts].map(([key, values]) => ({
          key,
          values: valueItems(values),
        })),
      ),
    },
  });
}

function statementView({ source, statement }: MatchedStatement): object {
  return {
    statementId: statement.sid ?? '',
    effect: statement.effect.toUpperCase(),
    principals: items([]),
    principalGroups: items([]),
    actions: valueItems(statement.actions),
    resources: valueItems(statement.resources),
    conditions: items(statement.conditions.map(conditionView)),
    sourcePolicyId: source.id,
    sourcePolicyType: source.type,
  };
}

function conditionView({ key, operator, values }: Condition): object {
  return { key, operator, values: valueItems(values) };
}

function items(list: readonly object[]): { items: readonly object[] } {
  return { items: list };
}

function valueItems(values: readonly string[]): { items: readonly object[] } {
  return items(values.map((value) => ({ value })));
}

import { CONDITIONS_LIMIT, expressionProblem } from '../admission/condition.ts';
import {
  at,
  fieldsOf,
  isFields,
  listOf,
  setDefault,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import type { Behaviour } from '../registry/kind.ts';
import { duplicate, invalidValue, required, type FieldProblem } from '../status.ts';
import { labelKeyProblems } from './name-rules.ts';

/** Rules of webhook configurations; both kinds are alike. */
export const WEBHOOK_CONFIGURATION: Behaviour = {
  defaults: (configuration) => {
    for (const webhook of listOf(configuration['webhooks']).filter(isFields)) {
      defaultWebhook(webhook, configuration.kind.startsWith('Mutating'));
    }
  },
  validate: (configuration) => {
    const webhooks = listOf(configuration['webhooks']);
    const path = (index: number): string => `webhooks[${index}]`;
    return [
      ...webhooks.flatMap((webhook, index) => webhookProblems(webhook, path(index))),
      ...duplicateNames(webhooks, path),
    ];
  },
};

function webhookProblems(webhook: unknown, path: string): FieldProblem[] {
  const client = fieldsOf(at(webhook, 'clientConfig'));
  const count = [client['url'], client['service']].filter((each) => each !== undefined).length;
  return [
    ...(textAt(webhook, 'name') === '' ? [required(`${path}.name`)] : []),
    ...(count === 1
      ? []
      : [required(`${path}.clientConfig`, 'exactly one of url or service is required')]),
    ...(at(webhook, 'sideEffects') === undefined
      ? [required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
      : []),
    ...(listOf(at(webhook, 'admissionReviewVersions')).length === 0
      ? [required(`${path}.admissionReviewVersions`, 'must specify one of v1, v1beta1')]
      : []),
    ...conditionProblems(listOf(at(webhook, 'matchConditions')), `${path}.matchConditions`),
  ];
}

function conditionProblems(conditions: readonly unknown[], path: string): FieldProblem[] {
  if (conditions.length > CONDITIONS_LIMIT) {
    const text = `Too many: ${conditions.length}: must have at most ${CONDITIONS_LIMIT} items`;
    return [{ path, reason: 'FieldValueTooMany', text }];
  }
  const where = (index: number): string => `${path}[${index}]`;
  return [
    ...conditions.flatMap((condition, index) => {
      const name = textAt(condition, 'name');
      const names = `${where(index)}.name`;
      return [
        ...(name === '' ? [required(names)] : labelKeyProblems(name, names)),
        ...expressionProblems(textAt(condition, 'expression'), `${where(index)}.expression`),
      ];
    }),
    ...duplicateNames(conditions, where),
  ];
}

function expressionProblems(expression: string, path: string): FieldProblem[] {
  if (expression.trim() === '') return [required(path)];
  const problem = expressionProblem(expression);
  return problem === undefined ? [] : [invalidValue(path, expression, problem)];
}

function duplicateNames(
  items: readonly unknown[],
  path: (index: number) => string,
): FieldProblem[] {
  const names = items.map((item) => textAt(item, 'name'));
  return names.flatMap((name, index) =>
    name !== '' && names.indexOf(name) < index ? [duplicate(`${path(index)}.name`, name)] : [],
  );
}

function defaultWebhook(webhook: Fields, mutating: boolean): void {
  setDefault(webhook, 'failurePolicy', 'Fail');
  setDefault(webhook, 'matchPolicy', 'Equivalent');
  setDefault(webhook, 'timeoutSeconds', 10);
  setDefault(webhook, 'namespaceSelector', {});
  setDefault(webhook, 'objectSelector', {});
  if (mutating) setDefault(webhook, 'reinvocationPolicy', 'Never');
  for (const rule of listOf(webhook['rules']).filter(isFields)) setDefault(rule, 'scope', '*');
  const service = fieldsOf(webhook['clientConfig'])['service'];
  if (isFields(service)) setDefault(service, 'port', 443);
}

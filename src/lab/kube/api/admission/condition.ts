import { Environment, EvaluationError, ParseError, TypeError } from '@marcbachmann/cel-js';
import type { Fields } from '../../../../base/json.ts';

/** A condition of a webhook: it is called only when all of its conditions hold. */
export interface MatchCondition {
  readonly name: string;
  /** CEL over `object`, `oldObject` and `request`. */
  readonly expression: string;
}

/** What conditions look at: the body of the AdmissionReview, without its uid. */
export interface ConditionVariables {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: Fields;
}

/** What the conditions of a webhook say about a request. */
export type ConditionVerdict =
  | { readonly kind: 'matched' }
  | { readonly kind: 'excluded'; readonly by: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Most conditions of one webhook, as in Kubernetes. */
export const CONDITIONS_LIMIT = 64;

const KIND_SCHEMA = { group: 'string', version: 'string', kind: 'string' };
const RESOURCE_SCHEMA = { group: 'string', version: 'string', resource: 'string' };

/** Fields of a request (admission/v1 AdmissionRequest); others are refused beforehand. */
const REQUEST_SCHEMA = {
  kind: KIND_SCHEMA,
  resource: RESOURCE_SCHEMA,
  subResource: 'string',
  requestKind: KIND_SCHEMA,
  requestResource: RESOURCE_SCHEMA,
  requestSubResource: 'string',
  name: 'string',
  namespace: 'string',
  operation: 'string',
  userInfo: {
    username: 'string',
    uid: 'string',
    groups: 'list<string>',
    extra: 'map<string, list<string>>',
  },
  dryRun: 'bool',
  options: 'dyn',
};

/**
 * The variables of match conditions (Kubernetes: "Matching requests: matchConditions"). There is no
 * `authorizer`, because the lab has no authorisation; the libraries of Kubernetes beyond standard
 * CEL (quantities, URLs, ...) are missing. Both are refused when the webhook is registered.
 */
const ENVIRONMENT = new Environment({ enableOptionalTypes: true })
  .registerVariable('object', 'dyn')
  .registerVariable('oldObject', 'dyn')
  .registerVariable({ name: 'request', schema: REQUEST_SCHEMA });

/** Why the expression cannot be a condition, or undefined when it can. */
export function expressionProblem(expression: string): string | undefined {
  const { valid, type, error } = ENVIRONMENT.check(expression);
  if (!valid) return `compilation failed: ERROR: ${celText(error)}`;
  return type === 'bool' ? undefined : 'must evaluate to bool';
}

/**
 * Evaluates all conditions. One that is false excludes the request, whatever becomes of the others;
 * an error counts only when none is false.
 */
export function judgeConditions(
  conditions: readonly MatchCondition[],
  variables: ConditionVariables,
): ConditionVerdict {
  if (conditions.length === 0) return { kind: 'matched' };
  const values = {
    object: celValue(variables.object),
    oldObject: celValue(variables.oldObject),
    request: celValue(variables.request),
  };
  const errors: string[] = [];
  for (const { name, expression } of conditions) {
    try {
      if (ENVIRONMENT.evaluate(expression, values) !== true) return { kind: 'excluded', by: name };
    } catch (error) {
      errors.push(`expression '${expression}' resulted in error: ${celText(error)}`);
    }
  }
  if (errors.length === 0) return { kind: 'matched' };
  const message = errors.length === 1 ? String(errors[0]) : `[${errors.join(', ')}]`;
  return { kind: 'failed', message };
}

/** The words of an error without the picture of where it is. */
function celText(error: unknown): string {
  const known =
    error instanceof ParseError || error instanceof TypeError || error instanceof EvaluationError;
  return known ? error.summary : String(error);
}

/** JSON as CEL sees it: whole numbers are `int`, all others `double`; absent is null. */
function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return new Map(Object.entries(value).map(([key, item]) => [key, celValue(item)]));
}

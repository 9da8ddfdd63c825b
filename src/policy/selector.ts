import type { LabelSelector, LabelSelectorRequirement } from '../api/meta.ts';
import { err, ok, type Result } from '../base/result.ts';

/** Labels of an object; absent is the same as none. */
export type Labels = Readonly<Record<string, string>> | undefined;

/** Why a requirement of a selector can never be evaluated. */
export interface SelectorProblem {
  readonly kind: 'unknown-operator' | 'values-missing' | 'values-forbidden';
  /** Path below the selector, such as `matchExpressions[1].operator`. */
  readonly path: string;
  readonly message: string;
}

/**
 * What is wrong with a selector, apart from the syntax of keys and values. A selector with a
 * problem matches nothing (spec: eks-behaviour 1.5, step 4).
 */
export function selectorProblems(selector: LabelSelector): readonly SelectorProblem[] {
  return (selector.matchExpressions ?? []).flatMap((requirement, index) => {
    const problem = requirementProblem(requirement, `matchExpressions[${index}]`);
    return problem ? [problem] : [];
  });
}

/**
 * Whether the labels satisfy the selector. The empty selector matches everything; a selector with
 * a problem matches nothing. `NotIn` holds for objects without the key, as in Kubernetes.
 */
export function matchesSelector(selector: LabelSelector, labels: Labels): boolean {
  if (selectorProblems(selector).length > 0) return false;
  const own = labels ?? {};
  return (
    Object.entries(selector.matchLabels ?? {}).every(
      ([key, value]) => valueOf(own, key) === value,
    ) && (selector.matchExpressions ?? []).every((requirement) => holds(requirement, own))
  );
}

function valueOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function holds(
  { key, operator, values }: LabelSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = valueOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && (values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

const NEEDS_VALUES = new Set(['In', 'NotIn']);
const TAKES_NO_VALUES = new Set(['Exists', 'DoesNotExist']);

function requirementProblem(
  { operator, values }: LabelSelectorRequirement,
  path: string,
): SelectorProblem | undefined {
  const count = values?.length ?? 0;
  if (NEEDS_VALUES.has(operator)) {
    if (count > 0) return undefined;
    const message = `${operator} needs at least one value`;
    return { kind: 'values-missing', path: `${path}.values`, message };
  }
  if (TAKES_NO_VALUES.has(operator)) {
    if (count === 0) return undefined;
    const message = `${operator} takes no values`;
    return { kind: 'values-forbidden', path: `${path}.values`, message };
  }
  const message = `"${operator}" is not an operator: use In, NotIn, Exists or DoesNotExist`;
  return { kind: 'unknown-operator', path: `${path}.operator`, message };
}

/**
 * Reads the text form of selectors in list and watch requests, such as
 * `app=web,tier!=db,zone in (a,b),!legacy`.
 */
export function parseLabelSelector(text: string): Result<LabelSelector, string> {
  const requirements: LabelSelectorRequirement[] = [];
  for (const part of splitOutsideParentheses(text)) {
    const requirement = parseRequirement(part);
    if (!requirement) return err(`Cannot read label selector "${text}": unexpected "${part}"`);
    requirements.push(requirement);
  }
  return ok({ matchExpressions: requirements });
}

function splitOutsideParentheses(text: string): readonly string[] {
  const parts = text.match(/(?:\([^)]*\)|[^,(])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

const SET_FORM = /^(?<key>[^\s!=()]+)\s+(?<operator>in|notin)\s*\((?<values>[^)]*)\)$/;
const EQUALITY_FORM = /^(?<key>[^\s!=()]+)\s*(?<operator>==|=|!=)\s*(?<values>[^\s!=()]*)$/;
const EXISTENCE_FORM = /^(?<operator>!?)\s*(?<key>[^\s!=()]+)$/;
const OPERATORS: Readonly<Record<string, string>> = {
  in: 'In',
  notin: 'NotIn',
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  '!': 'DoesNotExist',
  '': 'Exists',
};

function parseRequirement(part: string): LabelSelectorRequirement | undefined {
  const match = SET_FORM.exec(part) ?? EQUALITY_FORM.exec(part) ?? EXISTENCE_FORM.exec(part);
  const { key, operator, values } = match?.groups ?? {};
  if (key === undefined || operator === undefined) return undefined;
  return {
    key,
    operator: OPERATORS[operator] ?? operator,
    ...(values !== undefined && { values: values.split(',').map((value) => value.trim()) }),
  };
}

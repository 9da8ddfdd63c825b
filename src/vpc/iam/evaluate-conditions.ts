import { cidrContains, parseCidr } from '../../base/cidr.ts';
import { literal, matches, matchesArn, type Facts } from './evaluate-match.ts';
import type { Condition } from './policy-document.ts';

/** Whether one value of the request meets one value of the policy. */
type Compare = (wanted: string, actual: string, variables: Facts | undefined) => boolean;

/** Operators without their negation, which is spelled `Not` in the name. */
const COMPARE: Readonly<Record<string, Compare>> = {
  StringEquals: (wanted, actual, variables) => literal(wanted, variables) === actual,
  StringEqualsIgnoreCase: (wanted, actual, variables) =>
    literal(wanted, variables)?.toLowerCase() === actual.toLowerCase(),
  StringLike: matches,
  Bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
  BinaryEquals: (wanted, actual) => wanted === actual,
  IpAddress: (wanted, actual) => isWithin(wanted, actual),
  ArnEquals: matchesArn,
  ArnLike: matchesArn,
  ...ordered('Numeric', Number),
  ...ordered('Date', dateMs),
};

/** Whether the condition holds. `variables` are the facts that `${...}` may name. */
export function holds(condition: Condition, facts: Facts, variables: Facts | undefined): boolean {
  const { operator, quantifier, ifExists, key, values } = condition;
  const actual = facts.get(key.toLowerCase()) ?? [];
  if (operator === 'Null') return values.includes(String(actual.length === 0));
  if (actual.length === 0 && ifExists) return true;
  const negated = operator.includes('Not');
  const compare = COMPARE[operator.replace('Not', '')];
  if (compare === undefined) return false;
  const meets = (value: string): boolean =>
    values.some((wanted) => compare(wanted, value, variables)) !== negated;
  if (quantifier === 'ForAllValues') return actual.every(meets);
  if (quantifier === 'ForAnyValue') return actual.some(meets);
  return negated ? actual.every(meets) : actual.some(meets);
}

function ordered(prefix: string, read: (text: string) => number): Record<string, Compare> {
  const by =
    (test: (difference: number) => boolean): Compare =>
    (wanted, actual) =>
      test(read(actual) - read(wanted));
  return {
    [`${prefix}Equals`]: by((difference) => difference === 0),
    [`${prefix}LessThan`]: by((difference) => difference < 0),
    [`${prefix}LessThanEquals`]: by((difference) => difference <= 0),
    [`${prefix}GreaterThan`]: by((difference) => difference > 0),
    [`${prefix}GreaterThanEquals`]: by((difference) => difference >= 0),
  };
}

/** ISO 8601, or seconds since 1970. */
function dateMs(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function isWithin(block: string, address: string): boolean {
  const outer = parseCidr(withPrefix(block));
  const inner = parseCidr(withPrefix(address));
  return outer.ok && inner.ok && cidrContains(outer.value, inner.value);
}

function withPrefix(text: string): string {
  if (text.includes('/')) return text;
  return text.includes(':') ? `${text}/128` : `${text}/32`;
}

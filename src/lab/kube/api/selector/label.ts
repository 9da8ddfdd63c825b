import { isFields, listOf, textAt } from '../../../../base/json.ts';
import { parseRequirements, type Requirement } from './label-parser.ts';

/** Tells whether labels are selected. */
export type LabelMatch = (labels: Readonly<Record<string, string>>) => boolean;

/** Parses the text form, such as `a=b,c!=d,e in (f,g),!k`. Throws 400 when malformed. */
export function parseLabelSelector(text: string): LabelMatch {
  const terms = parseRequirements(text).map(matchRequirement);
  return (labels) => terms.every((term) => term(labels));
}

function matchRequirement({ key, operator, values }: Requirement): LabelMatch {
  switch (operator) {
    case 'in':
    case 'notin':
      return inSet(key, operator === 'in', values);
    case 'exists':
    case 'absent':
      return hasLabel(key, operator === 'exists');
    case 'gt':
    case 'lt':
      return compared(key, operator, Number(values[0]));
  }
}

function compared(key: string, operator: 'gt' | 'lt', limit: number): LabelMatch {
  return (labels) => {
    const text = labelOf(labels, key);
    if (text === undefined || !/^[-+]?\d+$/.test(text)) return false;
    return operator === 'gt' ? Number(text) > limit : Number(text) < limit;
  };
}

/** A label; no name is special, though every JavaScript object inherits some. */
function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function inSet(key: string, wanted: boolean, values: readonly string[]): LabelMatch {
  return (labels) => {
    const value = labelOf(labels, key);
    if (value === undefined) return !wanted;
    return values.includes(value) === wanted;
  };
}

function hasLabel(key: string, wanted: boolean): LabelMatch {
  return (labels) => (labelOf(labels, key) !== undefined) === wanted;
}

/** The object form (meta/v1 LabelSelector). Absent or null matches nothing, empty everything. */
export function matchLabelSelector(selector: unknown): LabelMatch {
  if (!isFields(selector)) return () => false;
  const labels = isFields(selector['matchLabels']) ? selector['matchLabels'] : {};
  const terms = Object.entries(labels).map(([key, value]) => inSet(key, true, [String(value)]));
  const expressions = listOf(selector['matchExpressions']).map(matchExpression);
  return (candidate) => [...terms, ...expressions].every((term) => term(candidate));
}

function matchExpression(expression: unknown): LabelMatch {
  const key = textAt(expression, 'key');
  const values = isFields(expression) ? listOf(expression['values']).map(String) : [];
  switch (textAt(expression, 'operator')) {
    case 'In':
      return inSet(key, true, values);
    case 'NotIn':
      return inSet(key, false, values);
    case 'Exists':
      return hasLabel(key, true);
    case 'DoesNotExist':
      return hasLabel(key, false);
    default:
      return () => false;
  }
}

import { isFields, listOf, textAt } from '../object.ts';
import { badRequest } from '../status.ts';

/** Tells whether labels are selected. */
export type LabelMatch = (labels: Readonly<Record<string, string>>) => boolean;

const SET_BASED = /^([^\s!=,()]+)\s+(in|notin)\s*\(([^)]*)\)$/;
const EQUALITY = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/;
const EXISTS = /^(!?)\s*([^\s!=,()]+)$/;

/** Parses the text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws 400 when malformed. */
export function parseLabelSelector(text: string): LabelMatch {
  const terms = splitTerms(text).map(parseTerm);
  return (labels) => terms.every((term) => term(labels));
}

function splitTerms(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

function parseTerm(term: string): LabelMatch {
  const set = SET_BASED.exec(term);
  if (set) return inSet(set[1] ?? '', set[2] === 'in', splitValues(set[3] ?? ''));
  const equality = EQUALITY.exec(term);
  if (equality) return inSet(equality[1] ?? '', equality[2] !== '!=', [equality[3] ?? '']);
  const exists = EXISTS.exec(term);
  if (exists) return hasLabel(exists[2] ?? '', exists[1] !== '!');
  throw badRequest(`unable to parse requirement: found '${term}'`);
}

function splitValues(text: string): string[] {
  return text.split(',').map((value) => value.trim());
}

function inSet(key: string, wanted: boolean, values: readonly string[]): LabelMatch {
  return (labels) => {
    const value = labels[key];
    if (value === undefined) return !wanted;
    return values.includes(value) === wanted;
  };
}

function hasLabel(key: string, wanted: boolean): LabelMatch {
  return (labels) => (labels[key] !== undefined) === wanted;
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

import { isFields, ownField, sameJson, type Fields } from '../../../../base/json.ts';
import { duplicate, invalidValue, notSupported, required, type FieldProblem } from '../status.ts';
import { formatProblem } from './format.ts';
import { fieldPath, propertyOf, type JsonSchema } from './json-schema.ts';

/**
 * Validates a value by the structural schema of a CRD and gathers all problems, in the words of the
 * real API server (go-openapi/validate as wrapped by apiextensions). CEL rules
 * (x-kubernetes-validations) are not evaluated.
 */
export function validateSchema(value: unknown, schema: JsonSchema, path = ''): FieldProblem[] {
  if (value === null && schema.nullable === true) return [];
  const wrongType = typeProblem(value, schema, path);
  if (wrongType !== undefined) return [wrongType];
  return [
    ...enumProblems(value, schema, path),
    ...(typeof value === 'string' ? stringProblems(value, schema, path) : []),
    ...(typeof value === 'number' ? numberProblems(value, schema, path) : []),
    ...(Array.isArray(value) ? arrayProblems(value, schema, path) : []),
    ...(isFields(value) ? objectProblems(value, schema, path) : []),
    ...combinationProblems(value, schema, path),
  ];
}

function typeProblem(value: unknown, schema: JsonSchema, path: string): FieldProblem | undefined {
  const found = jsonType(value);
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (found === 'integer' || found === 'string') return undefined;
    return typeText(path, 'integer,string', found);
  }
  const { type } = schema;
  if (type === undefined || type === found) return undefined;
  if (type === 'number' && found === 'integer') return undefined;
  return typeText(path, type, found);
}

function typeText(path: string, type: string, found: string): FieldProblem {
  const name = path === '' ? '<nil>' : path;
  return {
    path: name,
    reason: 'FieldValueTypeInvalid',
    text: `Invalid value: "${found}": ${path} in body must be of type ${type}: "${found}"`,
  };
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function enumProblems(value: unknown, schema: JsonSchema, path: string): FieldProblem[] {
  const choices = schema.enum;
  if (choices === undefined || choices.some((choice) => sameJson(choice, value))) return [];
  return [notSupported(path, value, choices)];
}

/** A limit: holds when undefined or respected; the text follows `<path> in body should`. */
interface Limit {
  readonly broken: boolean;
  readonly text: string;
}

function limitProblems(path: string, shown: unknown, limits: readonly Limit[]): FieldProblem[] {
  return limits
    .filter(({ broken }) => broken)
    .map(({ text }) => invalidValue(path, shown, `${path} in body should ${text}`));
}

function stringProblems(value: string, schema: JsonSchema, path: string): FieldProblem[] {
  const { minLength = 0, maxLength = Infinity, pattern, format } = schema;
  // Code points, as Go counts runes.
  const { length } = Array.from(value);
  const limits: Limit[] = [
    { broken: length < minLength, text: `be at least ${minLength} chars long` },
    {
      broken: pattern !== undefined && !matches(pattern, value),
      text: `match '${pattern ?? ''}'`,
    },
  ];
  const tooLong: FieldProblem[] =
    length > maxLength
      ? [
          {
            path,
            reason: 'FieldValueTooLong',
            text: `Too long: may not be more than ${maxLength} bytes`,
          },
        ]
      : [];
  const wrongFormat = format === undefined ? undefined : formatProblem(value, format);
  const badFormat = wrongFormat
    ? [invalidValue(path, value, `${path} in body must be of type ${wrongFormat}: "${value}"`)]
    : [];
  return [...tooLong, ...limitProblems(path, value, limits), ...badFormat];
}

/** Patterns are RE2 in Kubernetes; what JavaScript cannot read is not enforced. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

function numberProblems(value: number, schema: JsonSchema, path: string): FieldProblem[] {
  const { minimum = -Infinity, maximum = Infinity, multipleOf } = schema;
  const below = schema.exclusiveMinimum === true ? value <= minimum : value < minimum;
  const above = schema.exclusiveMaximum === true ? value >= maximum : value > maximum;
  const unless = (exclusive: boolean | undefined): string =>
    exclusive === true ? '' : ' or equal to';
  return limitProblems(path, value, [
    { broken: below, text: `be greater than${unless(schema.exclusiveMinimum)} ${minimum}` },
    { broken: above, text: `be less than${unless(schema.exclusiveMaximum)} ${maximum}` },
    {
      broken: multipleOf !== undefined && value % multipleOf !== 0,
      text: `be a multiple of ${multipleOf ?? 1}`,
    },
  ]);
}

function arrayProblems(
  value: readonly unknown[],
  schema: JsonSchema,
  path: string,
): FieldProblem[] {
  const { minItems = 0, maxItems = Infinity, items } = schema;
  const count = value.length;
  const tooMany: FieldProblem[] =
    count > maxItems
      ? [
          {
            path,
            reason: 'FieldValueTooMany',
            text: `Too many: ${count}: must have at most ${maxItems} items`,
          },
        ]
      : [];
  return [
    ...tooMany,
    ...limitProblems(path, count, [
      { broken: count < minItems, text: `have at least ${minItems} items` },
    ]),
    ...duplicates(value, schema, path),
    ...(items === undefined
      ? []
      : value.flatMap((item, index) => validateSchema(item, items, `${path}[${index}]`))),
  ];
}

function duplicates(value: readonly unknown[], schema: JsonSchema, path: string): FieldProblem[] {
  const identity = itemIdentity(schema);
  if (identity === undefined) return [];
  const seen = new Set<string>();
  const problems: FieldProblem[] = [];
  for (const [index, item] of value.entries()) {
    const shown = identity(item);
    const text = JSON.stringify(shown);
    if (seen.has(text)) problems.push(duplicate(`${path}[${index}]`, shown));
    seen.add(text);
  }
  return problems;
}

function itemIdentity(schema: JsonSchema): ((item: unknown) => unknown) | undefined {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set' || schema.uniqueItems === true) return (item) => item;
  const keys = schema['x-kubernetes-list-map-keys'];
  if (listType !== 'map' || keys === undefined) return undefined;
  return (item) =>
    isFields(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item;
}

function objectProblems(value: Fields, schema: JsonSchema, path: string): FieldProblem[] {
  const { minProperties = 0, maxProperties = Infinity } = schema;
  const count = Object.keys(value).length;
  const missing = (schema.required ?? [])
    .filter((key) => ownField(value, key) === undefined)
    .map((key) => required(fieldPath(path, key)));
  return [
    ...missing,
    ...limitProblems(path, count, [
      { broken: count < minProperties, text: `have at least ${minProperties} properties` },
      { broken: count > maxProperties, text: `have at most ${maxProperties} properties` },
    ]),
    ...Object.entries(value).flatMap(([key, item]) => fieldProblems(key, item, schema, path)),
  ];
}

function fieldProblems(
  key: string,
  value: unknown,
  schema: JsonSchema,
  path: string,
): FieldProblem[] {
  if (value === undefined) return [];
  const known = propertyOf(schema, key);
  if (known !== undefined) return validateSchema(value, known, fieldPath(path, key));
  if (typeof schema.additionalProperties !== 'object') return [];
  return validateSchema(value, schema.additionalProperties, fieldPath(path, key));
}

function combinationProblems(value: unknown, schema: JsonSchema, path: string): FieldProblem[] {
  const fits = (candidate: JsonSchema): boolean =>
    validateSchema(value, candidate, path).length === 0;
  const problems = (schema.allOf ?? []).flatMap((part) => validateSchema(value, part, path));
  const shown = path === '' ? '<nil>' : path;
  const fail = (text: string): void => {
    problems.push(invalidValue(shown, value, `"${path}" must ${text}`));
  };
  if (schema.anyOf && !schema.anyOf.some(fits)) fail('validate at least one schema (anyOf)');
  if (schema.oneOf && schema.oneOf.filter(fits).length !== 1) {
    fail('validate one and only one schema (oneOf)');
  }
  if (schema.not && fits(schema.not)) fail('not validate the schema (not)');
  return problems;
}

import { childOf, fieldsOf, isFields, setDefault } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { Behaviour } from '../registry/kind.ts';
import { forbiddenField, invalidValue, type FieldProblem } from '../status.ts';
import { immutableProblem } from './metadata.ts';

/** Most bytes of the values of a ConfigMap or Secret. */
const DATA_LIMIT_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  " +
  "or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** Rules of Secrets: `stringData` is folded into `data`, the type is fixed. */
export const SECRET: Behaviour = {
  defaults: (secret) => {
    setDefault(secret, 'type', 'Opaque');
    const plain = secret['stringData'];
    if (!isFields(plain)) return;
    const data = childOf(secret, 'data');
    for (const [key, value] of Object.entries(plain)) {
      data[key] = Buffer.from(String(value)).toString('base64');
    }
    delete secret['stringData'];
  },
  validate: (secret, before) => [
    ...keyProblems(secret, 'data'),
    ...sizeProblems('data', bytesOf(secret, 'data', 'base64')),
    ...(before === undefined
      ? []
      : [
          ...immutableProblem('type', secret['type'], before['type']),
          ...immutableDataProblems(secret, before, ['data']),
        ]),
  ],
};

/** Rules of ConfigMaps. */
export const CONFIG_MAP: Behaviour = {
  validate: (map, before) => [
    ...keyProblems(map, 'data'),
    ...keyProblems(map, 'binaryData'),
    ...Object.keys(fieldsOf(map['binaryData']))
      .filter((key) => Object.hasOwn(fieldsOf(map['data']), key))
      .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    // Kubernetes gives this problem an empty path, which it prints as brackets.
    ...sizeProblems('[]', bytesOf(map, 'data', 'utf8') + bytesOf(map, 'binaryData', 'base64')),
    ...(before === undefined ? [] : immutableDataProblems(map, before, ['data', 'binaryData'])),
  ],
};

function keyProblems(object: ApiObject, field: string): FieldProblem[] {
  return Object.keys(fieldsOf(object[field])).flatMap((key) => {
    const path = `${field}[${key}]`;
    if (key.length > 253) return [invalidValue(path, key, 'must be no more than 253 characters')];
    if (!KEY.test(key)) return [invalidValue(path, key, KEY_TEXT)];
    // Keys become files, so these two cannot be.
    return key === '.' || key === '..' ? [invalidValue(path, key, `must not be '${key}'`)] : [];
  });
}

function bytesOf(object: ApiObject, field: string, encoding: 'utf8' | 'base64'): number {
  return Object.values(fieldsOf(object[field])).reduce<number>(
    (sum, value) => sum + Buffer.byteLength(String(value), encoding),
    0,
  );
}

function sizeProblems(path: string, sizeBytes: number): FieldProblem[] {
  if (sizeBytes <= DATA_LIMIT_BYTES) return [];
  const text = `Too long: may not be more than ${DATA_LIMIT_BYTES} bytes`;
  return [{ path, reason: 'FieldValueTooLong', text }];
}

function immutableDataProblems(
  object: ApiObject,
  before: ApiObject,
  fields: readonly string[],
): FieldProblem[] {
  if (before['immutable'] !== true) return [];
  const detail = 'field is immutable when `immutable` is set';
  return [
    ...(object['immutable'] === true ? [] : [forbiddenField('immutable', detail)]),
    ...fields
      .filter((field) => immutableProblem(field, object[field], before[field]).length > 0)
      .map((field) => forbiddenField(field, detail)),
  ];
}

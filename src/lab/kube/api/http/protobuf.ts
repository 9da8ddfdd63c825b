import messages from '../generated/kube-proto.json' with { type: 'json' };
import { fieldsOf, listOf, type Fields } from '../../../../base/json.ts';
import { ApiError, badRequest } from '../status.ts';
import { timestampOf } from '../time.ts';

/**
 * Reads request bodies in the Protobuf form of Kubernetes, which the typed clients inside kubectl
 * send for some commands (`kubectl create namespace`). Answers are always JSON. The wire does not say
 * whether a zero was set or is just Go's default, so zeros are dropped except in fields that are
 * pointers in Go and for which zero means something (ZERO_COUNTS).
 */
export function decodeProtobuf(body: Buffer): Fields {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix k8s');
  }
  const envelope = new Map(
    readFields(body.subarray(4)).map(({ number, value }) => [number, value]),
  );
  const type = new Map(
    readFields(bytesOf(envelope.get(1))).map(({ number, value }) => [number, textOf(value)]),
  );
  const apiVersion = type.get(1) ?? '';
  const kind = type.get(2) ?? '';
  const message = messageName(apiVersion, kind);
  return { apiVersion, kind, ...decodeMessage(bytesOf(envelope.get(2)), message) };
}

const MESSAGES = messages as unknown as Readonly<
  Record<string, Readonly<Record<string, readonly [string, string]>>>
>;

/** Fields of which an explicit zero or false is kept. */
const ZERO_COUNTS: ReadonlySet<string> = new Set([
  'replicas',
  'gracePeriodSeconds',
  'terminationGracePeriodSeconds',
  'orphanDependents',
  'automountServiceAccountToken',
  'enableServiceLinks',
  'revisionHistoryLimit',
  'progressDeadlineSeconds',
  'controller',
  'blockOwnerDeletion',
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'allowPrivilegeEscalation',
  'priority',
  'ready',
]);

function messageName(apiVersion: string, kind: string): string {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const folder = group === '' ? 'core' : (group.split('.')[0] ?? '');
  const name = kind === 'DeleteOptions' ? 'meta.v1.DeleteOptions' : `${folder}.${version}.${kind}`;
  if (MESSAGES[name] === undefined) {
    const text = `the lab reads no Protobuf of ${apiVersion} ${kind}; send JSON`;
    throw new ApiError(415, 'UnsupportedMediaType', text);
  }
  return name;
}

type Wire = bigint | Buffer;

interface WireField {
  readonly number: number;
  readonly value: Wire;
}

function readFields(data: Buffer): WireField[] {
  const fields: WireField[] = [];
  const cursor = { data, offset: 0 };
  while (cursor.offset < data.length) {
    const tag = Number(readVarint(cursor));
    fields.push({ number: tag >> 3, value: readValue(cursor, tag & 7) });
  }
  return fields;
}

interface Cursor {
  readonly data: Buffer;
  offset: number;
}

function readVarint(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.data[cursor.offset];
    if (byte === undefined) break;
    cursor.offset += 1;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asIntN(64, value);
  }
  throw badRequest('malformed protobuf: bad varint');
}

function readValue(cursor: Cursor, wireType: number): Wire {
  if (wireType === 0) return readVarint(cursor);
  const sizes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
  const length = wireType === 2 ? Number(readVarint(cursor)) : sizes[wireType];
  const end = cursor.offset + (length ?? Number.NaN);
  if (!(end <= cursor.data.length) || end < cursor.offset) {
    throw badRequest('malformed protobuf: bad length or wire type');
  }
  const value = cursor.data.subarray(cursor.offset, end);
  cursor.offset = end;
  return value;
}

function bytesOf(value: Wire | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function textOf(value: Wire | undefined): string {
  return bytesOf(value).toString('utf8');
}

function decodeMessage(data: Buffer, name: string): Fields {
  const known = MESSAGES[name] ?? {};
  const result: Fields = {};
  for (const { number, value } of readFields(data)) {
    const [field, code] = known[number] ?? [];
    if (field === undefined || code === undefined) continue;
    if (code.startsWith('!')) Object.assign(result, decodeMessage(bytesOf(value), code.slice(2)));
    else addField(result, field, code, value);
  }
  return result;
}

function addField(result: Fields, field: string, code: string, value: Wire): void {
  if (code.startsWith('[]')) {
    const list = listOf(result[field]);
    result[field] = [...list, decodeValue(code.slice(2), value) ?? ''];
  } else if (code.startsWith('{}')) {
    const entry = new Map(readFields(bytesOf(value)).map((each) => [each.number, each.value]));
    const item = decodeValue(code.slice(2), entry.get(2)) ?? '';
    result[field] = { ...fieldsOf(result[field]), [textOf(entry.get(1))]: item };
  } else {
    const decoded = decodeValue(code, value);
    if (isSet(field, decoded)) result[field] = decoded;
  }
}

function isSet(field: string, decoded: unknown): boolean {
  if (decoded === undefined || decoded === '') return false;
  return (decoded !== 0 && decoded !== false) || ZERO_COUNTS.has(field);
}

function decodeValue(code: string, value: Wire | undefined): unknown {
  if (code.startsWith('#')) return decodeMessage(bytesOf(value), code.slice(1));
  switch (code) {
    case 's':
      return textOf(value);
    case 'b':
      return value === 1n;
    case 'i':
      return typeof value === 'bigint' ? Number(value) : 0;
    case 'd':
      return bytesOf(value).length === 8 ? bytesOf(value).readDoubleLE() : 0;
    case 'y':
      return bytesOf(value).toString('base64');
    default:
      return decodeSpecial(code, bytesOf(value));
  }
}

function decodeSpecial(code: string, data: Buffer): unknown {
  const inner = new Map(readFields(data).map(({ number, value }) => [number, value]));
  const number = (index: number): number => Number(inner.get(index) ?? 0);
  switch (code) {
    case 'q':
      return textOf(inner.get(1));
    case 'x':
      return number(1) === 1 ? textOf(inner.get(3)) : number(2);
    case 't':
      return inner.size === 0 ? undefined : timestampOf(number(1) * 1000);
    case 'm':
      return inner.size === 0 ? undefined : microTime(number(1), number(2));
    default: {
      const text = textOf(inner.get(1));
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    }
  }
}

function microTime(seconds: number, nanoseconds: number): string {
  const micros = String(Math.floor(nanoseconds / 1000)).padStart(6, '0');
  return timestampOf(seconds * 1000).replace('Z', `.${micros}Z`);
}

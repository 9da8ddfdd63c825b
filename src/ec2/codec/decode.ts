import type { ListShape, MapShape, Member, Scalar, Shape, StructShape } from './model.ts';
import type { ParamNode } from './params.ts';

/** A parameter that could not be read; all of them are gathered. */
export interface ParamProblem {
  readonly code: 'MissingParameter' | 'InvalidParameterValue';
  readonly message: string;
}

/** A decoded request. `unknown` names the parameters that the model does not have. */
export interface Decoded {
  readonly input: Readonly<Record<string, unknown>>;
  readonly unknown: readonly string[];
  readonly problems: readonly ParamProblem[];
}

/** Parameters of the envelope (and of presigned requests), which are no members of any action. */
const ENVELOPE = /^(Action|Version|AWSAccessKeyId|X-Amz-.*|Signature.*|Timestamp|Expires)$/;

/**
 * Reads request parameters as the input of an action. Never fails: problems are in the answer.
 * Both the name on the wire and the SDK's own member name are understood, because hand-written
 * clients send `IpPermissions.1.UserIdGroupPairs` (spec: ec2-surface 1.1).
 */
export function decodeRequest(shape: StructShape | undefined, params: ParamNode): Decoded {
  const state: State = { unknown: [], problems: [] };
  const children = new Map(params.children);
  for (const name of children.keys()) if (ENVELOPE.test(name)) children.delete(name);
  const empty: StructShape = { ...EMPTY };
  const input = decodeStruct(shape ?? empty, { children }, { path: '', state });
  return { input, ...state };
}

const EMPTY: StructShape = {
  kind: 'struct',
  name: '',
  members: [],
  byName: new Map(),
  byWireName: new Map(),
};

interface State {
  readonly unknown: string[];
  readonly problems: ParamProblem[];
}

interface Place {
  readonly path: string;
  readonly state: State;
}

function decodeStruct(shape: StructShape, node: ParamNode, place: Place): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, child] of node.children ?? []) {
    const member = shape.byWireName.get(key) ?? shape.byName.get(key);
    const path = place.path === '' ? key : `${place.path}.${key}`;
    if (member === undefined) place.state.unknown.push(path);
    else assign(out, member, decode(member.shape(), child, { path, state: place.state }));
  }
  for (const member of shape.members)
    if (member.required && !(member.name in out)) missing(member, place);
  return out;
}

function assign(out: Record<string, unknown>, member: Member, value: unknown): void {
  if (value !== undefined) out[member.name] = value;
}

/** AWS names these parameters otherwise than the model does. */
const MISSING_NAMES: Readonly<Record<string, string>> = { ResourceId: 'resourceIdSet' };

function missing(member: Member, { path, state }: Place): void {
  const own = MISSING_NAMES[member.wireName] ?? member.wireName;
  const name = path === '' ? own : `${path}.${own}`;
  const message = `The request must contain the parameter ${name}`;
  if (!state.problems.some((problem) => problem.message === message))
    state.problems.push({ code: 'MissingParameter', message });
}

function decode(shape: Shape, node: ParamNode, place: Place): unknown {
  if (typeof shape === 'string') return decodeScalar(shape, node, place);
  if (shape.kind === 'list') return decodeList(shape, node, place);
  if (shape.kind === 'map') return decodeMap(shape, node, place);
  return node.children === undefined ? undefined : decodeStruct(shape, node, place);
}

/** Indexes may have gaps and start anywhere; only their order counts. */
function decodeList(shape: ListShape, node: ParamNode, place: Place): unknown {
  const children = listItems(node, shape.itemName);
  if (children === undefined) return node.value === '' ? [] : undefined;
  return [...children]
    .filter(([key]) => isIndex(key, place))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([key, child]) => decode(shape.item(), child, { ...place, path: `${place.path}.${key}` }))
    .filter((item) => item !== undefined);
}

/** `Name.1` under the ec2 protocol, `Name.member.1` under plain query. */
function listItems(node: ParamNode, itemName: string): Map<string, ParamNode> | undefined {
  return node.children?.get(itemName)?.children ?? node.children;
}

/** `Name.entry.1.key` and `Name.entry.1.value`. */
function decodeMap(shape: MapShape, node: ParamNode, place: Place): unknown {
  const pairs: [string, unknown][] = [];
  for (const [key, entry] of node.children?.get('entry')?.children ?? []) {
    const name = entry.children?.get('key')?.value;
    const value = entry.children?.get('value');
    if (name === undefined || value === undefined) place.state.unknown.push(`${place.path}.${key}`);
    else pairs.push([name, decode(shape.value(), value, place)]);
  }
  return Object.fromEntries(pairs);
}

function isIndex(key: string, { path, state }: Place): boolean {
  if (/^\d{1,9}$/.test(key)) return true;
  state.unknown.push(`${path}.${key}`);
  return false;
}

function decodeScalar(type: Scalar, { value }: ParamNode, { path, state }: Place): unknown {
  if (value === undefined) return undefined;
  const decoded = SCALAR_DECODERS[type](value);
  if (decoded === undefined) {
    const message = `Invalid value '${value}' for ${path}: it is not a ${type}`;
    state.problems.push({ code: 'InvalidParameterValue', message });
  }
  return decoded;
}

const SCALAR_DECODERS: Readonly<Record<Scalar, (text: string) => unknown>> = {
  string: (text) => text,
  number: (text) =>
    /^[-+]?\d{1,19}(\.\d+)?([eE][-+]?\d{1,3})?$/.test(text) ? Number(text) : undefined,
  boolean: (text) => BOOLEANS.get(text.toLowerCase()),
  timestamp: decodeTimestamp,
  blob: decodeBase64,
};

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function decodeTimestamp(text: string): Date | undefined {
  const date = new Date(text);
  return /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(date.getTime()) ? date : undefined;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

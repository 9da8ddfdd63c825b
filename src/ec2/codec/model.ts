/**
 * The model of an AWS service at run time: text lines from `generated/*.json` (format:
 * `tools/generate-ec2-schema.ts`), parsed shape by shape on first use. A process that serves forty
 * actions therefore pays for forty actions, not for all 823.
 */
export interface ModelText {
  readonly protocol: string;
  readonly version: string;
  readonly namespace: string;
  readonly actions: readonly string[];
  readonly shapes: readonly string[];
}

/** Scalar types of members. */
export type Scalar = 'string' | 'number' | 'boolean' | 'timestamp' | 'blob';

/** Any type of a member. */
export type Shape = Scalar | StructShape | ListShape | MapShape;

/** A structure. Members are looked up by SDK name or by the name in a request. */
export interface StructShape {
  readonly kind: 'struct';
  readonly name: string;
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
  readonly byWireName: ReadonlyMap<string, Member>;
}

/** A list; `itemName` is the XML element of one item. */
export interface ListShape {
  readonly kind: 'list';
  readonly name: string;
  readonly itemName: string;
  readonly item: () => Shape;
}

/** A map from strings; entries are `entry` elements with `key` and `value`. */
export interface MapShape {
  readonly kind: 'map';
  readonly name: string;
  readonly value: () => Shape;
}

/** A member of a structure. */
export interface Member {
  /** As the SDK spells it. */
  readonly name: string;
  /** As request parameters spell it. */
  readonly wireName: string;
  /** Element name in responses. */
  readonly xmlName: string;
  readonly required: boolean;
  /** Where REST requests carry it. */
  readonly location: 'body' | 'label' | 'query';
  readonly shape: () => Shape;
}

/** Input and output of an action; undefined when it has none. */
export interface ActionModel {
  readonly name: string;
  readonly input: StructShape | undefined;
  readonly output: StructShape | undefined;
  /** Of REST services only; labels of the path are in braces. */
  readonly http?: { readonly method: string; readonly path: string; readonly status: number };
}

/** How a service speaks: two forms of parameters with XML answers, and REST with JSON. */
export type Protocol = 'ec2' | 'query' | 'rest-json';

/** A service model with lazily parsed shapes. */
export interface Model {
  readonly protocol: Protocol;
  readonly version: string;
  readonly namespace: string;
  readonly actionNames: readonly string[];
  action(name: string): ActionModel | undefined;
}

const SCALARS: ReadonlyMap<string, Scalar> = new Map([
  ['s', 'string'],
  ['n', 'number'],
  ['b', 'boolean'],
  ['t', 'timestamp'],
  ['x', 'blob'],
]);

const PROTOCOLS = ['ec2', 'query', 'rest-json'] as const;

/** Opens a generated model. */
export function openModel(text: ModelText): Model {
  const protocol = PROTOCOLS.find((name) => name === text.protocol) ?? 'query';
  const shape = shapeReader(text.shapes, protocol);
  const lines = new Map(text.actions.map((line) => [line.slice(0, line.indexOf(' ')), line]));
  const actions = new Map<string, ActionModel>();
  return {
    protocol,
    version: text.version,
    namespace: text.namespace,
    actionNames: [...lines.keys()],
    action(name) {
      const known = actions.get(name);
      const line = lines.get(name);
      if (known !== undefined || line === undefined) return known;
      const action = parseAction(line, shape);
      actions.set(name, action);
      return action;
    },
  };
}

type ShapeReader = (type: string) => Shape;

function parseAction(line: string, shape: ShapeReader): ActionModel {
  const [name = '', input = '-', output = '-', method, path = '', status] = line.split(' ');
  const action = { name, input: structOrNone(input, shape), output: structOrNone(output, shape) };
  return method === undefined
    ? action
    : { ...action, http: { method, path, status: Number(status) } };
}

function structOrNone(type: string, shape: ShapeReader): StructShape | undefined {
  if (type === '-') return undefined;
  const found = shape(type);
  return typeof found === 'object' && found.kind === 'struct' ? found : undefined;
}

function shapeReader(lines: readonly string[], protocol: Protocol): ShapeReader {
  const parsed = new Map<string, Shape>(SCALARS);
  const read = (type: string): Shape => {
    const known = parsed.get(type);
    if (known !== undefined) return known;
    const fields = (lines[Number(type)] ?? '').split(' ');
    const shape = parseShape(fields, protocol, read);
    parsed.set(type, shape);
    return shape;
  };
  return read;
}

function parseShape(fields: readonly string[], protocol: Protocol, read: ShapeReader): Shape {
  if (fields[0] === 'L') return parseList(fields, read);
  if (fields[0] !== 'M') return parseStruct(fields, protocol, read);
  const [, name = '', , type = 's'] = fields;
  return { kind: 'map', name, value: () => read(type) };
}

function parseList(fields: readonly string[], read: ShapeReader): ListShape {
  const [, name = '', type = 's', itemName = 'member'] = fields;
  return { kind: 'list', name, itemName, item: () => read(type) };
}

function parseStruct(
  fields: readonly string[],
  protocol: Protocol,
  read: ShapeReader,
): StructShape {
  const [, name = '', required = '0', ...rest] = fields;
  const members = rest.map((text, i) => parseMember(text, i < Number(required), protocol, read));
  return {
    kind: 'struct',
    name,
    members,
    byName: new Map(members.map((member) => [member.name, member])),
    byWireName: new Map(members.map((member) => [member.wireName, member])),
  };
}

function parseMember(
  text: string,
  required: boolean,
  protocol: Protocol,
  read: ShapeReader,
): Member {
  const [name = '', type = 's', wireName = '', xmlName = '', flag = ''] = text.split(':');
  const usualXmlName = protocol === 'ec2' ? name.charAt(0).toLowerCase() + name.slice(1) : name;
  return {
    name,
    wireName: wireName || name,
    xmlName: xmlName || usualXmlName,
    required,
    location: LOCATIONS[flag] ?? 'body',
    shape: () => read(type),
  };
}

const LOCATIONS: Readonly<Record<string, Member['location']>> = { l: 'label', q: 'query' };

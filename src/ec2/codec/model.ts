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
export type Shape = Scalar | StructShape | ListShape;

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

/** A member of a structure. */
export interface Member {
  /** As the SDK spells it. */
  readonly name: string;
  /** As request parameters spell it. */
  readonly wireName: string;
  /** Element name in responses. */
  readonly xmlName: string;
  readonly required: boolean;
  readonly shape: () => Shape;
}

/** Input and output of an action; undefined when it has none. */
export interface ActionModel {
  readonly name: string;
  readonly input: StructShape | undefined;
  readonly output: StructShape | undefined;
}

/** A service model with lazily parsed shapes. */
export interface Model {
  readonly protocol: 'ec2' | 'query';
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

/** Opens a generated model. */
export function openModel(text: ModelText): Model {
  const protocol = text.protocol === 'ec2' ? 'ec2' : 'query';
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
  const [name = '', input = '-', output = '-'] = line.split(' ');
  return { name, input: structOrNone(input, shape), output: structOrNone(output, shape) };
}

function structOrNone(type: string, shape: ShapeReader): StructShape | undefined {
  if (type === '-') return undefined;
  const found = shape(type);
  return typeof found === 'object' && found.kind === 'struct' ? found : undefined;
}

function shapeReader(lines: readonly string[], protocol: Model['protocol']): ShapeReader {
  const parsed = new Map<string, Shape>(SCALARS);
  const read = (type: string): Shape => {
    const known = parsed.get(type);
    if (known !== undefined) return known;
    const fields = (lines[Number(type)] ?? '').split(' ');
    const shape = fields[0] === 'L' ? parseList(fields, read) : parseStruct(fields, protocol, read);
    parsed.set(type, shape);
    return shape;
  };
  return read;
}

function parseList(fields: readonly string[], read: ShapeReader): ListShape {
  const [, name = '', type = 's', itemName = 'member'] = fields;
  return { kind: 'list', name, itemName, item: () => read(type) };
}

function parseStruct(
  fields: readonly string[],
  protocol: Model['protocol'],
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
  protocol: Model['protocol'],
  read: ShapeReader,
): Member {
  const [name = '', type = 's', wireName = '', xmlName = ''] = text.split(':');
  const usualXmlName = protocol === 'ec2' ? name.charAt(0).toLowerCase() + name.slice(1) : name;
  return {
    name,
    wireName: wireName || name,
    xmlName: xmlName || usualXmlName,
    required,
    shape: () => read(type),
  };
}

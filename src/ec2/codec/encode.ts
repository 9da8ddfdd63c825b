import { OMITTED_WHEN_EMPTY } from './empty-lists.ts';
import type { ListShape, MapShape, Scalar, Shape, StructShape } from './model.ts';

/** Turns a value of one shape into XML text, without an element around it. */
export type Encoder = (value: unknown, report: UnknownReport) => string;

/** Told about members that the model does not have; a handler that returns one has a typo. */
export type UnknownReport = (path: string) => void;

const encoders = new WeakMap<StructShape, Encoder>();

/**
 * The encoder of a structure, compiled once per shape. It walks the members that the value has,
 * not those that the shape could have: an interface has 32, an instance 65, most of them unset.
 */
export function encoderOf(shape: StructShape): Encoder {
  const known = encoders.get(shape);
  if (known !== undefined) return known;
  const encoder = compileStruct(shape);
  encoders.set(shape, encoder);
  return encoder;
}

function compileStruct(shape: StructShape): Encoder {
  const members = new Map<string, Encoder>();
  return (value, report) => {
    const record = value as Readonly<Record<string, unknown>>;
    let text = '';
    for (const name of Object.keys(record)) {
      const part = record[name];
      if (part === undefined || part === null) continue;
      let encoder = members.get(name);
      if (encoder === undefined) {
        encoder = compileMember(shape, name);
        members.set(name, encoder);
      }
      text += encoder(part, report);
    }
    return text;
  };
}

function compileMember(shape: StructShape, name: string): Encoder {
  const member = shape.byName.get(name);
  if (member === undefined)
    return (_value, report) => unknownMember(`${shape.name}.${name}`, report);
  const omitEmpty = OMITTED_WHEN_EMPTY.has(`${shape.name}.${name}`);
  return compileElement(member.xmlName, member.shape(), omitEmpty);
}

function unknownMember(path: string, report: UnknownReport): string {
  report(path);
  return '';
}

function compileElement(element: string, shape: Shape, omitEmpty: boolean): Encoder {
  const open = `<${element}>`;
  const close = `</${element}>`;
  if (typeof shape === 'string') {
    const format = SCALAR_ENCODERS[shape];
    return (value) => `${open}${format(value)}${close}`;
  }
  const inner = compileInner(shape);
  const empty = omitEmpty ? '' : `<${element}/>`;
  return (value, report) => {
    const text = inner(value, report);
    return text === '' ? empty : `${open}${text}${close}`;
  };
}

function compileInner(shape: StructShape | ListShape | MapShape): Encoder {
  if (shape.kind === 'struct') return encoderOf(shape);
  return shape.kind === 'list' ? compileList(shape.itemName, shape.item) : compileMap(shape.value);
}

function compileMap(valueShape: () => Shape): Encoder {
  let encodeValue: Encoder | undefined;
  return (value, report) => {
    encodeValue ??= compileElement('value', valueShape(), false);
    let text = '';
    for (const [key, each] of Object.entries(value as object))
      text += `<entry><key>${escapeXml(key)}</key>${encodeValue(each, report)}</entry>`;
    return text;
  };
}

function compileList(itemName: string, item: () => Shape): Encoder {
  let encodeItem: Encoder | undefined;
  return (value, report) => {
    encodeItem ??= compileElement(itemName, item(), false);
    let text = '';
    for (const each of value as readonly unknown[]) text += encodeItem(each, report);
    return text;
  };
}

const SCALAR_ENCODERS: Readonly<Record<Scalar, (value: unknown) => string>> = {
  string: (value) => escapeXml(String(value)),
  number: String,
  boolean: String,
  timestamp: (value) => (value as Date).toISOString(),
  blob: (value) => btoa(String.fromCharCode(...(value as Uint8Array))),
};

// oxlint-disable-next-line no-control-regex
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g;
const HAS_SPECIAL = new RegExp(SPECIAL.source);
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** Text as XML character data. What XML cannot carry at all becomes U+FFFD. */
export function escapeXml(text: string): string {
  // Nearly all texts are plain, and to find that out costs half of what replacing does.
  if (!HAS_SPECIAL.test(text)) return text;
  return text.replace(SPECIAL, (character) => ESCAPES[character] ?? '\ufffd');
}

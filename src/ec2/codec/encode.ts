import { OMITTED_WHEN_EMPTY } from './empty-lists.ts';
import { escapeXml } from './escape.ts';
import { encodeKept } from './kept-text.ts';
import type { ListShape, MapShape, Member, Scalar, Shape, StructShape } from './model.ts';

/** Turns a value of one shape into XML text, without an element around it. */
export type Encoder = (value: unknown, report: UnknownReport) => string;

/** Told about members that the model does not have; a handler that returns one has a typo. */
export type UnknownReport = (path: string) => void;

const encoders = new WeakMap<StructShape, Encoder>();

/**
 * The encoder of a structure, compiled once per shape, on first use: straight-line JavaScript with
 * one line per member and its tags as constants. Walking the model or the value instead costs three
 * times as much (docs/benchmarks.md). Members are written in the order of the model.
 */
export function encoderOf(shape: StructShape): Encoder {
  const known = encoders.get(shape);
  if (known !== undefined) return known;
  const encoder = compileStruct(shape);
  encoders.set(shape, encoder);
  return encoder;
}

function compileStruct(shape: StructShape): Encoder {
  const inner = (index: number): Encoder => compileInner(shape.members[index]?.shape());
  const unknown = (record: object, report: UnknownReport): void =>
    reportUnknown(shape, record, report);
  // The model is ours, checked in, and its names get here as JSON texts only.
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  const build = new Function('escape', 'inner', 'unknown', sourceOf(shape)) as Build;
  return build(escapeXml, inner, unknown);
}

type Build = (
  escape: (text: string) => string,
  inner: (index: number) => Encoder,
  unknown: (record: object, report: UnknownReport) => void,
) => Encoder;

/**
 * `known` counts the members of the value that the model has, set or not: with as many own keys as
 * that there is no unknown one.
 */
function sourceOf(shape: StructShape): string {
  const lines = shape.members.map((member, i) => memberSource(shape, member, i));
  return `'use strict';
let ${['none', ...shape.members.map((_member, i) => `e${i}`)].join(', ')};
return (o, report) => {
  let text = '', known = 0, v, x;
${lines.join('\n')}
  if (Object.keys(o).length !== known) unknown(o, report);
  return text;
};`;
}

function memberSource(shape: StructShape, member: Member, index: number): string {
  const name = JSON.stringify(member.name);
  return `  v = o[${name}];
  if (v !== undefined && v !== null) { known++; ${elementSource(shape, member, index)} }
  else if (${name} in o) known++;`;
}

function elementSource({ name }: StructShape, member: Member, index: number): string {
  const element = member.xmlName;
  const open = JSON.stringify(`<${element}>`);
  const close = JSON.stringify(`</${element}>`);
  const type = member.shape();
  if (type === 'boolean')
    return `text += v ? ${textSource(element, 'true')} : ${textSource(element, 'false')};`;
  if (typeof type === 'string') return `text += ${open} + ${SCALAR_SOURCES[type]} + ${close};`;
  const isOmitted = OMITTED_WHEN_EMPTY.has(`${name}.${member.name}`);
  const empty = JSON.stringify(isOmitted ? '' : `<${element}/>`);
  return `x = (e${index} ??= inner(${index}))(v, report);
    text += x === '' ? ${empty} : ${open} + x + ${close};`;
}

function textSource(element: string, text: string): string {
  return JSON.stringify(`<${element}>${text}</${element}>`);
}

const SCALAR_SOURCES: Readonly<Record<Exclude<Scalar, 'boolean'>, string>> = {
  string: "escape(typeof v === 'string' ? v : String(v))",
  number: 'v',
  timestamp: 'v.toISOString()',
  blob: 'btoa(String.fromCharCode(...v))',
};

function reportUnknown(shape: StructShape, record: object, report: UnknownReport): void {
  for (const [name, value] of Object.entries(record))
    if (value !== undefined && value !== null && !shape.byName.has(name))
      report(`${shape.name}.${name}`);
}

function compileInner(shape: Shape | undefined): Encoder {
  if (shape === undefined) return () => '';
  if (typeof shape === 'string') return SCALAR_ENCODERS[shape];
  if (shape.kind === 'struct') return encoderOf(shape);
  return shape.kind === 'list' ? compileList(shape) : compileMap(shape);
}

function compileList({ item, itemName }: ListShape): Encoder {
  const encodeItem = compileElement(itemName, item());
  const isStruct = typeof item() === 'object';
  return (value, report) => {
    let text = '';
    for (const each of value as readonly unknown[])
      text += isStruct ? encodeKept(each as object, encodeItem, report) : encodeItem(each, report);
    return text;
  };
}

function compileMap({ value: valueShape }: MapShape): Encoder {
  const encodeValue = compileElement('value', valueShape());
  return (value, report) => {
    let text = '';
    for (const [key, each] of Object.entries(value as object))
      text += `<entry><key>${escapeXml(key)}</key>${encodeValue(each, report)}</entry>`;
    return text;
  };
}

function compileElement(element: string, shape: Shape): Encoder {
  const encode = compileInner(shape);
  const [open, close, empty] = [`<${element}>`, `</${element}>`, `<${element}/>`];
  if (typeof shape === 'string') return (value, report) => open + encode(value, report) + close;
  return (value, report) => {
    const text = encode(value, report);
    return text === '' ? empty : open + text + close;
  };
}

const SCALAR_ENCODERS: Readonly<Record<Scalar, (value: unknown) => string>> = {
  string: (value) => escapeXml(String(value)),
  number: String,
  boolean: String,
  timestamp: (value) => (value as Date).toISOString(),
  blob: (value) => btoa(String.fromCharCode(...(value as Uint8Array))),
};

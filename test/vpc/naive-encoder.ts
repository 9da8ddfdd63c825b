import { OMITTED_WHEN_EMPTY } from '../../src/ec2/codec/empty-lists.ts';
import type { MapShape, Shape, StructShape } from '../../src/ec2/codec/model.ts';

/**
 * What one writes first (spec: ec2-surface 1.11): for each member that the model has, look whether
 * the value has it, and put the texts together.
 */
export function naiveEncode(shape: StructShape, value: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const member of shape.members) {
    const part = value[member.name];
    if (part === undefined || part === null) continue;
    const type = member.shape();
    const inner = walk(type, part);
    const isScalar = typeof type === 'string';
    if (inner !== '' || isScalar || !OMITTED_WHEN_EMPTY.has(`${shape.name}.${member.name}`))
      text += element(member.xmlName, inner, isScalar);
  }
  return text;
}

function walkMap(shape: MapShape, value: object): string {
  let text = '';
  for (const [key, each] of Object.entries(value))
    text += `<entry><key>${escape(key)}</key>${element('value', walk(shape.value(), each))}</entry>`;
  return text;
}

function walk(shape: Shape, value: unknown): string {
  if (shape === 'timestamp') return (value as Date).toISOString();
  if (shape === 'blob') return Buffer.from(value as Uint8Array).toString('base64');
  if (typeof shape === 'string') return escape(String(value));
  if (shape.kind === 'map') return walkMap(shape, value as object);
  if (shape.kind === 'struct')
    return naiveEncode(shape, value as Readonly<Record<string, unknown>>);
  let text = '';
  for (const item of value as readonly unknown[])
    text += element(shape.itemName, walk(shape.item(), item), typeof shape.item() === 'string');
  return text;
}

function element(name: string, inner: string, isScalar = false): string {
  return inner === '' && !isScalar ? `<${name}/>` : `<${name}>${inner}</${name}>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? '');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

import { isIPv4 } from 'node:net';

/** A block or a single address, as numbers. Independent of `src/base/cidr.ts` on purpose. */
export interface Block {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly text: string;
}

/** Reads an address or a block; throws for anything else. */
export function block(text: string): Block {
  const [ip = '', bits] = text.split('/');
  const family = isIPv4(ip) ? 4 : 6;
  const width = family === 4 ? 32 : 128;
  const value = family === 4 ? numberOf(ip.split('.'), 10, 8n) : numberOf(groupsOf(ip), 16, 16n);
  const free = BigInt(width - Number(bits ?? width));
  const first = (value >> free) << free;
  if (first !== value) throw new Error(`${text} is not canonical`);
  return { family, first, last: first + (1n << free) - 1n, text };
}

/** Whether one block is part of another. */
export function inside(inner: string, outer: string): boolean {
  const [a, b] = [block(inner), block(outer)];
  return a.family === b.family && a.first >= b.first && a.last <= b.last;
}

/** Whether two blocks have an address in common. */
export function overlap(a: Block, b: Block): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

function numberOf(parts: readonly string[], radix: number, bits: bigint): bigint {
  return parts.reduce((sum, part) => (sum << bits) + BigInt(Number.parseInt(part, radix)), 0n);
}

function groupsOf(text: string): string[] {
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail === undefined) return left;
  const right = tail === '' ? [] : tail.split(':');
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
}

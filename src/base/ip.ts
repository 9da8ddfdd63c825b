import { err, ok, type Result } from './result.ts';

/** An IP address of either family, as a number wide enough for both. */
export interface Ip {
  readonly family: 4 | 6;
  /** 32-bit (family 4) or 128-bit (family 6) unsigned value. */
  readonly value: bigint;
}

/** Number of bits in an address of the family. */
export function ipBits(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/**
 * Reads an IPv4 dotted quad or an IPv6 address (RFC 4291 text forms, also with an embedded dotted
 * quad). Zone ids and leading zeros in dotted quads are refused.
 */
export function parseIp(text: string): Result<Ip, string> {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Canonical text: dotted quad, or RFC 5952 for IPv6. */
export function formatIp(ip: Ip): string {
  return ip.family === 4 ? formatIpv4(ip.value) : formatIpv6(ip.value);
}

/** Same family and same value. */
export function ipEquals(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}

function parseIpv4(text: string): Result<Ip, string> {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return err(`'${text}' is not an IP address`);
  let value = 0n;
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0')))
      return err(`'${text}' is not an IP address`);
    value = (value << 8n) | BigInt(part);
  }
  return ok({ family: 4, value });
}

function parseIpv6(text: string): Result<Ip, string> {
  const bad = err(`'${text}' is not an IP address`);
  const halves = embedDottedQuad(text)?.split('::');
  if (!halves || halves.length > 2) return bad;
  const head = words(halves[0]);
  const tail = halves.length === 2 ? words(halves[1]) : [];
  if (!head || !tail) return bad;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return bad;
  const all = [...head, ...Array<bigint>(missing).fill(0n), ...tail];
  return ok({ family: 6, value: all.reduce((sum, word) => (sum << 16n) | word, 0n) });
}

function words(text: string | undefined): bigint[] | undefined {
  if (text === undefined) return undefined;
  if (text === '') return [];
  const parts = text.split(':');
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  return parts.map((part) => BigInt(`0x${part}`));
}

function embedDottedQuad(text: string): string | undefined {
  const at = text.lastIndexOf(':');
  const last = text.slice(at + 1);
  if (!last.includes('.')) return text;
  const quad = parseIpv4(last);
  if (!quad.ok) return undefined;
  const high = (quad.value.value >> 16n).toString(16);
  const low = (quad.value.value & 0xffffn).toString(16);
  return `${text.slice(0, at + 1)}${high}:${low}`;
}

function formatIpv4(value: bigint): string {
  const number = Number(value);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

function formatIpv6(value: bigint): string {
  const all = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  const run = longestZeroRun(all);
  if (run.length < 2) return all.join(':');
  return `${all.slice(0, run.start).join(':')}::${all.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(all: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= all.length; i++) {
    if (all[i] === '0') continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

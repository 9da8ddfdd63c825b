import { formatIp } from '../base/ip.ts';
import type { KeyPart, KeyType, SetElement, SetObject, Verdict } from './program.ts';

/** What the text of an element depends on. */
type KeyedSet = Pick<SetObject, 'keys' | 'interval'>;

/** Text of an element in the `nft` language; unique within its set, and the order of its elements. */
export function elementText(set: KeyedSet, element: SetElement): string {
  const key = keyText(set, element);
  if (element.value === undefined) return key;
  const { value } = element;
  return `${key} : ${typeof value === 'number' ? markText(BigInt(value)) : verdictText(value)}`;
}

/** Text of an element's key only: what names it when it is deleted from a map. */
export function keyText(set: KeyedSet, element: SetElement): string {
  const last = set.keys.length - 1;
  return set.keys
    .map((type, i) => {
      const part = element.key[i] ?? '';
      return i === last && mustBeRange(set) ? rangeText(type, part) : partText(type, part);
    })
    .join(' . ');
}

/**
 * nft 1.0.6 takes a mark for little-endian when it deletes an element of an interval set in which no part
 * is a range, and then finds no such element. So the last part is always written as a range there.
 */
function mustBeRange(set: KeyedSet): boolean {
  return set.interval === true && set.keys.includes('mark');
}

/** Text of one part of a key. */
export function partText(type: KeyType, part: KeyPart): string {
  if (typeof part === 'string') return type === 'ifname' ? `"${part}"` : part;
  return part.first === part.last ? valueText(type, part.first) : rangeText(type, part);
}

function rangeText(type: KeyType, part: KeyPart): string {
  if (typeof part === 'string') return partText(type, part);
  return `${valueText(type, part.first)}-${valueText(type, part.last)}`;
}

/** Text of a verdict. */
export function verdictText(verdict: Verdict): string {
  return 'chain' in verdict ? `${verdict.verdict} ${verdict.chain}` : verdict.verdict;
}

/** Text of a packet mark. */
export function markText(mark: bigint): string {
  return `0x${mark.toString(16).padStart(8, '0')}`;
}

const VALUE_TEXTS: Partial<Readonly<Record<KeyType, (value: bigint) => string>>> = {
  ipv4_addr: (value) => formatIp({ family: 4, value }),
  ipv6_addr: (value) => formatIp({ family: 6, value }),
  ether_addr: macText,
  mark: markText,
};

function valueText(type: KeyType, value: bigint): string {
  return VALUE_TEXTS[type]?.(value) ?? value.toString();
}

function macText(value: bigint): string {
  const digits = value.toString(16).padStart(12, '0');
  return (digits.match(/../g) ?? []).join(':');
}

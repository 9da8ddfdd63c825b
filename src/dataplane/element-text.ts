import { formatIp } from '../base/ip.ts';
import type { KeyPart, KeyType, SetElement, SetObject, Verdict } from './program.ts';

/** Text of an element in the `nft` language; unique within its set, and the order of its elements. */
export function elementText(set: Pick<SetObject, 'keys'>, element: SetElement): string {
  const key = keyText(set, element);
  if (element.value === undefined) return key;
  const { value } = element;
  return `${key} : ${typeof value === 'number' ? markText(BigInt(value)) : verdictText(value)}`;
}

/** Text of an element's key only: what names it when it is deleted from a map. */
export function keyText(set: Pick<SetObject, 'keys'>, element: SetElement): string {
  return set.keys.map((type, i) => partText(type, element.key[i] ?? '')).join(' . ');
}

/** Text of one part of a key. */
export function partText(type: KeyType, part: KeyPart): string {
  if (typeof part === 'string') return type === 'ct_state' ? part : `"${part}"`;
  const first = valueText(type, part.first);
  return part.first === part.last ? first : `${first}-${valueText(type, part.last)}`;
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

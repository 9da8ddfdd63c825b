import type { KeyPart, KeyType, SetElement, SetObject } from '../program.ts';
import type { MessageBytes } from './bytes.ts';
import { ELEMENT, EXPRESSION, KEY_TYPES, LIMIT, SET, VERDICTS } from './numbers.ts';

/** What the bytes of an element depend on. */
type KeyedSet = Pick<SetObject, 'keys' | 'interval'>;

/** Writes the attributes that make a set, besides its table and name. `id` is unique in the batch. */
export function writeSet(out: MessageBytes, set: SetObject, id: number): void {
  const concatenation = set.keys.length > 1;
  const interval = set.interval === true;
  const flags =
    (interval ? SET.interval : 0) |
    (set.value === undefined ? 0 : SET.map) |
    (interval && concatenation ? SET.concatenation : 0);
  out.number(SET.flags, flags);
  out.number(
    SET.keyType,
    set.keys.reduce((all, type) => (all << 6) | KEY_TYPES[type].id, 0),
  );
  out.number(SET.keyBytes, keyBytes(set.keys));
  if (set.value === 'mark') {
    out.number(SET.dataType, KEY_TYPES.mark.id);
    out.number(SET.dataBytes, 4);
  }
  if (set.value === 'verdict') {
    out.number(SET.dataType, SET.verdictType);
    out.number(SET.dataBytes, 0);
  }
  out.number(SET.id, id);
  if (interval && concatenation) writeFields(out, set.keys);
  writeByteOrders(out, set);
  writeStates(out, set);
}

/** What each element keeps. */
function writeStates(out: MessageBytes, { counter, limit }: SetObject): void {
  if (counter === true) writeState(out, 'counter', () => {});
  if (!limit) return;
  writeState(out, 'limit', () => {
    out.put(out.room(LIMIT.rate, 8), 8, BigInt(limit.perSecond));
    out.put(out.room(LIMIT.seconds, 8), 8, 1n);
    out.number(LIMIT.burst, limit.burst);
    out.number(LIMIT.type, 0);
  });
}

function writeState(out: MessageBytes, name: string, write: () => void): void {
  out.nest(SET.expression, () => {
    out.text(EXPRESSION.name, name);
    out.nest(EXPRESSION.data, write);
  });
}

/** One element; without its value when it is to be deleted. */
export function writeElement(
  out: MessageBytes,
  set: KeyedSet,
  element: SetElement,
  withValue: boolean,
): void {
  out.open(ELEMENT.one);
  out.open(ELEMENT.key);
  writeKey(out, set, element.key, 'first');
  out.close();
  if (set.interval === true) {
    out.open(ELEMENT.keyEnd);
    writeKey(out, set, element.key, 'last');
    out.close();
  }
  if (withValue && element.value !== undefined) writeValue(out, element.value);
  out.close();
}

function writeValue(out: MessageBytes, value: NonNullable<SetElement['value']>): void {
  out.open(ELEMENT.data);
  if (typeof value === 'number') out.put32(out.room(ELEMENT.value, 4), value, true);
  else
    out.nest(ELEMENT.verdict, () => {
      out.number(ELEMENT.code, VERDICTS[value.verdict]);
      if ('chain' in value) out.text(ELEMENT.chain, value.chain);
    });
  out.close();
}

function writeKey(
  out: MessageBytes,
  set: KeyedSet,
  key: readonly KeyPart[],
  end: 'first' | 'last',
): void {
  const littleMark = set.interval !== true;
  let at = out.room(ELEMENT.value, keyBytes(set.keys));
  for (let i = 0; i < set.keys.length; i++) {
    const type = set.keys[i] ?? 'mark';
    const part = key[i] ?? '';
    const { bytes } = KEY_TYPES[type];
    if (typeof part === 'string') out.putText(at, part);
    else if (bytes === 4) out.put32(at, Number(part[end]), type === 'mark' && littleMark);
    else out.put(at, bytes, part[end]);
    at += padded(bytes);
  }
}

/** Parts of a concatenation are padded to four bytes; a single key is not. */
function keyBytes(keys: readonly KeyType[]): number {
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) return KEY_TYPES[only].bytes;
  return keys.reduce((sum, type) => sum + padded(KEY_TYPES[type].bytes), 0);
}

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}

function writeFields(out: MessageBytes, keys: readonly KeyType[]): void {
  out.nest(SET.description, () => {
    out.nest(SET.concat, () => {
      for (const type of keys)
        out.nest(ELEMENT.one, () => out.number(SET.fieldBytes, KEY_TYPES[type].bytes));
    });
  });
}

/** What nft notes for itself: byte orders of key and data (1 host, 2 network, 0 by the type). */
function writeByteOrders(out: MessageBytes, set: SetObject): void {
  const [only] = set.keys;
  const isAddress = only === 'ipv4_addr' || only === 'ipv6_addr' || only === 'ether_addr';
  const single = isAddress ? 2 : 1;
  const orders: (readonly [number, number])[] = [[0, set.keys.length > 1 ? 0 : single]];
  if (set.value !== undefined) orders.push([1, set.value === 'mark' ? 1 : 0]);
  const at = out.room(SET.userData, orders.length * 6);
  for (const [i, [type, order]] of orders.entries()) {
    out.put(at + i * 6, 1, BigInt(type));
    out.put(at + i * 6 + 1, 1, 4n);
    out.put32(at + i * 6 + 2, order, true);
  }
}

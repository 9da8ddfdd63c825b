/**
 * Rules of classes and boundaries as the kernel's expressions: look fields up in a set, compare them, set a
 * mark, accept or return. Base chains hold more kinds of steps; they are written by `nft`, once per table.
 */
import { must } from '../../base/assert.ts';
import { isGateSet } from '../class-gate.ts';
import { FIELD_TYPES, type ChainRule, type Field, type Step } from '../program.ts';
import type { MessageBytes } from './bytes.ts';
import {
  BITWISE,
  COMPARE,
  COMPARISON,
  CT,
  CT_KEY,
  ELEMENT,
  EXPRESSION,
  FIELD_SOURCES,
  IMMEDIATE,
  KEY_TYPES,
  LOOKUP,
  META,
  META_KEY,
  PAYLOAD,
  REGISTER,
  SWAP,
  VERDICTS,
  type FieldSource,
} from './numbers.ts';

/** Whether all steps of the rule can be written here. */
export function isPlainRule(rule: ChainRule): boolean {
  return rule.every((step) => {
    switch (step.op) {
      case 'lookup':
        return step.fields.every((field) => FIELD_SOURCES[field] !== undefined);
      case 'map-mark':
        return step.fields.every((field) => FIELD_SOURCES[field] !== undefined);
      case 'is':
        return isNew(step) || (FIELD_SOURCES[step.field] !== undefined && step.values.length === 1);
      case 'set-mark':
      case 'or-flow-mark':
        return true;
      case 'verdict':
        return !('chain' in step.verdict) && step.verdict.verdict !== 'drop';
      default:
        return false;
    }
  });
}

/** Writes the expressions of a plain rule. */
export function writeRule(out: MessageBytes, rule: ChainRule): void {
  for (const step of rule) writeStep(out, step);
}

function writeStep(out: MessageBytes, step: Step): void {
  switch (step.op) {
    case 'lookup':
      loadKey(out, step.fields, isGateSet(step.set));
      return expression(out, 'lookup', () => {
        out.number(LOOKUP.source, REGISTER.first);
        out.text(LOOKUP.set, step.set);
      });
    case 'map-mark':
      loadKey(out, step.fields, isGateSet(step.map));
      expression(out, 'lookup', () => {
        out.number(LOOKUP.source, REGISTER.first);
        out.text(LOOKUP.set, step.map);
        out.number(LOOKUP.target, REGISTER.first);
      });
      return writeMark(out);
    case 'set-mark':
      expression(out, 'immediate', () => {
        out.number(IMMEDIATE.target, REGISTER.first);
        out.nest(IMMEDIATE.data, () => {
          out.put32(out.room(ELEMENT.value, 4), step.value, true);
        });
      });
      return writeMark(out);
    case 'is':
      return isNew(step) ? writeIsNew(out) : writeIs(out, step);
    case 'or-flow-mark':
      return writeFlowMark(out, step.value);
    case 'verdict': {
      const { verdict } = step.verdict;
      return expression(out, 'immediate', () => {
        out.number(IMMEDIATE.target, REGISTER.verdict);
        out.nest(IMMEDIATE.data, () => {
          out.nest(ELEMENT.verdict, () => out.number(ELEMENT.code, VERDICTS[verdict]));
        });
      });
    }
    default:
      must(undefined, () => `a step that only nft can write: ${step.op}`);
  }
}

function isNew(step: Step & { op: 'is' }): boolean {
  return step.field === 'ct state' && step.values.length === 1 && step.values[0] === 'new';
}

function writeIsNew(out: MessageBytes): void {
  flowToRegister(out, CT_KEY.state);
  bitwise(out, CT_KEY.stateNew, 0);
  compare(out, { operation: COMPARISON.unequal, bytes: 4, value: 0n });
}

/** Payload is in network order, in which the larger number is the larger bytes. */
function writeIs(out: MessageBytes, { field, values }: Step & { op: 'is' }): void {
  const [part] = values;
  if (part === undefined || typeof part === 'string')
    return must(undefined, () => `a comparison that only nft can write: ${field}`);
  const { bytes } = KEY_TYPES[FIELD_TYPES[field]];
  loadKey(out, [field], false);
  if (part.first === part.last)
    return compare(out, { operation: COMPARISON.equal, bytes, value: part.first });
  compare(out, { operation: COMPARISON.atLeast, bytes, value: part.first });
  compare(out, { operation: COMPARISON.atMost, bytes, value: part.last });
}

function writeFlowMark(out: MessageBytes, bits: number): void {
  flowToRegister(out, CT_KEY.mark);
  bitwise(out, ~bits, bits);
  expression(out, 'ct', () => {
    out.number(CT.key, CT_KEY.mark);
    out.number(CT.source, REGISTER.first);
  });
}

function flowToRegister(out: MessageBytes, key: number): void {
  expression(out, 'ct', () => {
    out.number(CT.key, key);
    out.number(CT.target, REGISTER.first);
  });
}

/** Numbers of the machine, which is little-endian. */
function bitwise(out: MessageBytes, mask: number, xor: number): void {
  const word = (type: number, value: number) =>
    out.nest(type, () => out.put32(out.room(ELEMENT.value, 4), value, true));
  expression(out, 'bitwise', () => {
    out.number(BITWISE.source, REGISTER.first);
    out.number(BITWISE.target, REGISTER.first);
    out.number(BITWISE.bytes, 4);
    word(BITWISE.mask, mask);
    word(BITWISE.xor, xor);
  });
}

function compare(
  out: MessageBytes,
  to: { readonly operation: number; readonly bytes: number; readonly value: bigint },
): void {
  expression(out, 'cmp', () => {
    out.number(COMPARE.source, REGISTER.first);
    out.number(COMPARE.operation, to.operation);
    out.nest(COMPARE.data, () => {
      out.put(out.room(ELEMENT.value, to.bytes), to.bytes, to.value);
    });
  });
}

/** Puts the fields into registers, one after another, each padded to four bytes. */
function loadKey(out: MessageBytes, fields: readonly Field[], interval: boolean): void {
  const sources = fields.map((field) =>
    must(FIELD_SOURCES[field], () => `a field that only nft can write: ${field}`),
  );
  compareNeeds(out, sources);
  let register: number = REGISTER.first;
  for (const [i, source] of sources.entries()) {
    const type = FIELD_TYPES[fields[i] ?? 'meta mark'];
    const { bytes } = KEY_TYPES[type];
    const { meta, payload } = source;
    if (payload) loadPayload(out, { ...payload, register, bytes });
    else loadMeta(out, meta ?? 0, register);
    if (type === 'mark' && interval) swapBytes(out, register);
    register += Math.ceil(bytes / 4);
  }
}

/** What must be known of a packet before its headers are read at these places. */
function compareNeeds(out: MessageBytes, sources: readonly FieldSource[]): void {
  const family = sources.find((one) => one.family !== undefined)?.family;
  const protocol = sources.find((one) => one.protocol !== undefined)?.protocol;
  if (family !== undefined) compareMeta(out, META_KEY.nfproto, family === 4 ? 2 : 10);
  if (protocol !== undefined) compareMeta(out, META_KEY.l4proto, protocol);
}

function compareMeta(out: MessageBytes, key: number, value: number): void {
  loadMeta(out, key, REGISTER.first);
  compare(out, { operation: COMPARISON.equal, bytes: 1, value: BigInt(value) });
}

function loadMeta(out: MessageBytes, key: number, register: number): void {
  expression(out, 'meta', () => {
    out.number(META.key, key);
    out.number(META.target, register);
  });
}

function loadPayload(
  out: MessageBytes,
  from: {
    readonly base: number;
    readonly offset: number;
    readonly register: number;
    readonly bytes: number;
  },
): void {
  expression(out, 'payload', () => {
    out.number(PAYLOAD.target, from.register);
    out.number(PAYLOAD.base, from.base);
    out.number(PAYLOAD.offset, from.offset);
    out.number(PAYLOAD.bytes, from.bytes);
  });
}

/** Intervals are compared byte by byte from the left: a mark must be big-endian there. */
function swapBytes(out: MessageBytes, register: number): void {
  expression(out, 'byteorder', () => {
    out.number(SWAP.source, register);
    out.number(SWAP.target, register);
    out.number(SWAP.operation, 1);
    out.number(SWAP.bytes, 4);
    out.number(SWAP.size, 4);
  });
}

function writeMark(out: MessageBytes): void {
  expression(out, 'meta', () => {
    out.number(META.key, META_KEY.mark);
    out.number(META.source, REGISTER.first);
  });
}

function expression(out: MessageBytes, name: string, write: () => void): void {
  out.nest(ELEMENT.one, () => {
    out.text(EXPRESSION.name, name);
    out.nest(EXPRESSION.data, write);
  });
}

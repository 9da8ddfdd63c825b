import { randomHex, type Random } from './random.ts';

declare const brand: unique symbol;
type Branded<T extends string> = string & { readonly [brand]?: T };

/** `sg-` + 17 hex digits. */
export type GroupId = Branded<'GroupId'>;
/** `sgr-` + 17 hex digits. */
export type RuleId = Branded<'RuleId'>;
/** `eni-` + 17 hex digits. */
export type EniId = Branded<'EniId'>;
/** `subnet-` + 17 hex digits. */
export type SubnetId = Branded<'SubnetId'>;
/** `vpc-` + 17 hex digits. */
export type VpcId = Branded<'VpcId'>;
/** `i-` + 17 hex digits. */
export type InstanceId = Branded<'InstanceId'>;

/** Digits after the prefix of ids made today; EC2 still accepts the old 8-digit form. */
const ID_DIGITS = 17;

/** A fresh EC2 id: the prefix (without hyphen), a hyphen and 17 hex digits. */
export function newId(random: Random, prefix: string): string {
  return `${prefix}-${randomHex(random, ID_DIGITS)}`;
}

/** Whether `text` is a well-formed id with this prefix (17 or 8 hex digits). */
export function isId(text: string, prefix: string): boolean {
  const digits = text.slice(prefix.length + 1);
  return text.startsWith(`${prefix}-`) && /^([0-9a-f]{17}|[0-9a-f]{8})$/.test(digits);
}

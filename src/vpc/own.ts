import type { KubeObject } from '../api/meta.ts';
import type { Vpc } from '../api/vpc/vpc.ts';
import { Ec2Error } from '../ec2/error.ts';
import { checkId } from '../ec2/id-kinds.ts';
import type { Call } from './context.ts';
import type { Collection } from './store/collection.ts';

/** Objects that live in a VPC and belong to an account. */
export type Owned = KubeObject & {
  readonly spec: { readonly account: string; readonly vpcId: string };
};

/** Whether the caller sees the VPC: same account and region. */
export function seesVpc(call: Call, vpc: Vpc | undefined): boolean {
  return vpc?.spec.account === call.accountId && vpc.spec.region === call.region;
}

/** Whether the caller sees the object. */
export function sees(call: Call, object: Owned): boolean {
  return (
    object.spec.account === call.accountId && seesVpc(call, call.store.vpcs.get(object.spec.vpcId))
  );
}

/** The caller's object with this id; throws Malformed or NotFound. */
export function own<T extends Owned>(call: Call, collection: Collection<T>, id: string): T {
  checkId(collection.idKind, id);
  const object = collection.get(id);
  if (object === undefined || !sees(call, object)) throw collection.missing(id);
  return object;
}

/** The caller's VPC with this id. */
export function ownVpc(call: Call, id: string): Vpc {
  checkId(call.store.vpcs.idKind, id);
  const vpc = call.store.vpcs.get(id);
  if (vpc === undefined || !seesVpc(call, vpc)) throw call.store.vpcs.missing(id);
  return vpc;
}

/** The caller's default VPC; throws when there is none. */
export function defaultVpc(call: Call): Vpc {
  for (const vpc of call.store.vpcs.table.values())
    if (vpc.spec.isDefault && seesVpc(call, vpc)) return vpc;
  throw new Ec2Error('VPCIdNotSpecified', 'No default VPC for this user');
}

/** A parameter that the model does not require, but this call does. */
export function required<T>(value: T | undefined, name: string): T {
  if (value !== undefined) return value;
  throw new Ec2Error('MissingParameter', `The request must contain the parameter ${name}`);
}

/** `InvalidParameterValue` with a text. */
export function invalidValue(message: string): Ec2Error {
  return new Ec2Error('InvalidParameterValue', message);
}

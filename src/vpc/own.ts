import type { KubeObject } from '../api/meta.ts';
import type { Vpc } from '../api/vpc/vpc.ts';
import { Ec2Error } from '../ec2/error.ts';
import { checkId } from '../ec2/id-kinds.ts';
import type { Place } from './context.ts';
import type { Collection } from './store/collection.ts';

/** Objects of an account: those with a region of their own, or else that of their VPC. */
export type Owned = KubeObject & {
  readonly spec: {
    readonly account: string;
    readonly region?: string;
    readonly vpcId?: string;
  };
};

/** Whether the caller sees the VPC: same account and region. */
export function seesVpc(place: Place, vpc: Vpc | undefined): boolean {
  return vpc?.spec.account === place.accountId && vpc.spec.region === place.region;
}

/** Whether the caller sees the object. Nobody sees parts of a VPC that is not there (yet). */
export function sees(place: Place, { spec }: Owned): boolean {
  if (spec.account !== place.accountId) return false;
  const vpc = spec.vpcId === undefined ? undefined : place.store.vpcs.get(spec.vpcId);
  if (spec.vpcId !== undefined && vpc === undefined) return false;
  return (spec.region ?? vpc?.spec.region) === place.region;
}

/** The caller's object with this id; throws Malformed or NotFound. */
export function own<T extends Owned>(place: Place, collection: Collection<T>, id: string): T {
  checkId(collection.idKind, id);
  const object = collection.get(id);
  if (object === undefined || !sees(place, object)) throw collection.missing(id);
  return object;
}

/** The caller's VPC with this id. */
export function ownVpc(place: Place, id: string): Vpc {
  return own(place, place.store.vpcs, id);
}

/** Every object of a collection that the caller sees. */
export function ownAll<T extends Owned>(place: Place, { table }: Collection<T>): T[] {
  return [...table.values()].filter((object) => sees(place, object));
}

/** The caller's default VPC, if there is one. */
export function findDefaultVpc(place: Place): Vpc | undefined {
  for (const vpc of place.store.vpcs.table.values())
    if (vpc.spec.isDefault && seesVpc(place, vpc)) return vpc;
  return undefined;
}

/** The caller's default VPC; throws when there is none. */
export function defaultVpc(place: Place): Vpc {
  const vpc = findDefaultVpc(place);
  if (vpc !== undefined) return vpc;
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

import type { ApiObject } from '../object.ts';
import type { Kind } from '../registry/kind.ts';

/** The form in which clients of this version see a stored object. */
export function served(kind: Kind, object: ApiObject): ApiObject {
  return kind.toServed?.(object) ?? object;
}

/** The form in which an object of this version is stored. */
export function stored(kind: Kind, object: ApiObject): ApiObject {
  return kind.toStored?.(object) ?? object;
}

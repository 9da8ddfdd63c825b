import type { KubeObject } from './meta.ts';

declare const objectType: unique symbol;

/** A REST resource of the Kubernetes API, tagged with the type of its objects. */
export interface Resource<T extends KubeObject> {
  /** API group; '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower-case plural, as in the URL. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly [objectType]?: T;
}

/** Declares a resource; the type parameter is the type of its objects. */
export function resource<T extends KubeObject>(fields: Omit<Resource<T>, never>): Resource<T> {
  return Object.freeze({ ...fields });
}

/** `v1` or `group/version`. */
export function apiVersionOf(target: Resource<KubeObject>): string {
  return target.group === '' ? target.version : `${target.group}/${target.version}`;
}

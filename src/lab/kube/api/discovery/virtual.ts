/** A resource that answers requests but keeps no objects. */
export interface VirtualResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Name of the built-in type. */
  readonly typeName: string;
}

/** The reviews that clients may ask for. */
export const VIRTUAL_RESOURCES: readonly VirtualResource[] = [
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    namespaced: false,
    typeName: 'authorization.v1.SelfSubjectAccessReview',
  },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'SelfSubjectReview',
    plural: 'selfsubjectreviews',
    namespaced: false,
    typeName: 'authentication.v1.SelfSubjectReview',
  },
];

/** Those of one group version. */
export function virtualResources(group: string, version: string): readonly VirtualResource[] {
  return VIRTUAL_RESOURCES.filter((each) => each.group === group && each.version === version);
}

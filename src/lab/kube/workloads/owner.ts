import type { KubeObject, OwnerReference } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resource.ts';

/** The owner reference by which a controller claims what it makes. */
export function controllerReference(
  resource: Resource<KubeObject>,
  owner: KubeObject,
): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The owner that controls the object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** Whether the object is controlled by exactly this owner (by uid, so a recreated owner is another). */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

import type { KubeClient } from '../../api/client.ts';
import { isKubeError } from '../../api/kube-error.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';

/** Creates an object; one that already exists is left as it is. */
export async function ensure<T extends KubeObject>(
  kube: KubeClient,
  resource: Resource<T>,
  object: T,
): Promise<void> {
  try {
    await kube.create(resource, object);
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
  }
}

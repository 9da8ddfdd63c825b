import type { KubeClient } from '../../../api/client.ts';
import { keyOf, type KubeObject } from '../../../api/meta.ts';
import { resource } from '../../../api/resource.ts';
import type { Pod } from '../../../api/core/pod.ts';

/** core/v1 Binding: the only way by which a pod gets its node. */
interface Binding extends KubeObject {
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string };
}

/** Gives the pod its node by POST .../pods/<name>/binding, as kube-scheduler does. */
export async function bindPod(kube: KubeClient, pod: Pod, nodeName: string): Promise<void> {
  const { name, namespace } = keyOf(pod);
  const binding = resource<Binding>({
    group: '',
    version: 'v1',
    kind: 'Binding',
    plural: `pods/${encodeURIComponent(name)}/binding`,
    namespaced: true,
  });
  const { uid } = pod.metadata;
  await kube.create(binding, {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
    },
    target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
  });
}

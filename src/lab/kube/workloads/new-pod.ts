import type { PodTemplate } from '../../../api/apps/pod-template.ts';
import type { Pod, PodSpec } from '../../../api/core/pod.ts';
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resource.ts';
import { controllerReference } from './owner.ts';

/** A pod stamped from a template; the API server completes its name. */
export function podFromTemplate(
  owner: { readonly resource: Resource<KubeObject>; readonly object: KubeObject },
  template: PodTemplate,
  extra: { readonly labels?: Readonly<Record<string, string>>; readonly spec?: PodSpec } = {},
): Pod {
  const { name, namespace } = owner.object.metadata;
  return {
    metadata: {
      name: '',
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      labels: { ...template.metadata?.labels, ...extra.labels },
      ...(template.metadata?.annotations && { annotations: template.metadata.annotations }),
      ownerReferences: [controllerReference(owner.resource, owner.object)],
    },
    spec: extra.spec ?? template.spec,
  };
}

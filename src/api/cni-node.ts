import type { CustomResource } from './custom-resource.ts';
import type { KubeObject } from './meta.ts';
import { resource, type Resource } from './resource.ts';

/** vpcresources.k8s.aws/v1alpha1 CNINode: the handshake between agent and controller (spec: 1.2). */
export interface CniNode extends KubeObject {
  readonly spec?: {
    readonly features?: readonly CniNodeFeature[];
    readonly tags?: Readonly<Record<string, string>>;
  };
}

/** A feature that the agent asks for on its node. */
export interface CniNodeFeature {
  readonly name: string;
  readonly value?: string;
}

/** The `cninodes` resource. */
export const CNI_NODES: Resource<CniNode> = resource<CniNode>({
  group: 'vpcresources.k8s.aws',
  version: 'v1alpha1',
  kind: 'CNINode',
  plural: 'cninodes',
  namespaced: false,
});

/** The CRD, with the names and columns of EKS. */
export const CNI_NODE_CRD: CustomResource = {
  resource: CNI_NODES,
  singular: 'cninode',
  shortNames: ['cnd'],
  columns: [{ name: 'Features', type: 'string', jsonPath: '.spec.features' }],
  statusSubresource: true,
  schema: {
    type: 'object',
    description: 'CNINode lists the networking features of one node.',
    properties: {
      spec: {
        type: 'object',
        properties: {
          features: {
            type: 'array',
            items: {
              type: 'object',
              properties: { name: { type: 'string' }, value: { type: 'string' } },
            },
          },
          managedBy: {
            type: 'string',
            description: 'The controller that looks after this object; absent: this one.',
            enum: ['vpc-resource-controller', 'eks-auto-mode'],
          },
          tags: { type: 'object', additionalProperties: { type: 'string' } },
        },
      },
      status: {
        type: 'object',
        description: "EKS's controller may keep here what it knows of the node's network.",
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
  },
};

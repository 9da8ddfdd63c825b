import type { CustomResource } from './custom-resource.ts';
import type { KubeObject, LabelSelector } from './meta.ts';
import { resource, type Resource } from './resource.ts';
import type { Schema } from './schema.ts';

/**
 * vpcresources.k8s.aws/v1beta1 SecurityGroupPolicy: which pods get which groups. No field is
 * required by the schema, as on EKS; an empty policy matches nothing (spec: eks-behaviour 1.1).
 */
export interface SecurityGroupPolicy extends KubeObject {
  readonly spec?: {
    readonly podSelector?: LabelSelector | null;
    readonly serviceAccountSelector?: LabelSelector | null;
    readonly securityGroups?: { readonly groupIds?: readonly string[] | null } | null;
  };
}

/** The `securitygrouppolicies` resource. */
export const SECURITY_GROUP_POLICIES: Resource<SecurityGroupPolicy> = resource<SecurityGroupPolicy>(
  {
    group: 'vpcresources.k8s.aws',
    version: 'v1beta1',
    kind: 'SecurityGroupPolicy',
    plural: 'securitygrouppolicies',
    namespaced: true,
  },
);

const SELECTOR_SCHEMA: Schema = {
  type: 'object',
  'x-kubernetes-map-type': 'atomic',
  properties: {
    matchLabels: { type: 'object', additionalProperties: { type: 'string' } },
    matchExpressions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['key', 'operator'],
        properties: {
          key: { type: 'string' },
          operator: { type: 'string' },
          values: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
};

/** The CRD, with the names and columns of EKS. */
export const SECURITY_GROUP_POLICY_CRD: CustomResource = {
  resource: SECURITY_GROUP_POLICIES,
  singular: 'securitygrouppolicy',
  shortNames: ['sgp'],
  columns: [
    { name: 'Security-Group-Ids', type: 'string', jsonPath: '.spec.securityGroups.groupIds' },
  ],
  statusSubresource: false,
  schema: {
    type: 'object',
    description: 'SecurityGroupPolicy assigns EC2 security groups to pods.',
    properties: {
      spec: {
        type: 'object',
        properties: {
          podSelector: SELECTOR_SCHEMA,
          serviceAccountSelector: SELECTOR_SCHEMA,
          securityGroups: {
            type: 'object',
            properties: {
              groupIds: { type: 'array', minItems: 1, items: { type: 'string' } },
            },
          },
        },
      },
    },
  },
};

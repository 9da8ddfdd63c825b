import type { KubeObject } from './meta.ts';
import { resource, type Resource } from './resource.ts';
import type { Schema } from './schema.ts';

/** A column that `kubectl get` shows for a custom resource. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  /** 0 is always shown; anything above only with -o wide. */
  readonly priority?: number;
}

/** What a CRD says beyond its resource: names, schema, columns, subresources. */
export interface CustomResource {
  readonly resource: Resource<KubeObject>;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly columns?: readonly PrinterColumn[];
  /** Schema of the whole object; metadata is left to the API server. */
  readonly schema: Schema;
  readonly statusSubresource: boolean;
}

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as far as we write it. */
export interface CustomResourceDefinition extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The `customresourcedefinitions` resource. */
export const CUSTOM_RESOURCE_DEFINITIONS: Resource<CustomResourceDefinition> =
  resource<CustomResourceDefinition>({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  });

/** The CRD manifest of a custom resource. */
export function crdManifest(custom: CustomResource): CustomResourceDefinition {
  const { resource: target } = custom;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${target.plural}.${target.group}` },
    spec: {
      group: target.group,
      scope: target.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        plural: target.plural,
        singular: custom.singular,
        kind: target.kind,
        listKind: `${target.kind}List`,
        ...(custom.shortNames && { shortNames: custom.shortNames }),
        ...(custom.categories && { categories: custom.categories }),
      },
      versions: [crdVersion(custom)],
    },
  };
}

function crdVersion(custom: CustomResource): Record<string, unknown> {
  return {
    name: custom.resource.version,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: custom.schema },
    ...(custom.columns && { additionalPrinterColumns: custom.columns }),
    ...(custom.statusSubresource && { subresources: { status: {} } }),
  };
}

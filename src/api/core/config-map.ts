import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';

/** core/v1 ConfigMap; `binaryData` is not read. */
export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** The `configmaps` resource. */
export const CONFIG_MAPS: Resource<ConfigMap> = resource<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});

import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';

/** core/v1 Secret; the values of `data` are base64. */
export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** The `secrets` resource. */
export const SECRETS: Resource<Secret> = resource<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
});

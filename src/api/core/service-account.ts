import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';

/** core/v1 ServiceAccount; only its labels matter here. */
export type ServiceAccount = KubeObject;

/** The `serviceaccounts` resource. */
export const SERVICE_ACCOUNTS: Resource<ServiceAccount> = resource<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
});

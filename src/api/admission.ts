import type { JsonPatchStep } from './client.ts';
import type { KubeObject } from './meta.ts';
import { resource, type Resource } from './resource.ts';

/** The question of an admission.k8s.io/v1 AdmissionReview. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly namespace?: string;
  readonly name?: string;
  readonly userInfo?: { readonly username?: string; readonly groups?: readonly string[] };
  readonly object?: KubeObject | null;
  readonly oldObject?: KubeObject | null;
  readonly dryRun?: boolean;
}

/** What a webhook decided, before it is put on the wire. */
export type Admission =
  | {
      readonly allowed: true;
      readonly message?: string;
      readonly patch?: readonly JsonPatchStep[];
      /** Shown by kubectl as `Warning: ...`; at most 256 characters each. */
      readonly warnings?: readonly string[];
    }
  | { readonly allowed: false; readonly code: number; readonly message: string };

/** admissionregistration.k8s.io/v1 Mutating- and ValidatingWebhookConfiguration. */
export interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly Readonly<Record<string, unknown>>[];
}

/** The `mutatingwebhookconfigurations` resource. */
export const MUTATING_WEBHOOKS: Resource<WebhookConfiguration> = resource<WebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
});

/** The `validatingwebhookconfigurations` resource. */
export const VALIDATING_WEBHOOKS: Resource<WebhookConfiguration> = resource<WebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
});

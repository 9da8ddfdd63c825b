import type { OwnerReference } from '../../../api/meta.ts';
import type { Fields } from '../../../base/json.ts';

/** Metadata as the API server keeps it; writable, because admission builds objects step by step. */
export interface ApiMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: Fields[];
}

/** An object of any kind. Objects in the store are never changed in place: clone first. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ApiMeta;
  [field: string]: unknown;
}

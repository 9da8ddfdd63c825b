import type { User } from '../authn/user.ts';
import type { ApiObject } from '../object.ts';
import type { Kind } from '../registry/kind.ts';

/** What webhooks are asked about. Objects are in their served form. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly kind: Kind;
  readonly subresource: string;
  readonly name: string;
  readonly namespace: string;
  readonly user: User;
  readonly dryRun: boolean;
  readonly object?: ApiObject;
  readonly oldObject?: ApiObject;
  readonly options: Readonly<Record<string, unknown>>;
  /** Where webhooks leave their warnings for the client. */
  readonly warnings: string[];
}

/** Dynamic admission. Both throw ApiError to refuse. */
export interface Admission {
  /** Runs the mutating webhooks one after the other; answers the object they made. */
  mutate(request: AdmissionRequest): Promise<ApiObject | undefined>;
  /** Runs the validating webhooks, all at once. */
  validate(request: AdmissionRequest): Promise<void>;
}

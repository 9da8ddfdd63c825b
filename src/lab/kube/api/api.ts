import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import type { PodRuntime } from '../pod-runtime.ts';
import type { Admission } from './admission/admission.ts';
import type { User } from './authn/user.ts';
import type { Kind } from './registry/kind.ts';
import type { Registry } from './registry/registry.ts';
import type { Store } from './store/store.ts';

/** What every operation works with. */
export interface Api {
  readonly registry: Registry;
  readonly store: Store;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly podRuntime: (nodeName: string) => PodRuntime | undefined;
}

/** How strict to be about unknown fields (query parameter `fieldValidation`). */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** One operation on one resource, with everything that does not depend on HTTP. */
export interface Call {
  readonly kind: Kind;
  /** '' for cluster-scoped resources and for all namespaces. */
  readonly namespace: string;
  /** '' for collections. */
  readonly name: string;
  readonly subresource: string;
  readonly user: User;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly fieldManager: string;
  /** Texts for Warning headers. */
  readonly warnings: string[];
}

/** A call that the API server makes on its own account. */
export function ownCall(user: User, kind: Kind, key: { namespace: string; name: string }): Call {
  return {
    kind,
    namespace: key.namespace,
    name: key.name,
    subresource: '',
    user,
    dryRun: false,
    fieldValidation: 'Ignore',
    fieldManager: user.name,
    warnings: [],
  };
}

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Caller } from './auth/authenticate.ts';
import type { FetchKeys, OidcIssuer } from './auth/oidc.ts';
import type { Sealer } from './auth/sealer.ts';
import type { Analyse } from './insights/analyse.ts';
import type { Quotas } from './quotas.ts';
import type { Store } from './store/store.ts';

/** What actions share for the life of the server. */
export interface Services {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly quotas: Quotas;
  readonly homeRegion: string;
  /** The Kubernetes API that clusters of the EKS API stand for. */
  readonly kubernetes?: { readonly endpoint: string; readonly caPem: string } | undefined;
  readonly sealer: Sealer;
  /** Whose tokens AssumeRoleWithWebIdentity takes. */
  readonly oidcIssuers: readonly OidcIssuer[];
  /** For the providers that accounts created; without it their tokens are refused. */
  readonly fetchOidcKeys?: FetchKeys | undefined;
  /** Answers reachability analyses; without it they are not supported. */
  readonly analyse?: Analyse | undefined;
}

/** An account in a region: where objects are made and seen. */
export interface Place extends Services {
  readonly accountId: string;
  readonly region: string;
}

/** One call: the services, and who calls. */
export interface Call extends Place {
  readonly caller: Caller;
}

/** The semantics of an EC2 action: request in, result out. Throws Ec2Error. */
export type Handler<Input = never, Output = unknown> = (
  input: Input,
  call: Call,
) => Promise<Output> | Output;

/** The time of a call, as stored in objects. */
export function nowText(call: Pick<Call, 'clock'>): string {
  return new Date(call.clock.nowMs()).toISOString();
}

import type { Clock } from '../../../../base/clock.ts';
import type { Log } from '../../../../base/log.ts';
import type { Random } from '../../../../base/random.ts';
import { fieldsOf, type Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { ApiError, forbidden } from '../status.ts';
import type { Store } from '../store/store.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import { postJson } from './call.ts';
import { judgeConditions } from './condition.ts';
import { endpointOf } from './endpoint.ts';
import { reviewOf, verdictOf, type Verdict } from './review.ts';
import { wants, webhooksOf, type Webhook } from './webhook.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const MUTATING = 'mutatingwebhookconfigurations.admissionregistration.k8s.io';
const VALIDATING = 'validatingwebhookconfigurations.admissionregistration.k8s.io';

/**
 * Dynamic admission by the webhook configurations in the store, over HTTPS. Mutating webhooks run in
 * the order of their configurations' names, one after the other and once each (no reinvocation);
 * validating ones run at the same time. matchPolicy Equivalent is treated as Exact: the lab serves
 * each built-in kind in one version only.
 */
export function createAdmission(deps: Deps): Admission {
  return {
    mutate: (request) => mutate(deps, request),
    validate: async (request) => {
      const webhooks = matching(deps, VALIDATING, request);
      const failures = await Promise.allSettled(
        webhooks.map((webhook) => ask(deps, webhook, request)),
      );
      for (const failure of failures) if (failure.status === 'rejected') throw failure.reason;
    },
  };
}

async function mutate(deps: Deps, request: AdmissionRequest): Promise<ApiObject | undefined> {
  let object: ApiObject | undefined;
  for (const webhook of matching(deps, MUTATING, request)) {
    const current = object === undefined ? request : { ...request, object };
    const verdict = await ask(deps, webhook, current);
    object = verdict?.patched ?? object;
  }
  return object;
}

function matching(deps: Deps, storage: string, request: AdmissionRequest): Webhook[] {
  const labels =
    request.namespace === ''
      ? undefined
      : (deps.store.get('namespaces', { namespace: '', name: request.namespace })?.metadata
          .labels ?? {});
  return deps.store
    .list(storage)
    .flatMap(webhooksOf)
    .filter((webhook) => wants(webhook, request, labels));
}

/**
 * Asks one webhook. Undefined: its conditions exclude the request, or it failed and may
 * (failurePolicy Ignore). Throws when it denies.
 */
async function ask(
  deps: Deps,
  webhook: Webhook,
  request: AdmissionRequest,
): Promise<Verdict | undefined> {
  const review = reviewOf(request, deps.random);
  if (!meetsConditions(deps, webhook, { request, review })) return undefined;
  if (request.dryRun && !isHarmless(webhook)) {
    const why = `admission webhook "${webhook.name}" does not support dry run`;
    throw new ApiError(400, 'BadRequest', why);
  }
  let verdict: Verdict;
  try {
    const endpoint = endpointOf(webhook, deps.store);
    const answer = await postJson(endpoint, review, { ...deps, timeoutMs: webhook.timeoutMs });
    verdict = verdictOf(answer, review, request);
  } catch (error) {
    return failed(deps, webhook, error as Error);
  }
  request.warnings.push(...verdict.warnings);
  if (!verdict.allowed) throw denied(webhook, verdict);
  return verdict;
}

/** Conditions that cannot be evaluated are a failure of the webhook, which is then not called. */
function meetsConditions(
  deps: Deps,
  webhook: Webhook,
  { request, review }: { readonly request: AdmissionRequest; readonly review: Fields },
): boolean {
  if (webhook.conditions.length === 0) return true;
  const { uid: _uid, object, oldObject, ...about } = fieldsOf(review['request']);
  const verdict = judgeConditions(webhook.conditions, { object, oldObject, request: about });
  if (verdict.kind !== 'failed') return verdict.kind === 'matched';
  const { name, failOpen } = webhook;
  const error = verdict.message;
  deps.log.warn('Match conditions of a webhook failed', { webhook: name, failOpen, error });
  if (failOpen) return false;
  throw forbidden(request.kind, request.name, error);
}

function isHarmless({ sideEffects }: Webhook): boolean {
  return sideEffects === 'None' || sideEffects === 'NoneOnDryRun';
}

function failed(deps: Deps, webhook: Webhook, error: Error): undefined {
  deps.log.warn('Admission webhook failed', {
    webhook: webhook.name,
    failOpen: webhook.failOpen,
    error: error.message,
  });
  if (webhook.failOpen) return undefined;
  const text = `failed calling webhook "${webhook.name}": ${error.message}`;
  throw new ApiError(500, 'InternalError', `Internal error occurred: ${text}`, {
    causes: [{ message: text }],
  });
}

function denied(webhook: Webhook, { message, reason, code }: Verdict): ApiError {
  const why =
    message === ''
      ? `admission webhook "${webhook.name}" denied the request without explanation`
      : `admission webhook "${webhook.name}" denied the request: ${message}`;
  const status = code >= 400 && code < 600 ? code : 403;
  return new ApiError(status, reason || (status === 403 ? 'Forbidden' : 'Unknown'), why);
}

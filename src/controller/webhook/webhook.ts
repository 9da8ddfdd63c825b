import type { Admission, AdmissionRequest } from '../../api/admission.ts';
import type { KubeClient } from '../../api/client.ts';
import type { Pod } from '../../api/core/pod.ts';
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import type { Log } from '../../base/log.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { JsonRequest, JsonResponse, ServeJson, ServeJsonOptions } from '../../base/serve.ts';
import type { Ec2Client } from '../../ec2/client.ts';
import type { MatchResult } from '../../policy/match.ts';
import { selectGroups } from '../policy/selection.ts';
import { mutatePod, needsPolicies, podKind } from './mutate-pod.ts';
import { validateNode } from './validate-node.ts';
import { groupIdsOf, validatePolicy } from './validate-policy.ts';
import { validatePod } from './validate-pod.ts';

/** What the webhook reads. Without `ec2` groups of policies are not looked up. */
export interface WebhookDeps {
  readonly kube: Pick<KubeClient, 'get' | 'list'>;
  readonly log: Log;
  readonly ec2?: Pick<Ec2Client, 'describeSecurityGroups'>;
  readonly vpcId?: string;
}

/** Options of `startWebhook`; `serve` is `serveJson` of `io/webhook-server.ts`. */
export type WebhookOptions = WebhookDeps &
  Pick<ServeJsonOptions, 'listen' | 'tls'> & { readonly serve: ServeJson };

type Review = (deps: WebhookDeps, request: AdmissionRequest) => Promise<Admission> | Admission;

const REVIEWS: Readonly<Record<string, Review>> = {
  '/mutate-v1-pod': reviewPod,
  '/validate-v1-pod': (_, request) => validatePod(request),
  '/validate-v1-node': (_, request) => validateNode(request),
  '/validate-security-group-policy': reviewPolicy,
};

/** Serves the admission webhooks of section 2 of the contract until closed. */
export function startWebhook(
  options: WebhookOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { serve, listen, tls } = options;
  return serve({ listen, tls, handle: (request) => handleAdmission(options, request) });
}

/** Answers one AdmissionReview; also `GET /healthz`. */
export async function handleAdmission(
  deps: WebhookDeps,
  { method, path, body }: JsonRequest,
): Promise<JsonResponse> {
  if (method === 'GET' && path === '/healthz') return { status: 200, body: { ok: true } };
  const review = REVIEWS[path];
  if (!review) return { status: 404, body: { error: `There is no webhook at ${path}` } };
  const request = (body as { request?: AdmissionRequest } | undefined)?.request;
  if (typeof request?.uid !== 'string') {
    return {
      status: 400,
      body: { error: 'The body is not an admission.k8s.io/v1 AdmissionReview' },
    };
  }
  const admission = await review(deps, request);
  logDenial(deps.log, path, request, admission);
  return { status: 200, body: reviewResponse(request.uid, admission) };
}

async function reviewPod(deps: WebhookDeps, request: AdmissionRequest): Promise<Admission> {
  if (!isPod(request.object))
    return { allowed: false, code: 400, message: 'there is no pod to decode' };
  const pod = withNamespace(request.object, request.namespace);
  const kind = podKind(pod);
  const groups = needsPolicies(kind) ? await groupsOf(deps, pod) : NO_GROUPS;
  return mutatePod(kind, pod, groups);
}

const NO_GROUPS = ok<MatchResult>({ groupIds: [], policyNames: [], problems: [] });

async function groupsOf(
  deps: WebhookDeps,
  pod: Pod,
): Promise<Result<MatchResult, { readonly message: string }>> {
  try {
    return await selectGroups(deps.kube, pod);
  } catch (error) {
    return err({ message: error instanceof Error ? error.message : String(error) });
  }
}

async function reviewPolicy(deps: WebhookDeps, request: AdmissionRequest): Promise<Admission> {
  const policy: SecurityGroupPolicy | null | undefined = request.object;
  return validatePolicy(request, policy ? await knownGroups(deps, policy) : undefined);
}

/** Which of the policy's groups exist; undefined when that cannot be found out now. */
async function knownGroups(
  { ec2, vpcId, log }: WebhookDeps,
  policy: SecurityGroupPolicy,
): Promise<ReadonlySet<string> | undefined> {
  const ids = groupIdsOf(policy);
  if (!ec2 || ids.length === 0) return undefined;
  try {
    const answer = await ec2.describeSecurityGroups({
      Filters: [
        { Name: 'group-id', Values: [...ids] },
        ...(vpcId === undefined ? [] : [{ Name: 'vpc-id', Values: [vpcId] }]),
      ],
    });
    return new Set((answer.SecurityGroups ?? []).map(({ GroupId = '' }) => GroupId));
  } catch (error) {
    // A warning is a courtesy; it must not hold up the policy.
    log.warn('Cannot look up the groups of a policy', { policy: policy.metadata.name, error });
    return undefined;
  }
}

function isPod(object: AdmissionRequest['object']): object is Pod {
  const spec = (object as Partial<Pod> | null | undefined)?.spec;
  return object?.metadata !== undefined && Array.isArray(spec?.containers);
}

function withNamespace(pod: Pod, namespace: string | undefined): Pod {
  if ((pod.metadata.namespace ?? '') !== '' || namespace === undefined) return pod;
  return { ...pod, metadata: { ...pod.metadata, namespace } };
}

function reviewResponse(uid: string, admission: Admission): unknown {
  const message = admission.message;
  const status = admission.allowed
    ? message !== undefined && { status: { code: 200, message } }
    : { status: { code: admission.code, message } };
  const patch = admission.allowed ? admission.patch : undefined;
  const warnings = admission.allowed ? admission.warnings : undefined;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: admission.allowed,
      ...status,
      ...(patch && { patchType: 'JSONPatch', patch: base64(JSON.stringify(patch)) }),
      ...(warnings && { warnings }),
    },
  };
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

function logDenial(log: Log, path: string, request: AdmissionRequest, admission: Admission): void {
  if (admission.allowed) return;
  const { namespace, name, userInfo } = request;
  log.info('Admission denied', {
    path,
    namespace,
    name,
    user: userInfo?.username,
    message: admission.message,
  });
}

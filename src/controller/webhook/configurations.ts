import { apiVersionOf } from '../../api/resource.ts';
import {
  MUTATING_WEBHOOKS,
  VALIDATING_WEBHOOKS,
  type WebhookConfiguration,
} from '../../api/admission.ts';
import { SECURITY_GROUP_POLICIES } from '../../api/security-group-policy.ts';
import { AGENT_USER } from './validate-node.ts';

/*
 * What happens while the webhook is down (DESIGN: D8). On EKS pods then start without their groups
 * (failurePolicy Ignore). Here pods of every namespace wait, whether it holds policies or not: a
 * label on "namespaces that hold policies" would be written by a controller after the policy, so a
 * pod made in between, or while that controller is down, would slip through. Only kube-system is
 * let through unasked, or a cluster whose webhook runs as a pod could never start again; the node
 * agent's refusal at CNI ADD (a pod that matches a policy but asks for no branch) is the second line
 * there and everywhere. `vnode` restricts one user, so only that user is held up by its absence.
 * `failurePolicy: 'Ignore'` is the switch for EKS's behaviour.
 */

/** Where the API server finds the webhook, and what it does when it does not. */
export interface WebhookConfigurationOptions {
  /** Base URL, such as `https://127.0.0.1:9443`. */
  readonly url: string;
  /** CA certificate of the webhook's certificate. */
  readonly caPem: string;
  readonly failurePolicy?: 'Fail' | 'Ignore';
}

const SYSTEM_NAMESPACE = 'kube-system';
const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';
const TIMEOUT_SECONDS = 10;
const POD_RULE = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'Namespaced' };

/** The mutating and the validating configuration, with the names of EKS (spec: 2.1). */
export function webhookConfigurations(
  options: WebhookConfigurationOptions,
): readonly WebhookConfiguration[] {
  const podWebhooks = (name: string, path: string, operations: readonly string[]): Webhook[] =>
    perNamespaceKind(webhook(options, name, path, [{ ...POD_RULE, operations }]));
  return [
    {
      apiVersion: apiVersionOf(MUTATING_WEBHOOKS),
      kind: MUTATING_WEBHOOKS.kind,
      metadata: { name: 'vpc-resource-mutating-webhook' },
      webhooks: podWebhooks('mpod', '/mutate-v1-pod', ['CREATE']),
    },
    {
      apiVersion: apiVersionOf(VALIDATING_WEBHOOKS),
      kind: VALIDATING_WEBHOOKS.kind,
      metadata: { name: 'vpc-resource-validating-webhook' },
      webhooks: [
        ...podWebhooks('vpod', '/validate-v1-pod', ['CREATE', 'UPDATE']),
        nodeWebhook(options),
        policyWebhook(options),
      ],
    },
  ];
}

type Webhook = Readonly<Record<string, unknown>> & { readonly name: string };
type Rule = Readonly<Record<string, unknown>>;

function webhook(
  { url, caPem, failurePolicy }: WebhookConfigurationOptions,
  name: string,
  path: string,
  rules: readonly Rule[],
): Webhook {
  return {
    name: `${name}.vpc.k8s.aws`,
    admissionReviewVersions: ['v1'],
    clientConfig: {
      url: `${url.replace(/\/$/, '')}${path}`,
      caBundle: base64(caPem),
    },
    rules,
    failurePolicy: failurePolicy ?? 'Fail',
    matchPolicy: 'Equivalent',
    sideEffects: 'None',
    timeoutSeconds: TIMEOUT_SECONDS,
  };
}

/** The webhook for all namespaces but the system's, and its lenient twin for that one. */
function perNamespaceKind(strict: Webhook): Webhook[] {
  const inSystem = (operator: string): object => ({
    matchExpressions: [{ key: NAMESPACE_NAME_LABEL, operator, values: [SYSTEM_NAMESPACE] }],
  });
  return [
    { ...strict, namespaceSelector: inSystem('NotIn') },
    {
      ...strict,
      name: strict.name.replace('.', '-system.'),
      failurePolicy: 'Ignore',
      namespaceSelector: inSystem('In'),
    },
  ];
}

function nodeWebhook(options: WebhookConfigurationOptions): Webhook {
  const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['nodes'], scope: 'Cluster' };
  return {
    ...webhook(options, 'vnode', '/validate-v1-node', [{ ...rule, operations: ['UPDATE'] }]),
    matchConditions: [
      { name: 'agent-only', expression: `request.userInfo.username == '${AGENT_USER}'` },
    ],
  };
}

function policyWebhook(options: WebhookConfigurationOptions): Webhook {
  const { group, version, plural } = SECURITY_GROUP_POLICIES;
  const rule = { apiGroups: [group], apiVersions: [version], resources: [plural] };
  return webhook(options, 'vsgp', '/validate-security-group-policy', [
    { ...rule, scope: 'Namespaced', operations: ['CREATE', 'UPDATE'] },
  ]);
}

function base64(text: string): string {
  return btoa(text);
}

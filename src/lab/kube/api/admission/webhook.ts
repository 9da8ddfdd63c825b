import {
  fieldsOf,
  isFields,
  listOf,
  numberAt,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { matchLabelSelector } from '../selector/label.ts';
import type { AdmissionRequest } from './admission.ts';
import type { MatchCondition } from './condition.ts';

/** Where and how a webhook is called. */
export type WebhookTarget =
  | { readonly url: string }
  | {
      readonly service: {
        readonly namespace: string;
        readonly name: string;
        readonly path: string;
        readonly port: number;
      };
    };

/** One rule of a webhook: a request matches when each part does. */
export interface WebhookRule {
  readonly operations: readonly string[];
  readonly groups: readonly string[];
  readonly versions: readonly string[];
  /** `pods`, `pods/status`, `pods/*`, `*`. */
  readonly resources: readonly string[];
  readonly scope: string;
}

/** A registered webhook. */
export interface Webhook {
  readonly name: string;
  readonly configuration: string;
  readonly target: WebhookTarget;
  /** PEM; without it the system's authorities count. */
  readonly caPem?: string;
  readonly rules: readonly WebhookRule[];
  readonly namespaceSelector: unknown;
  readonly objectSelector: unknown;
  readonly conditions: readonly MatchCondition[];
  readonly failOpen: boolean;
  readonly timeoutMs: number;
  readonly sideEffects: string;
}

const DEFAULT_TIMEOUT_SECONDS = 10;
/** Webhooks about webhooks could lock the door behind everybody; these kinds are never sent. */
const EXEMPT_GROUP = 'admissionregistration.k8s.io';

/** The webhooks of a configuration, in its order. */
export function webhooksOf(configuration: ApiObject): Webhook[] {
  return listOf(configuration['webhooks'])
    .filter(isFields)
    .map((webhook) => webhookOf(configuration.metadata.name, webhook));
}

function webhookOf(configuration: string, webhook: Fields): Webhook {
  const client = fieldsOf(webhook['clientConfig']);
  const bundle = textAt(client, 'caBundle');
  return {
    name: textAt(webhook, 'name'),
    configuration,
    target: targetOf(client),
    ...(bundle !== '' && { caPem: Buffer.from(bundle, 'base64').toString('utf8') }),
    rules: listOf(webhook['rules']).filter(isFields).map(ruleOf),
    namespaceSelector: webhook['namespaceSelector'] ?? {},
    objectSelector: webhook['objectSelector'] ?? {},
    conditions: listOf(webhook['matchConditions']).map((condition) => ({
      name: textAt(condition, 'name'),
      expression: textAt(condition, 'expression'),
    })),
    failOpen: webhook['failurePolicy'] === 'Ignore',
    timeoutMs: (numberAt(webhook, 'timeoutSeconds') ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    sideEffects: textAt(webhook, 'sideEffects'),
  };
}

function targetOf(client: Fields): WebhookTarget {
  const service = client['service'];
  if (!isFields(service)) return { url: textAt(client, 'url') };
  return {
    service: {
      namespace: textAt(service, 'namespace'),
      name: textAt(service, 'name'),
      path: textAt(service, 'path') || '/',
      port: numberAt(service, 'port') ?? 443,
    },
  };
}

function ruleOf(rule: Fields): WebhookRule {
  const texts = (field: string): string[] => listOf(rule[field]).map(String);
  return {
    operations: texts('operations'),
    groups: texts('apiGroups'),
    versions: texts('apiVersions'),
    resources: texts('resources'),
    scope: textAt(rule, 'scope') || '*',
  };
}

/** Whether the webhook wants this request. `namespaceLabels` are those of the request's namespace. */
export function wants(
  webhook: Webhook,
  request: AdmissionRequest,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (request.kind.group === EXEMPT_GROUP) return false;
  if (!webhook.rules.some((rule) => ruleMatches(rule, request))) return false;
  const labels = subjectLabels(request) ?? namespaceLabels;
  if (labels !== undefined && !matchLabelSelector(webhook.namespaceSelector)(labels)) return false;
  const matchesObject = matchLabelSelector(webhook.objectSelector);
  return [request.object, request.oldObject].some(
    (object) => object !== undefined && matchesObject(object.metadata.labels ?? {}),
  );
}

/** A namespace is matched by its own labels. */
function subjectLabels(request: AdmissionRequest): Readonly<Record<string, string>> | undefined {
  if (request.kind.storage !== 'namespaces') return undefined;
  return (request.object ?? request.oldObject)?.metadata.labels ?? {};
}

function ruleMatches(
  rule: WebhookRule,
  { operation, kind, subresource }: AdmissionRequest,
): boolean {
  const has = (values: readonly string[], value: string): boolean =>
    values.includes('*') || values.includes(value);
  const scope = kind.namespaced ? 'Namespaced' : 'Cluster';
  return (
    has(rule.operations, operation) &&
    has(rule.groups, kind.group) &&
    has(rule.versions, kind.version) &&
    (rule.scope === '*' || rule.scope === scope) &&
    rule.resources.some((resource) => resourceMatches(resource, kind.plural, subresource))
  );
}

function resourceMatches(pattern: string, plural: string, subresource: string): boolean {
  const [wantedPlural = '', wantedSub = ''] = pattern.split('/');
  const pluralFits = wantedPlural === '*' || wantedPlural === plural;
  // `*` alone means all resources but no subresources; `pods/*` takes the pod itself as well.
  const subFits = wantedSub === subresource || wantedSub === '*';
  return pluralFits && subFits;
}

import {
  at,
  childOf,
  fieldsOf,
  isFields,
  listOf,
  setDefault,
  textAt,
  type ApiObject,
  type Fields,
} from '../object.ts';
import type { Behaviour } from '../registry/kind.ts';
import { forbiddenField, required, type FieldProblem } from '../status.ts';
import { immutableProblem } from './metadata.ts';

/** The label that every namespace has, for selectors. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Rules of Namespaces. The `kubernetes` finalizer is the namespace controller's. */
export const NAMESPACE: Behaviour = {
  defaults: (namespace) => {
    const { metadata } = namespace;
    metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
  },
  prepareCreate: (namespace) => {
    namespace['spec'] = { finalizers: ['kubernetes'] };
    namespace['status'] = { phase: 'Active' };
  },
  prepareUpdate: (namespace, before) => {
    namespace['spec'] = before['spec'];
  },
};

/** Rules of Nodes. */
export const NODE: Behaviour = {
  defaults: (node) => {
    childOf(node, 'spec');
  },
  prepareCreate: (node) => {
    // Unlike other kinds, a kubelet may register a node with its status.
    childOf(node, 'status');
  },
  validate: (node, before) => {
    const providerId = textAt(before, 'spec', 'providerID');
    if (providerId === '' || providerId === textAt(node, 'spec', 'providerID')) return [];
    return [
      forbiddenField(
        'spec.providerID',
        'node updates may not change providerID except from "" to valid',
      ),
    ];
  },
};

/** Rules of Secrets: `stringData` is folded into `data`, the type is fixed. */
export const SECRET: Behaviour = {
  defaults: (secret) => {
    setDefault(secret, 'type', 'Opaque');
    const plain = secret['stringData'];
    if (!isFields(plain)) return;
    const data = childOf(secret, 'data');
    for (const [key, value] of Object.entries(plain)) {
      data[key] = Buffer.from(String(value)).toString('base64');
    }
    delete secret['stringData'];
  },
  validate: (secret, before) =>
    before === undefined
      ? []
      : [
          ...immutableProblem('type', secret['type'], before['type']),
          ...immutableDataProblems(secret, before, ['data']),
        ],
};

/** Rules of ConfigMaps. */
export const CONFIG_MAP: Behaviour = {
  validate: (map, before) =>
    before === undefined ? [] : immutableDataProblems(map, before, ['data', 'binaryData']),
};

function immutableDataProblems(
  object: ApiObject,
  before: ApiObject,
  fields: readonly string[],
): FieldProblem[] {
  if (before['immutable'] !== true) return [];
  const detail = 'field is immutable when `immutable` is set';
  return [
    ...(object['immutable'] === true ? [] : [forbiddenField('immutable', detail)]),
    ...fields
      .filter((field) => immutableProblem(field, object[field], before[field]).length > 0)
      .map((field) => forbiddenField(field, detail)),
  ];
}

/** Rules of webhook configurations; both kinds are alike. */
export const WEBHOOK_CONFIGURATION: Behaviour = {
  defaults: (configuration) => {
    for (const webhook of listOf(configuration['webhooks']).filter(isFields)) {
      defaultWebhook(webhook, configuration.kind.startsWith('Mutating'));
    }
  },
  validate: (configuration) =>
    listOf(configuration['webhooks']).flatMap((webhook, index) => {
      const path = `webhooks[${index}]`;
      const client = fieldsOf(at(webhook, 'clientConfig'));
      const count = [client['url'], client['service']].filter((each) => each !== undefined).length;
      return [
        ...(textAt(webhook, 'name') === '' ? [required(`${path}.name`)] : []),
        ...(count === 1
          ? []
          : [required(`${path}.clientConfig`, 'exactly one of url or service is required')]),
        ...(at(webhook, 'sideEffects') === undefined
          ? [required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
          : []),
        ...(listOf(at(webhook, 'admissionReviewVersions')).length === 0
          ? [required(`${path}.admissionReviewVersions`, 'must specify one of v1, v1beta1')]
          : []),
      ];
    }),
};

function defaultWebhook(webhook: Fields, mutating: boolean): void {
  setDefault(webhook, 'failurePolicy', 'Fail');
  setDefault(webhook, 'matchPolicy', 'Equivalent');
  setDefault(webhook, 'timeoutSeconds', 10);
  setDefault(webhook, 'namespaceSelector', {});
  setDefault(webhook, 'objectSelector', {});
  if (mutating) setDefault(webhook, 'reinvocationPolicy', 'Never');
  for (const rule of listOf(webhook['rules']).filter(isFields)) setDefault(rule, 'scope', '*');
  const service = fieldsOf(webhook['clientConfig'])['service'];
  if (isFields(service)) setDefault(service, 'port', 443);
}

/** Rules of Endpoints and EndpointSlices: ports are TCP unless they say otherwise. */
export const ENDPOINT_SLICE: Behaviour = {
  defaults: (slice) => {
    for (const port of listOf(slice['ports']).filter(isFields)) {
      setDefault(port, 'protocol', 'TCP');
      setDefault(port, 'name', '');
    }
  },
  validate: (slice, before) => [
    ...(textAt(slice, 'addressType') === '' ? [required('addressType')] : []),
    ...(before ? immutableProblem('addressType', slice['addressType'], before['addressType']) : []),
  ],
};

import { randomUid, randomSuffix } from '../random-names.ts';
import type { AdmissionRequest } from '../admission/admission.ts';
import type { Api, Call } from '../api.ts';
import { admitPod } from '../kinds/pod.ts';
import type { ApiMeta, ApiObject } from '../object.ts';
import { alreadyExists, badRequest, forbidden, notFound } from '../status.ts';
import { keyOf } from '../store/store.ts';
import { timestampOf } from '../time.ts';
import { checkObject } from './check.ts';
import { decodeObject } from './decode.ts';
import { served, stored } from './forms.ts';

/** Tries of a name made from `generateName`. */
const NAME_TRIES = 8;

/** Creates an object from a request body; answers it in its served form. */
export async function createObject(api: Api, call: Call, body: unknown): Promise<ApiObject> {
  const { kind } = call;
  const decoded = decodeObject(body, call);
  const metadata = newMetadata(api, call, decoded.metadata);
  checkNamespace(api, call);
  let object = stored(kind, { ...decoded, metadata });
  prepare(api, call, object);
  const mutated = await api.admission.mutate(request(call, served(kind, object)));
  if (mutated !== undefined) {
    object = stored(kind, decodeObject(mutated, { ...call, fieldValidation: 'Ignore' }));
    object.metadata = { ...object.metadata, ...fixedMetadata(metadata) };
    kind.behaviour.defaults?.(object);
  }
  checkObject(kind, object);
  await api.admission.validate(request(call, served(kind, object)));
  checkNamespace(api, call);
  if (api.store.get(kind.storage, keyOf(object)) !== undefined) {
    throw alreadyExists(kind, object.metadata.name);
  }
  if (call.dryRun) return served(kind, object);
  return served(kind, api.store.put(kind.storage, object));
}

function prepare(api: Api, call: Call, object: ApiObject): void {
  const { kind } = call;
  kind.behaviour.defaults?.(object);
  if (kind.storage === 'pods') admitPod(object);
  if (kind.custom !== undefined && kind.statusSubresource) delete object['status'];
  kind.behaviour.prepareCreate?.(object, api);
  if (kind.countsGenerations) object.metadata.generation = 1;
}

function request(call: Call, object: ApiObject): AdmissionRequest {
  return {
    operation: 'CREATE',
    kind: call.kind,
    subresource: '',
    name: object.metadata.name,
    namespace: call.namespace,
    user: call.user,
    dryRun: call.dryRun,
    object,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', ...dryRunOption(call) },
    warnings: call.warnings,
  };
}

/** The `dryRun` field of the options that webhooks see. */
export function dryRunOption(call: Call): { dryRun?: string[] } {
  return call.dryRun ? { dryRun: ['All'] } : {};
}

function newMetadata(api: Api, call: Call, given: ApiMeta): ApiMeta {
  const { kind, namespace } = call;
  if (given.resourceVersion !== undefined && given.resourceVersion !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  if (kind.namespaced && (given.namespace ?? namespace) !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  const { namespace: _namespace, deletionTimestamp: _time, ...rest } = given;
  delete rest.deletionGracePeriodSeconds;
  const name = given.name === '' ? generatedName(api, call, given) : given.name;
  return {
    ...rest,
    name,
    ...(kind.namespaced && { namespace }),
    uid: randomUid(api.random),
    creationTimestamp: timestampOf(api.clock.nowMs()),
  };
}

/** What webhooks cannot change. */
function fixedMetadata(metadata: ApiMeta): Partial<ApiMeta> {
  const { name, namespace, uid, creationTimestamp, generation } = metadata;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(generation !== undefined && { generation }),
  };
}

function generatedName(api: Api, call: Call, given: ApiMeta): string {
  const { generateName = '' } = given;
  if (generateName === '') return '';
  const base = generateName.slice(0, 58);
  for (let tries = 1; ; tries += 1) {
    const name = base + randomSuffix(api.random);
    const taken = api.store.get(call.kind.storage, { namespace: call.namespace, name });
    if (taken === undefined || tries === NAME_TRIES) return name;
  }
}

function checkNamespace(api: Api, call: Call): void {
  if (!call.kind.namespaced) return;
  const found = api.store.get('namespaces', { namespace: '', name: call.namespace });
  if (found === undefined) {
    const namespaces = { group: '', plural: 'namespaces', kind: 'Namespace' };
    throw notFound(namespaces, call.namespace);
  }
  if (found.metadata.deletionTimestamp === undefined) return;
  throw forbidden(
    call.kind,
    call.name,
    `unable to create new content in namespace ${call.namespace} because it is being terminated`,
  );
}

import type { AdmissionRequest } from '../admission/admission.ts';
import type { Api, Call } from '../api.ts';
import { clone, sameJson } from '../../../../base/json.ts';
import type { ApiMeta, ApiObject } from '../object.ts';
import { badRequest, conflict, invalid, invalidValue, notFound } from '../status.ts';
import type { StoreKey } from '../store/store.ts';
import { checkObject } from './check.ts';
import { dryRunOption } from './create.ts';
import { decodeObject } from './decode.ts';
import { served, stored } from './forms.ts';

/** Tries of a patch that names no resourceVersion, when others write the object meanwhile. */
const PATCH_TRIES = 5;

/** Makes the new object from the current one, both in served form; given a copy that it may change. */
export type Change = (current: ApiObject) => unknown;

/** Updates the object (or its status) that the call names; answers it in its served form. */
export async function updateObject(api: Api, call: Call, change: Change): Promise<ApiObject> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryUpdate(api, call, change);
    if (outcome !== 'raced') return outcome;
    if (tries === PATCH_TRIES) throw conflict(call.kind, call.name);
  }
}

async function tryUpdate(api: Api, call: Call, change: Change): Promise<ApiObject | 'raced'> {
  const { kind } = call;
  const key: StoreKey = { namespace: call.namespace, name: call.name };
  const before = api.store.get(kind.storage, key);
  if (before === undefined) throw notFound(kind, call.name);
  const body = decodeObject(change(clone(served(kind, before))), call);
  checkTarget(call, body);
  checkVersion(call, body, before);
  const isCurrent = (): boolean => api.store.get(kind.storage, key) === before;

  let object = merged(call, stored(kind, body), before);
  prepare(api, call, object, before);
  const mutated = await api.admission.mutate(request(call, object, before));
  if (mutated !== undefined) {
    const decoded = decodeObject(mutated, { ...call, fieldValidation: 'Ignore' });
    object = merged(call, stored(kind, decoded), before);
    prepare(api, call, object, before);
  }
  checkObject(kind, object, before);
  await api.admission.validate(request(call, object, before));
  // A body that names a version meets checkVersion again in the next try, and is refused there.
  if (!isCurrent()) return 'raced';
  return served(kind, write(api, call, object, before));
}

function checkTarget(call: Call, body: ApiObject): void {
  const { name, namespace } = body.metadata;
  if (name !== '' && name !== call.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${call.name})`,
    );
  }
  if (call.kind.namespaced && namespace !== undefined && namespace !== call.namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}

/** Refuses a body made from another version than the current one. */
function checkVersion(call: Call, body: ApiObject, before: ApiObject): void {
  const { resourceVersion = '' } = body.metadata;
  if (resourceVersion === '' && call.kind.custom !== undefined) {
    const detail = 'must be specified for an update';
    throw invalid(call.kind, call.name, [invalidValue('metadata.resourceVersion', 0, detail)]);
  }
  if (resourceVersion !== '' && resourceVersion !== before.metadata.resourceVersion) {
    throw conflict(call.kind, call.name);
  }
}

/** The part of the body that this call may write, over what it may not. */
function merged(call: Call, body: ApiObject, before: ApiObject): ApiObject {
  const { kind } = call;
  if (call.subresource === 'status') {
    return { ...clone(before), status: body['status'], metadata: clone(before.metadata) };
  }
  const metadata = keptMetadata(body.metadata, before.metadata);
  if (!kind.statusSubresource) return { ...body, metadata };
  const { status: _status, ...rest } = body;
  const status = before['status'];
  return {
    ...rest,
    metadata,
    ...(status !== undefined && { status: clone(status) }),
  };
}

function keptMetadata(given: ApiMeta, before: ApiMeta): ApiMeta {
  const kept: ApiMeta = { ...given, name: before.name };
  for (const field of KEPT_FIELDS) {
    if (before[field] === undefined) delete kept[field];
    else Object.assign(kept, { [field]: before[field] });
  }
  if (kept.uid === undefined || given.uid === undefined) Object.assign(kept, { uid: before.uid });
  else kept.uid = given.uid;
  return kept;
}

/** Metadata that only the server writes. */
const KEPT_FIELDS = [
  'namespace',
  'generateName',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

function prepare(api: Api, call: Call, object: ApiObject, before: ApiObject): void {
  const { behaviour, countsGenerations } = call.kind;
  if (call.subresource === 'status') return;
  behaviour.defaults?.(object);
  behaviour.prepareUpdate?.(object, before, api);
  if (countsGenerations && specChanged(call, object, before)) {
    object.metadata.generation = (before.metadata.generation ?? 0) + 1;
  }
}

function specChanged(call: Call, object: ApiObject, before: ApiObject): boolean {
  const content = (whole: ApiObject): unknown => {
    const { metadata: _metadata, status, ...rest } = whole;
    return call.kind.statusSubresource ? rest : { ...rest, status };
  };
  return !sameJson(content(object), content(before));
}

function request(call: Call, object: ApiObject, before: ApiObject): AdmissionRequest {
  return {
    operation: 'UPDATE',
    kind: call.kind,
    subresource: call.subresource,
    name: call.name,
    namespace: call.namespace,
    user: call.user,
    dryRun: call.dryRun,
    object: served(call.kind, object),
    oldObject: served(call.kind, before),
    options: { kind: 'UpdateOptions', apiVersion: 'meta.k8s.io/v1', ...dryRunOption(call) },
    warnings: call.warnings,
  };
}

function write(api: Api, call: Call, object: ApiObject, before: ApiObject): ApiObject {
  if (call.dryRun || sameJson(object, before)) return call.dryRun ? object : before;
  const { storage } = call.kind;
  if (!isFinished(object)) return api.store.put(storage, object);
  return api.store.remove(storage, { namespace: call.namespace, name: call.name });
}

/** Whether a deletion that waited for finalizers can now be carried out. */
function isFinished({ metadata }: ApiObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0
  );
}

import type { AdmissionRequest } from '../admission/admission.ts';
import type { Api, Call } from '../api.ts';
import { at, fieldsOf, isFields, numberAt, textAt, type Fields } from '../../../../base/json.ts';
import type { ApiMeta, ApiObject } from '../object.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { decodeBuiltin } from '../schema/decode.ts';
import { badRequest, conflict, forbidden, notFound } from '../status.ts';
import { timestampOf } from '../time.ts';
import { dryRunOption } from './create.ts';
import { served } from './forms.ts';

/** Meta/v1 DeleteOptions, as far as they matter here. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagation: 'Background' | 'Foreground' | 'Orphan';
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** What became of the object: gone, or still there with a deletionTimestamp. */
export interface Deletion {
  readonly object: ApiObject;
  readonly gone: boolean;
}

const DEFAULT_GRACE_SECONDS = 30;
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Reads DeleteOptions from a body and the query; the body wins. */
export function parseDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const decoded = decodeBuiltin(
    body ?? {},
    builtinSchema('meta.v1.DeleteOptions'),
    'DeleteOptions',
  );
  const options = fieldsOf(decoded.value);
  const graceText = query.get('gracePeriodSeconds');
  const grace =
    numberAt(options, 'gracePeriodSeconds') ?? (graceText ? Number(graceText) : undefined);
  const uid = textAt(options, 'preconditions', 'uid');
  const resourceVersion = textAt(options, 'preconditions', 'resourceVersion');
  return {
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    propagation: propagationOf(options, query),
    ...(uid !== '' && { uid }),
    ...(resourceVersion !== '' && { resourceVersion }),
  };
}

function propagationOf(options: Fields, query: URLSearchParams): DeleteOptions['propagation'] {
  const text = textAt(options, 'propagationPolicy') || (query.get('propagationPolicy') ?? '');
  if (text === 'Foreground' || text === 'Orphan' || text === 'Background') return text;
  if (text !== '') throw badRequest(`invalid propagationPolicy: ${text}`);
  return options['orphanDependents'] === true ? 'Orphan' : 'Background';
}

/** Deletes the object that the call names, at once or as soon as nothing holds it. */
export async function deleteObject(
  api: Api,
  call: Call,
  options: DeleteOptions,
): Promise<Deletion> {
  const before = current(api, call);
  checkPreconditions(call, options, before);
  checkDeletable(call);
  // There is no object to mutate, but mutating webhooks may refuse a delete as well.
  await api.admission.mutate(request(call, before, options));
  await api.admission.validate(request(call, before, options));
  // Admission may have taken a while; what is there now counts.
  const found = current(api, call);
  if (found !== before) checkPreconditions(call, options, found);
  if (call.dryRun) return { object: served(call.kind, found), gone: true };
  return carryOut(api, call, options, found);
}

/** Namespaces that the cluster itself lives in. */
const PERMANENT: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

function checkDeletable(call: Call): void {
  if (call.kind.storage === 'namespaces' && PERMANENT.has(call.name)) {
    throw forbidden(call.kind, call.name, 'this namespace may not be deleted');
  }
}

function current(api: Api, call: Call): ApiObject {
  const found = api.store.get(call.kind.storage, call);
  if (found === undefined) throw notFound(call.kind, call.name);
  return found;
}

function checkPreconditions(call: Call, options: DeleteOptions, found: ApiObject): void {
  const { uid, resourceVersion } = found.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`;
    throw conflict(call.kind, call.name, why);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    const why =
      `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ` +
      `ResourceVersion in object meta: ${resourceVersion}`;
    throw conflict(call.kind, call.name, why);
  }
}

function carryOut(api: Api, call: Call, options: DeleteOptions, found: ApiObject): Deletion {
  const { storage } = call.kind;
  const finalizers = finalizersFor(options, found);
  const graceSeconds = graceFor(storage, options, found);
  const held = finalizers.length > 0 || graceSeconds > 0 || storage === 'namespaces';
  if (!held) return { object: served(call.kind, api.store.remove(storage, call)), gone: true };
  const metadata = markedMetadata(api, found.metadata, graceSeconds);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  const marked: ApiObject = { ...found, metadata };
  if (storage === 'namespaces') marked['status'] = { phase: 'Terminating' };
  return { object: served(call.kind, api.store.put(storage, marked)), gone: false };
}

function finalizersFor(options: DeleteOptions, { metadata }: ApiObject): string[] {
  const others = (metadata.finalizers ?? []).filter(
    (name) => name !== FOREGROUND && name !== ORPHAN,
  );
  if (options.propagation === 'Foreground') return [...others, FOREGROUND];
  if (options.propagation === 'Orphan') return [...others, ORPHAN];
  return others;
}

/** Only pods are deleted gracefully, and only when a kubelet has something to stop. */
function graceFor(storage: string, options: DeleteOptions, pod: ApiObject): number {
  if (storage !== 'pods') return 0;
  const phase = textAt(pod, 'status', 'phase');
  if (textAt(pod, 'spec', 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed')
    return 0;
  const wanted =
    options.gracePeriodSeconds ??
    numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ??
    DEFAULT_GRACE_SECONDS;
  const already = pod.metadata.deletionGracePeriodSeconds;
  return already === undefined ? Math.max(0, wanted) : Math.min(already, Math.max(0, wanted));
}

function markedMetadata(api: Api, metadata: ApiMeta, graceSeconds: number): ApiMeta {
  const deletionTimestamp = timestampOf(api.clock.nowMs() + graceSeconds * 1000);
  const first = metadata.deletionTimestamp === undefined;
  const shorter = graceSeconds < (metadata.deletionGracePeriodSeconds ?? 0);
  if (!first && !shorter) return { ...metadata };
  return { ...metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
}

function request(call: Call, before: ApiObject, options: DeleteOptions): AdmissionRequest {
  return {
    operation: 'DELETE',
    kind: call.kind,
    subresource: '',
    name: call.name,
    namespace: call.namespace,
    user: call.user,
    dryRun: call.dryRun,
    oldObject: served(call.kind, before),
    options: {
      kind: 'DeleteOptions',
      apiVersion: 'meta.k8s.io/v1',
      propagationPolicy: options.propagation,
      ...(options.gracePeriodSeconds !== undefined && {
        gracePeriodSeconds: options.gracePeriodSeconds,
      }),
      ...dryRunOption(call),
    },
    warnings: call.warnings,
  };
}

/** The answer to a delete: the object while it waits, a Status once it is gone. */
export function deletionBody(call: Call, deletion: Deletion): Fields {
  if (!deletion.gone || call.kind.storage === 'pods') return deletion.object;
  const { uid } = deletion.object.metadata;
  const { group, plural } = call.kind;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: call.name, ...(group !== '' && { group }), kind: plural, uid },
  };
}

/** Whether the object waits for its dependents to be deleted first. */
export function awaitsDependents(object: ApiObject): boolean {
  return hasFinalizer(object, FOREGROUND);
}

/** Whether the object waits for its dependents to be released first. */
export function awaitsOrphans(object: ApiObject): boolean {
  return hasFinalizer(object, ORPHAN);
}

function hasFinalizer({ metadata }: ApiObject, name: string): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(name);
}

/** The finalizers without those of garbage collection. */
export function withoutCollection(object: ApiObject): string[] {
  const all = at(object, 'metadata', 'finalizers');
  return (Array.isArray(all) ? all : [])
    .map(String)
    .filter((name) => name !== FOREGROUND && name !== ORPHAN && !isFields(name));
}

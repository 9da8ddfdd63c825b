import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  Patch,
  WatchEvent,
  WriteOptions,
} from '../api/client.ts';
import { isKubeError } from '../api/kube-error.ts';
import type { KubeObject, ObjectKey } from '../api/meta.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { createKubeTransport, type KubeTransport, type KubeTransportOptions } from './kube-http.ts';
import { kubeErrorOf } from './kube-status.ts';

/** The server is asked to end a watch after this long; informers resume where it ended. */
const WATCH_SECONDS = 290;
/** Namespace of objects that name none, as in kubectl. */
const DEFAULT_NAMESPACE = 'default';

const PATCH_TYPES: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};

/** A client of a Kubernetes API over HTTP(S). `close` drops idle and busy connections. */
export function createKubeClient(
  options: KubeTransportOptions,
): KubeClient & { close(): Promise<void> } {
  const transport = createKubeTransport(options);
  return {
    get: (resource, key) => get(transport, resource, key),
    list: (resource, listOptions) => list(transport, resource, listOptions ?? {}),
    create: (resource, object, write) =>
      call(transport, resource, {
        method: 'POST',
        path: collectionPath(resource, namespaceOf(resource, object)) + writeQuery(write),
        body: prepared(resource, object),
      }),
    replace: (resource, object, write) =>
      call(transport, resource, {
        method: 'PUT',
        path: objectPath(resource, object.metadata, write) + writeQuery(write),
        body: prepared(resource, object),
      }),
    patch: (resource, key, change) =>
      call(transport, resource, {
        method: 'PATCH',
        path: objectPath(resource, key, change) + writeQuery(change),
        body: change.body,
        contentType: PATCH_TYPES[change.type],
      }),
    delete: (resource, key, deleteOptions) => remove(transport, resource, key, deleteOptions),
    watch: (resource, watchOptions, signal) => watch(transport, resource, watchOptions, signal),
    close: () => {
      transport.close();
      return Promise.resolve();
    },
  };
}

async function call<T extends KubeObject>(
  transport: KubeTransport,
  resource: Resource<T>,
  request: Parameters<KubeTransport['call']>[0],
): Promise<T> {
  return typed(resource, (await transport.call(request)) as T);
}

async function get<T extends KubeObject>(
  transport: KubeTransport,
  resource: Resource<T>,
  key: ObjectKey,
): Promise<T | undefined> {
  try {
    return await call(transport, resource, { method: 'GET', path: objectPath(resource, key) });
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function list<T extends KubeObject>(
  transport: KubeTransport,
  resource: Resource<T>,
  options: ListOptions,
): Promise<ObjectList<T>> {
  const path = collectionPath(resource, options.namespace) + query(selectors(options));
  const body = (await transport.call({ method: 'GET', path })) as {
    items?: readonly T[] | null;
    metadata?: { resourceVersion?: string };
  };
  return {
    items: (body.items ?? []).map((item) => typed(resource, item)),
    resourceVersion: body.metadata?.resourceVersion ?? '',
  };
}

async function remove<T extends KubeObject>(
  transport: KubeTransport,
  resource: Resource<T>,
  key: ObjectKey,
  options: DeleteOptions = {},
): Promise<void> {
  const { uid, ...rest } = options;
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...rest,
    ...(uid !== undefined && { preconditions: { uid } }),
  };
  try {
    await transport.call({ method: 'DELETE', path: objectPath(resource, key), body });
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
  }
}

async function* watch<T extends KubeObject>(
  transport: KubeTransport,
  resource: Resource<T>,
  options: ListOptions & { readonly resourceVersion: string },
  signal: AbortSignal,
): AsyncIterable<WatchEvent<T>> {
  const path =
    collectionPath(resource, options.namespace) +
    query({
      ...selectors(options),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(WATCH_SECONDS),
    });
  for await (const line of transport.stream(path, signal)) {
    const event = line as { type: WatchEvent<T>['type'] | 'ERROR'; object: T };
    if (event.type === 'ERROR') throw kubeErrorOf(500, JSON.stringify(event.object));
    yield { type: event.type, object: typed(resource, event.object) };
  }
}

/** List items come without apiVersion and kind from some servers. */
function typed<T extends KubeObject>(resource: Resource<T>, object: T): T {
  if (object.kind !== undefined) return object;
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function prepared<T extends KubeObject>(resource: Resource<T>, object: T): T {
  const { name, ...metadata } = object.metadata;
  return {
    ...object,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: name === '' ? metadata : object.metadata,
  };
}

function namespaceOf(resource: Resource<KubeObject>, object: KubeObject): string | undefined {
  return resource.namespaced ? (object.metadata.namespace ?? DEFAULT_NAMESPACE) : undefined;
}

/** Without a namespace: the collection over all namespaces, or of a cluster-scoped resource. */
function collectionPath(resource: Resource<KubeObject>, namespace: string | undefined): string {
  const root =
    resource.group === ''
      ? `/api/${resource.version}`
      : `/apis/${resource.group}/${resource.version}`;
  const scope =
    resource.namespaced && namespace !== undefined
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : '';
  return `${root}${scope}/${resource.plural}`;
}

function objectPath(
  resource: Resource<KubeObject>,
  key: ObjectKey,
  write: WriteOptions = {},
): string {
  const namespace = resource.namespaced ? (key.namespace ?? DEFAULT_NAMESPACE) : undefined;
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(key.name)}`;
  return write.subresource === undefined ? path : `${path}/${write.subresource}`;
}

function selectors(options: ListOptions): Record<string, string> {
  return {
    ...(options.labelSelector !== undefined && { labelSelector: options.labelSelector }),
    ...(options.fieldSelector !== undefined && { fieldSelector: options.fieldSelector }),
  };
}

function writeQuery(write: WriteOptions = {}): string {
  return write.dryRun === true ? query({ dryRun: 'All' }) : '';
}

function query(parameters: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(parameters).toString();
  return text === '' ? '' : `?${text}`;
}

import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FakeKube } from '../api/client.fake.ts';
import type { ListOptions, Patch } from '../api/client.ts';
import { KubeError } from '../api/kube-error.ts';
import type { KubeObject } from '../api/meta.ts';
import { resource, type Resource } from '../api/resource.ts';

/** The in-memory API behind the HTTP of the real one: for tests of clients of that HTTP. */
export interface KubeBridge {
  readonly url: string;
  close(): Promise<void>;
}

const KINDS: Readonly<Record<string, string>> = { configmaps: 'ConfigMap', nodes: 'Node' };
const PATCHES: Readonly<Record<string, Patch['type']>> = {
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/json-patch+json': 'json',
};

interface Target {
  readonly resource: Resource<KubeObject>;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: 'status';
  readonly query: URLSearchParams;
}

/** Serves the fake on a free port of 127.0.0.1. */
export async function startKubeBridge(
  kube: FakeKube,
  tls?: { readonly cert: string; readonly key: string; readonly ca: string },
): Promise<KubeBridge> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void serve(kube, request, response);
  };
  const server = tls
    ? createHttps({ ...tls, requestCert: true, rejectUnauthorized: true }, listener)
    : createHttp(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  kube: FakeKube,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const target = targetOf(request.url ?? '/');
    const body = await readBody(request);
    if (target.query.get('watch') === 'true') await serveWatch(kube, target, response);
    else send(response, 200, await answer(kube, target, { request, body }));
  } catch (error) {
    const known = error instanceof KubeError ? error : undefined;
    const code = known?.status ?? 500;
    send(response, code, statusOf(known?.reason ?? 'InternalError', String(error), code));
  }
}

function statusOf(reason: string, message: string, code: number): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code };
}

function targetOf(url: string): Target {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const pattern =
    /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(\/status)?$/;
  const [, group = '', version = '', namespace, plural = '', name, status] =
    pattern.exec(pathname) ?? [];
  const kind = KINDS[plural] ?? plural;
  const namespaced = namespace !== undefined || plural === 'configmaps';
  return {
    resource: resource<KubeObject>({ group, version, kind, plural, namespaced }),
    query: searchParams,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name: decodeURIComponent(name) }),
    ...(status !== undefined && { subresource: 'status' as const }),
  };
}

function listOptions({ namespace, query }: Target): ListOptions {
  const labelSelector = query.get('labelSelector');
  const fieldSelector = query.get('fieldSelector');
  return {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== null && { labelSelector }),
    ...(fieldSelector !== null && { fieldSelector }),
  };
}

async function answer(
  kube: FakeKube,
  target: Target,
  { request, body }: { readonly request: IncomingMessage; readonly body: unknown },
): Promise<unknown> {
  const { resource: kind, name, namespace, subresource } = target;
  const write = { dryRun: target.query.has('dryRun'), ...(subresource && { subresource }) };
  const object = body as KubeObject;
  if (request.method === 'POST') {
    const given = { ...object, metadata: { ...object.metadata, name: object.metadata.name ?? '' } };
    return kube.create(kind, given, write);
  }
  if (name === undefined) return listAnswer(kube, target);
  const key = { name, namespace };
  switch (request.method) {
    case 'PUT':
      return kube.replace(kind, object, write);
    case 'PATCH': {
      const type = PATCHES[request.headers['content-type'] ?? ''] ?? 'merge';
      return kube.patch(kind, key, { type, body, ...write } as Parameters<FakeKube['patch']>[2]);
    }
    case 'DELETE':
      return deleteAnswer(kube, target, { key, body });
    default:
      return getAnswer(kube, target, key);
  }
}

async function getAnswer(
  kube: FakeKube,
  { resource: kind }: Target,
  key: { readonly name: string; readonly namespace?: string | undefined },
): Promise<unknown> {
  const found = await kube.get(kind, key);
  if (found) return found;
  throw new KubeError('NotFound', `${kind.plural} "${key.name}" not found`, { status: 404 });
}

/** As the real server: items without apiVersion and kind. */
async function listAnswer(kube: FakeKube, target: Target): Promise<unknown> {
  const { items, resourceVersion } = await kube.list(target.resource, listOptions(target));
  const bare = items.map((item) => ({ ...item, apiVersion: undefined, kind: undefined }));
  return { kind: 'List', metadata: { resourceVersion }, items: bare };
}

async function deleteAnswer(
  kube: FakeKube,
  { resource: kind }: Target,
  {
    key,
    body,
  }: { readonly key: { name: string; namespace?: string | undefined }; readonly body: unknown },
): Promise<unknown> {
  const found = await kube.get(kind, key);
  if (!found) throw new KubeError('NotFound', `"${key.name}" not found`, { status: 404 });
  const { preconditions } = (body ?? {}) as { preconditions?: { uid?: string } };
  const uid = preconditions?.uid;
  await kube.delete(kind, key, uid === undefined ? {} : { uid });
  return { kind: 'Status', status: 'Success' };
}

async function serveWatch(kube: FakeKube, target: Target, response: ServerResponse): Promise<void> {
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const resourceVersion = target.query.get('resourceVersion') ?? '';
  const options = { ...listOptions(target), resourceVersion };
  try {
    for await (const event of kube.watch(target.resource, options, abort.signal)) {
      // Two writes, so that a line can arrive in pieces.
      const line = `${JSON.stringify(event)}\n`;
      response.write(line.slice(0, 10));
      response.write(line.slice(10));
    }
  } catch (error) {
    const { reason = 'InternalError', status = 500 } = error as Partial<KubeError>;
    const object = statusOf(reason, String(error), status);
    response.write(`${JSON.stringify({ type: 'ERROR', object })}\n`);
  }
  response.end();
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

import type { Api } from '../api.ts';
import { methodNotAllowed, noSuchPath } from '../status.ts';
import { createObject } from '../verbs/create.ts';
import { deleteMany } from '../verbs/delete-many.ts';
import { deleteObject, deletionBody, parseDeleteOptions } from '../verbs/delete.ts';
import { patchObject } from '../verbs/patch.ts';
import { getObject, listBody, listPage } from '../verbs/read.ts';
import { updateObject } from '../verbs/update.ts';
import { contentType, readBody } from './body.ts';
import { callOf } from './call.ts';
import type { Exchange } from './exchange.ts';
import type { ResourcePath } from './request-info.ts';
import { addWarnings, sendJson } from './respond.ts';
import { streamWatch } from './stream-watch.ts';
import { SUBRESOURCES, type ResourceRequest } from './subresources.ts';
import { tableForm } from './table-form.ts';

/** Answers a request for a resource. */
export async function serveResource(
  api: Api,
  path: ResourcePath,
  exchange: Exchange,
): Promise<void> {
  const request: ResourceRequest = { api, exchange, call: callOf(api, path, exchange) };
  const { kind, name, subresource } = request.call;
  if (subresource === '') {
    return name === '' ? serveCollection(request) : serveObject(request);
  }
  if (subresource === 'status' && kind.statusSubresource) return serveObject(request);
  const serve = SUBRESOURCES[subresource];
  const listed = kind.subresources.includes(subresource) || (subresource === 'scale' && kind.scale);
  if (serve === undefined || !listed) throw noSuchPath();
  return serve(request);
}

async function serveCollection(request: ResourceRequest): Promise<void> {
  const { api, call, exchange } = request;
  switch (exchange.request.method) {
    case 'GET':
      return isWatch(exchange) ? watch(request) : list(request);
    case 'POST': {
      if (call.kind.namespaced && call.namespace === '') throw methodNotAllowed();
      const body = await readBody(exchange.request);
      return answer(request, 201, await createObject(api, call, body));
    }
    case 'DELETE': {
      const query = exchange.url.searchParams;
      const options = parseDeleteOptions(await readBody(exchange.request), query);
      const page = await deleteMany(api, call, { options, query });
      return answer(request, 200, listBody(call, page));
    }
    default:
      throw methodNotAllowed();
  }
}

async function serveObject(request: ResourceRequest): Promise<void> {
  const { api, call, exchange } = request;
  switch (exchange.request.method) {
    case 'GET':
      if (isWatch(exchange)) return watch(request);
      return answer(request, 200, getObject(api, call));
    case 'PUT': {
      const body = await readBody(exchange.request);
      return answer(request, 200, await updateObject(api, call, () => body));
    }
    case 'PATCH':
      return patch(request);
    case 'DELETE':
      return remove(request);
    default:
      throw methodNotAllowed();
  }
}

async function patch(request: ResourceRequest): Promise<void> {
  const { api, call, exchange } = request;
  const { object, created } = await patchObject(api, call, {
    type: contentType(exchange.request),
    body: await readBody(exchange.request),
    force: exchange.url.searchParams.get('force') === 'true',
  });
  answer(request, created ? 201 : 200, object);
}

async function remove(request: ResourceRequest): Promise<void> {
  const { api, call, exchange } = request;
  if (call.subresource !== '') throw methodNotAllowed();
  const body = await readBody(exchange.request);
  const deletion = await deleteObject(
    api,
    call,
    parseDeleteOptions(body, exchange.url.searchParams),
  );
  answer(request, 200, deletionBody(call, deletion));
}

function isWatch({ url }: Exchange): boolean {
  const text = url.searchParams.get('watch');
  return text === 'true' || text === '1';
}

function list({ api, call, exchange }: ResourceRequest): void {
  const page = listPage(api, call, exchange.url.searchParams);
  const table = tableForm(api, call, exchange);
  addWarnings(exchange.response, call.warnings);
  if (table === undefined) sendJson(exchange.response, 200, listBody(call, page));
  else sendJson(exchange.response, 200, table.ofPage(page), table.type);
}

function watch({ api, call, exchange }: ResourceRequest): Promise<void> {
  const table = tableForm(api, call, exchange);
  return streamWatch(api, call, exchange, {
    type: table?.type ?? 'application/json',
    of: (event) => table?.ofEvent(event) ?? event,
  });
}

function answer({ api, call, exchange }: ResourceRequest, status: number, body: unknown): void {
  addWarnings(exchange.response, call.warnings);
  const table = exchange.request.method === 'GET' ? tableForm(api, call, exchange) : undefined;
  if (table === undefined) sendJson(exchange.response, status, body);
  else sendJson(exchange.response, status, table.ofObject(body), table.type);
}

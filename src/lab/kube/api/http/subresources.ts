import { must } from '../../../../base/assert.ts';
import type { Api, Call } from '../api.ts';
import { fieldsOf } from '../../../../base/json.ts';
import { methodNotAllowed } from '../status.ts';
import { bindPod } from '../verbs/bind.ts';
import { deleteObject, parseDeleteOptions } from '../verbs/delete.ts';
import { getObject } from '../verbs/read.ts';
import { getScale, setScale } from '../verbs/scale.ts';
import { contentType, readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { serveExecWithoutUpgrade } from './exec-refusal.ts';
import { serveLog } from './log-route.ts';
import { addWarnings, sendJson } from './respond.ts';

/** A request for a resource, with all that answering it needs. */
export interface ResourceRequest {
  readonly api: Api;
  readonly call: Call;
  readonly exchange: Exchange;
}

/** How subresources other than status are answered, by name. */
export const SUBRESOURCES: Readonly<Record<string, (request: ResourceRequest) => Promise<void>>> = {
  scale: serveScale,
  binding: serveBinding,
  eviction: serveEviction,
  finalize: serveFinalize,
  log: serveLog,
  exec: serveExecWithoutUpgrade,
  attach: serveExecWithoutUpgrade,
  portforward: serveExecWithoutUpgrade,
};

async function serveScale({ api, call, exchange }: ResourceRequest): Promise<void> {
  const paths = must(call.kind.scale, () => `${call.kind.plural} have no scale`);
  const { method } = exchange.request;
  if (method === 'GET') {
    sendJson(exchange.response, 200, getScale(api, call, paths));
    return;
  }
  if (method !== 'PUT' && method !== 'PATCH') throw methodNotAllowed();
  const type = method === 'PUT' ? '' : contentType(exchange.request);
  const body = await readBody(exchange.request);
  const scale = await setScale(api, call, { paths, type, body });
  addWarnings(exchange.response, call.warnings);
  sendJson(exchange.response, 200, scale);
}

async function serveBinding({ api, call, exchange }: ResourceRequest): Promise<void> {
  if (exchange.request.method !== 'POST') throw methodNotAllowed();
  const body = await readBody(exchange.request);
  sendJson(exchange.response, 201, bindPod(api, call, body));
}

/** There are no disruption budgets in the lab, so an eviction is a delete. */
async function serveEviction({ api, call, exchange }: ResourceRequest): Promise<void> {
  if (exchange.request.method !== 'POST') throw methodNotAllowed();
  const body = fieldsOf(await readBody(exchange.request));
  const options = parseDeleteOptions(body['deleteOptions'] ?? {}, exchange.url.searchParams);
  await deleteObject(api, { ...call, subresource: '' }, options);
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  sendJson(exchange.response, 201, status);
}

/** Accepted for clients that finalize namespaces themselves; the server does it on its own. */
async function serveFinalize({ api, call, exchange }: ResourceRequest): Promise<void> {
  if (exchange.request.method !== 'PUT') throw methodNotAllowed();
  await readBody(exchange.request);
  sendJson(exchange.response, 200, getObject(api, { ...call, subresource: '' }));
}

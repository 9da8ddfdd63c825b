import type { Api } from '../api.ts';
import { groupVersionPaths, openApiDocument, openApiIndex } from '../openapi/documents.ts';
import type { Exchange } from './exchange.ts';
import { sendJson } from './respond.ts';

/**
 * Answers /openapi/v3 and its documents; false for other paths. There is no /openapi/v2: kubectl
 * 1.27 and later ask for v3 first and do without the other.
 */
export function serveOpenApi(api: Api, exchange: Exchange): boolean {
  const { pathname } = exchange.url;
  if (pathname === '/openapi/v3') {
    sendJson(exchange.response, 200, openApiIndex(api.registry));
    return true;
  }
  const prefix = '/openapi/v3/';
  if (!pathname.startsWith(prefix)) return false;
  const target = groupVersionPaths(api.registry).get(pathname.slice(prefix.length));
  if (target === undefined) return false;
  sendJson(exchange.response, 200, openApiDocument(api.registry, target));
  return true;
}

import type { Api } from '../api.ts';
import { groupVersionPaths, openApiDocument, openApiIndex } from '../openapi/documents.ts';
import { encodeSwagger, SWAGGER_PROTOBUF } from '../openapi/swagger-protobuf.ts';
import { swaggerDocument } from '../openapi/swagger.ts';
import type { Exchange } from './exchange.ts';
import { sendJson } from './respond.ts';

/** Answers /openapi/v2, /openapi/v3 and the documents of the latter; false for other paths. */
export function serveOpenApi(api: Api, exchange: Exchange): boolean {
  const { pathname } = exchange.url;
  if (pathname === '/openapi/v2') {
    sendSwagger(api, exchange);
    return true;
  }
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

function sendSwagger(api: Api, { request, response }: Exchange): void {
  const document = swaggerDocument(api.registry);
  if (!(request.headers.accept ?? '').includes('protobuf')) {
    sendJson(response, 200, document);
    return;
  }
  const body = encodeSwagger(document);
  response.writeHead(200, { 'content-type': SWAGGER_PROTOBUF, 'content-length': body.length });
  response.end(body);
}

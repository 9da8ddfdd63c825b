import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Api } from '../api.ts';
import { authenticate } from '../authn/authenticate.ts';
import type { Tokens } from '../authn/tokens.ts';
import { ApiError, noSuchPath, toApiError } from '../status.ts';
import { serveDiscovery } from './discovery-routes.ts';
import type { Exchange } from './exchange.ts';
import { serveOpenApi } from './openapi-routes.ts';
import { parseResourcePath } from './request-info.ts';
import { serveResource } from './resource-routes.ts';
import { sendError } from './respond.ts';
import { serveReview } from './review-routes.ts';

/** Answers one request; all failures become a Status. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The request handler of the API server; `closing` aborts what is still open when it closes. */
export function createHandler(api: Api, tokens: Tokens, closing: AbortSignal): Handler {
  return (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([closing, gone.signal]);
    serve(api, tokens, { request, response, signal }).catch((error: unknown) => {
      fail(api, request, response, error);
    });
  };
}

async function serve(
  api: Api,
  tokens: Tokens,
  raw: Pick<Exchange, 'request' | 'response' | 'signal'>,
): Promise<void> {
  const user = authenticate(raw.request, tokens);
  if (user === undefined) throw unauthorized();
  const exchange: Exchange = { ...raw, user, url: requestUrl(raw.request) };
  const path = parseResourcePath(exchange.url.pathname);
  if (path !== undefined) {
    if (await serveReview(path, exchange)) return;
    await serveResource(api, path, exchange);
    return;
  }
  if (serveDiscovery(api, exchange) || serveOpenApi(api, exchange)) return;
  throw noSuchPath();
}

/** The URL of a request; the host is of no interest. */
export function requestUrl(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'https://api');
}

/** 401. */
export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

function fail(api: Api, request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  const error = toApiError(thrown);
  if (!(thrown instanceof ApiError) && error.code >= 500) {
    api.log.error('Request failed unexpectedly', {
      method: request.method,
      path: request.url,
      error: thrown instanceof Error ? thrown.stack : String(thrown),
    });
  }
  sendError(response, error);
}

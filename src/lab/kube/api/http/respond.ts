import type { ServerResponse } from 'node:http';
import { statusOf, type ApiError } from '../status.ts';

/** Sends a JSON body. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
  });
  response.end(text);
}

/** Sends plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

/** Sends an error as a meta/v1 Status; when the answer has begun, the connection is cut instead. */
export function sendError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, error.code, statusOf(error));
}

/** Adds Warning headers, which kubectl prints; control characters would break the header. */
export function addWarnings(response: ServerResponse, warnings: readonly string[]): void {
  const unique = [...new Set(warnings)];
  if (unique.length === 0) return;
  response.setHeader(
    'warning',
    unique.map(
      (text) =>
        `299 - "${text.replaceAll(/[^\u0020-\u007e]/g, ' ').replaceAll(/(["\\])/g, '\\$1')}"`,
    ),
  );
}

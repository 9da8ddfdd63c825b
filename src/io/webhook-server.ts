import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serverEnd } from './server-end.ts';
import type { JsonResponse, ServeJson, ServeJsonOptions } from '../base/serve.ts';

/** An AdmissionReview holds two copies of an object of at most 1.5 MiB (etcd's limit) each. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** A small HTTPS server of JSON. */
export const serveJson: ServeJson = async (options) => {
  const { certPem, keyPem } = options.tls;
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    void answer(options, request, response);
  });
  const end = serverEnd(server);
  await listening(server, options.listen);
  return {
    port: (server.address() as AddressInfo).port,
    close: end,
  };
};

function listening(server: Server, listen: ServeJsonOptions['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  { handle }: ServeJsonOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: JsonResponse;
  try {
    const path = new URL(request.url ?? '/', 'https://localhost').pathname;
    const body = await readJson(request);
    result = await handle({ method: request.method ?? 'GET', path, body });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    result = { status: error instanceof TooLarge ? 413 : 500, body: { error: message } };
  }
  const text = JSON.stringify(result.body);
  response.writeHead(result.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

class TooLarge extends Error {}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > MAX_BODY_BYTES) throw new TooLarge('The request is too large');
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Imds } from './imds.ts';

/** A metadata service on a socket. */
export interface ServedImds {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the metadata of one instance over HTTP. The hop limit of answers to PUT is the business of
 * whoever owns the socket's namespace: Node cannot set it.
 */
export async function serveImds(
  imds: Imds,
  listener: { readonly fd: number } | { readonly host: string; readonly port: number },
): Promise<ServedImds> {
  const server = createServer((request, response) => answer(imds, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listener, () => resolve());
  });
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(imds: Imds, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const [path = '/'] = (request.url ?? '/').split('?');
  const { status, body, headers } = imds({
    method: request.method ?? 'GET',
    path: decode(path),
    headers: singleValues(request.headers),
  });
  response.writeHead(status, {
    ...headers,
    server: 'EC2ws',
    'content-length': Buffer.byteLength(body),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function singleValues(headers: IncomingMessage['headers']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
}

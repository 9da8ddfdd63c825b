import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Imds, ImdsRequest, ImdsResponse } from './imds.ts';

/** A metadata service on a socket. */
export interface ServedImds {
  readonly port: number;
  close(): Promise<void>;
}

/** Limits how far the packets of a socket travel, from now on; throws when it cannot. */
export type LimitHops = (socket: Socket, hops: number) => void;

/**
 * Serves the metadata of one instance over HTTP. An answer to PUT travels no further than the
 * instance's options say, and neither does anything later on the same connection: the kernel may
 * still have to repeat that answer. An answer that cannot be limited is not sent.
 */
export async function serveImds(
  imds: Imds,
  listener: { readonly fd: number } | { readonly host: string; readonly port: number },
  limitHops: LimitHops,
): Promise<ServedImds> {
  const server = createServer((request, response) => {
    const answer = imds(imdsRequest(request));
    try {
      if (answer.hopLimit !== undefined) limitHops(request.socket, answer.hopLimit);
      write(response, answer, request.method === 'HEAD');
    } catch {
      request.socket.destroy();
    }
  });
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

function imdsRequest(request: IncomingMessage): ImdsRequest {
  request.resume();
  const [path = '/'] = (request.url ?? '/').split('?');
  return {
    method: request.method ?? 'GET',
    path: decode(path),
    headers: singleValues(request.headers),
  };
}

function write(response: ServerResponse, answer: ImdsResponse, headOnly: boolean): void {
  const { status, body, headers } = answer;
  response.writeHead(status, {
    ...headers,
    server: 'EC2ws',
    'content-length': Buffer.byteLength(body),
  });
  response.end(headOnly ? undefined : body);
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

import { createServer, type Server } from 'node:net';

/** A listening socket of this process, to be handed to another one. */
export interface OpenListener {
  readonly fd: number;
  readonly port: number;
  /** Closes this process's end; the socket goes on listening where it was handed to. */
  close(): void;
}

/**
 * Opens a listening TCP socket on 127.0.0.1. Port 0 lets the kernel choose. Connections that come
 * before the socket was handed over are closed: nobody has been told the port yet.
 */
export async function openListener(port: number): Promise<OpenListener> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, backlog: 511 }, resolve);
  });
  server.unref(); // an error after this must end the command, not leave it waiting
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not a TCP listener');
  return { fd: descriptorOf(server), port: address.port, close: () => void server.close() };
}

/** Node has no public way to ask; the handle's `fd` has been there since 0.8 and cluster needs it. */
function descriptorOf(server: Server): number {
  const handle = (server as unknown as { readonly _handle?: { readonly fd?: number } })._handle;
  if (handle?.fd === undefined || handle.fd < 0) {
    throw new Error('Cannot pass the listener on: this Node.js hides its descriptor');
  }
  return handle.fd;
}

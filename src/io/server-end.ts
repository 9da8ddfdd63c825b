import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/**
 * Gives a way to end an HTTPS server and all of its connections at once. Call it before the server
 * listens. `closeAllConnections` alone leaves those that are in a TLS handshake or were upgraded,
 * and the server would wait for them: two minutes for one that says nothing.
 */
export function serverEnd(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    });
}

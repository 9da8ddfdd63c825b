import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy on loopback that can keep back what clients send. */
export interface HeldProxy {
  readonly port: number;
  /** From now on nothing reaches the server, not even of connections that exist. */
  hold(): void;
  /** Lets go what was kept back, and everything after it. */
  release(): void;
  close(): Promise<void>;
}

/** Starts a proxy for a port of 127.0.0.1. */
export async function startHeldProxy(target: number): Promise<HeldProxy> {
  const clients = new Set<Socket>();
  let held = false;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    clients.add(client);
    client.on('data', (chunk) => upstream.write(chunk));
    client.on('end', () => upstream.end());
    upstream.on('data', (chunk) => client.write(chunk));
    upstream.on('end', () => client.end());
    const end = (): void => {
      clients.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    if (held) client.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => {
      held = true;
      for (const client of clients) client.pause();
    },
    release: () => {
      held = false;
      for (const client of clients) client.resume();
    },
    close: async () => {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

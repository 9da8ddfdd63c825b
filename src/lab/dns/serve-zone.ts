import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { ENDPOINT_SLICES } from '../../api/core/endpoints.ts';
import { SERVICES } from '../../api/core/service.ts';
import type { Informers } from '../../api/informer.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { createWorkQueue } from '../../base/work-queue.ts';
import { zoneOf } from './zone.ts';

/** What is told to name servers, and where they ask. */
export interface ServeZoneOptions {
  readonly socketPath: string;
  /** Hosts outside of the cluster, as in `ZoneWorld`. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
}

/** Clients that may follow the zone at once. */
const MOST_CLIENTS = 20;

/** Tells whoever connects the zone of the cluster, as a line of JSON, again whenever it changes. */
export async function serveZone(options: ServeZoneOptions): Promise<{ close(): Promise<void> }> {
  const { informers, clock, log, socketPath, hosts } = options;
  const services = informers.informer(SERVICES);
  const slices = informers.informer(ENDPOINT_SLICES);
  const clients = new Set<Socket>();
  let line = '';
  const refresh = async (): Promise<undefined> => {
    await Promise.all([services.synced, slices.synced]);
    const fresh = `${JSON.stringify(zoneOf({ services: services.list(), slices: slices.list(), hosts }))}\n`;
    if (fresh === line) return undefined;
    line = fresh;
    for (const client of clients) client.write(line);
    return undefined;
  };
  await refresh();
  const queue = createWorkQueue({ name: 'zone', clock, log, run: refresh });
  const unsubscribe = [services, slices].map((informer) => informer.subscribe(() => queue.add('')));
  rmSync(socketPath, { force: true });
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    client.write(line);
  });
  server.maxConnections = MOST_CLIENTS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => resolve());
  });
  return {
    async close() {
      for (const each of unsubscribe) each();
      await queue.close();
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

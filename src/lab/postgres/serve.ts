import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** Where the server finds its data and whom it answers. */
export interface ServePostgresOptions {
  readonly dataDir: string;
  readonly port: number;
}

/** PGlite is one session: clients take turns, query by query. */
const MOST_CONNECTIONS = 50;

/**
 * Serves a prepared data folder on all addresses of this network namespace. Any user name and
 * password is accepted: what guards the lab's database is its security group.
 */
export async function servePostgres(
  options: ServePostgresOptions,
): Promise<{ close(): Promise<void> }> {
  const db = await PGlite.create({ dataDir: options.dataDir, relaxedDurability: true });
  const server = new PGLiteSocketServer({
    db,
    host: '0.0.0.0',
    port: options.port,
    maxConnections: MOST_CONNECTIONS,
  });
  await server.start();
  return {
    close: async () => {
      await server.stop();
      await db.close();
    },
  };
}

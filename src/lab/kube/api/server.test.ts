import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './test-server.fake.ts';

let open: (Socket | TLSSocket)[] = [];
afterEach(() => {
  for (const socket of open) socket.destroy();
  open = [];
});

/** A connection that does not mind being cut. */
async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  open.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** First bytes of a TLS handshake: a record that promises more than comes. */
const HALF_HELLO = Buffer.from('160301020001', 'hex');

/** Takes longer than any close should, and much less than Node waits for a handshake: 120 s. */
const PATIENCE_MS = 3_000;

async function closesSoon(server: TestServer): Promise<boolean> {
  const outcome = await Promise.race([
    server.close().then(() => true),
    sleep(PATIENCE_MS, false, { ref: false }),
  ]);
  return outcome;
}

describe('the garbage collector', () => {
  test('deletes dependents a while after their owner, however they are watched', async () => {
    const garbageDelayMs = 300;
    const server = await startTestServer({ garbageDelayMs });
    const url = '/api/v1/namespaces/default/configmaps';
    const make = async (metadata: object): Promise<string> => {
      const { json } = await server.fetch(url, { method: 'POST', body: { metadata } });
      return json.metadata.uid;
    };
    const uid = await make({ name: 'owner' });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
    await make({ name: 'dependent', ownerReferences });
    const status = async (name: string): Promise<number> =>
      (await server.fetch(`${url}/${name}`)).status;
    const began = performance.now();
    await server.fetch(`${url}/owner`, { method: 'DELETE' });
    expect([await status('owner'), await status('dependent')]).toEqual([404, 200]);
    while ((await status('dependent')) !== 404) await sleep(20);
    expect(performance.now() - began).toBeGreaterThanOrEqual(garbageDelayMs - 20);
    await server.close();
  });

  test('is not waited for by a server that closes, and goes on after its next start', async () => {
    const dataFile = join(mkdtempSync(join(tmpdir(), 'garbage-')), 'kube.sqlite');
    const first = await startTestServer({ garbageDelayMs: 60_000, dataFile });
    const url = '/api/v1/namespaces/default/configmaps';
    const made = await first.fetch(url, { method: 'POST', body: { metadata: { name: 'owner' } } });
    const { uid } = made.json.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
    const body = { metadata: { name: 'dependent', ownerReferences } };
    await first.fetch(url, { method: 'POST', body });
    await first.fetch(`${url}/owner`, { method: 'DELETE' });
    expect(await closesSoon(first)).toBe(true);
    const second = await startTestServer({ garbageDelayMs: 60_000, dataFile });
    while ((await second.fetch(`${url}/dependent`)).status !== 404) await sleep(20);
    await second.close();
    rmSync(dirname(dataFile), { recursive: true });
  });
});

describe('closing the API server', () => {
  test('does not wait for handshakes that are under way', async () => {
    const server = await startTestServer();
    const { port } = server.api;
    const silent = await connected(port);
    const half = await connected(port);
    half.write(HALF_HELLO);
    // A request after them, so that the server has taken both.
    expect((await server.fetch('/healthz')).status).toBe(200);
    const cut = Promise.all([once(silent, 'close'), once(half, 'close')]);
    expect(await closesSoon(server)).toBe(true);
    await cut;
  });

  test('ends connections that wait for a request, and watches', async () => {
    const server = await startTestServer();
    const { port, caPem } = server.api;
    const idle = connectTls({ host: '127.0.0.1', port, ca: caPem });
    idle.on('error', () => {});
    open.push(idle);
    await once(idle, 'secureConnect');
    const watch = connectTls({ host: '127.0.0.1', port, ca: caPem });
    watch.on('error', () => {});
    open.push(watch);
    await once(watch, 'secureConnect');
    watch.write(
      `GET /api/v1/nodes?watch=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.token}\r\n\r\n`,
    );
    const [head] = (await once(watch, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 200/);
    expect(await closesSoon(server)).toBe(true);
  });

  test('takes no more connections, also when it is closed in the middle of many', async () => {
    const server = await startTestServer();
    const { port } = server.api;
    const many = Array.from({ length: 50 }, () => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {});
      socket.write(HALF_HELLO);
      open.push(socket);
      return once(socket, 'close').catch(() => {});
    });
    expect(await closesSoon(server)).toBe(true);
    await Promise.all(many);
    await expect(connected(port)).rejects.toThrow('ECONNREFUSED');
  });
});

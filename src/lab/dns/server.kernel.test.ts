import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createFakeKube } from '../../api/client.fake.ts';
import { ENDPOINT_SLICES } from '../../api/core/endpoints.ts';
import { SERVICES } from '../../api/core/service.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../io/clock.ts';
import { createInformers } from '../../io/informer.ts';
import { PROGRAMS } from '../images/programs.ts';
import { commandOfProgram } from '../images/runtime.real.ts';
import { testService, testSlice } from '../kube/proxy/test-services.fake.ts';
import { serveZone } from './serve-zone.ts';

/** The process of the lab's CoreDNS on the sandbox's loopback, asked by Node's own resolver. */
const folder = mkdtempSync(join(tmpdir(), 'trunkline-zone-'));
const socketPath = join(folder, 'zone.sock');
const kube = createFakeKube();
const stop = new AbortController();
const resolver = new Resolver({ timeout: 500, tries: 4 });
resolver.setServers(['127.0.0.1']);
const WEB = 'web.default.svc.cluster.local';
let server: ChildProcess;
let zone: { close(): Promise<void> };

function startZone(): Promise<{ close(): Promise<void> }> {
  const shared = { kube, clock: systemClock, log: silentLog, signal: stop.signal };
  const hosts = { 'rds.ec2.internal': '10.0.1.5' };
  return serveZone({ ...shared, informers: createInformers(shared), socketPath, hosts });
}

beforeAll(async () => {
  kube.seed(SERVICES, testService('web', '10.100.0.9', { ports: [{ name: 'http', port: 80 }] }));
  zone = await startZone();
  const [file = '', ...args] = commandOfProgram(PROGRAMS.dns);
  const env = { PATH: process.env['PATH'], TRUNKLINE_ZONE_SOCKET: socketPath };
  server = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 10_000 });
});
afterAll(async () => {
  server.kill('SIGKILL');
  await zone.close();
  stop.abort();
  rmSync(folder, { recursive: true, force: true });
});

async function ready(): Promise<number> {
  return fetch('http://127.0.0.1:8181/ready').then(
    ({ status }) => status,
    () => 0,
  );
}

test('answers a resolver of others for every kind of record', async () => {
  expect(await resolver.resolve4(WEB)).toEqual(['10.100.0.9']);
  expect(await resolver.resolve4('RDS.ec2.internal')).toEqual(['10.0.1.5']);
  expect(await resolver.resolveSrv(`_http._tcp.${WEB}`)).toEqual([
    { type: 'SRV', name: WEB, port: 80, priority: 0, weight: 100 },
  ]);
  expect(await resolver.reverse('10.100.0.9')).toEqual([WEB]);
  await expect(resolver.resolve6(WEB)).rejects.toMatchObject({ code: 'ENODATA' });
  await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('follows the Services, and sends long answers over TCP', async () => {
  const many = Array.from({ length: 200 }, (_, i) => ({ address: `10.0.3.${i + 1}` }));
  kube.seed(SERVICES, testService('many', 'None', { ports: [{ name: 'http', port: 80 }] }));
  kube.seed(ENDPOINT_SLICES, testSlice('many', { name: 'http', port: 8080 }, many));
  await expect
    .poll(() => resolver.resolve4('many.default.svc.cluster.local').catch(() => []), {
      timeout: 5000,
    })
    .toHaveLength(200);
});

test('keeps its zone while the lab is away, and takes the next one', async () => {
  await zone.close();
  expect(await resolver.resolve4(WEB)).toEqual(['10.100.0.9']);
  kube.seed(SERVICES, testService('late', '10.100.0.11'));
  zone = await startZone();
  await expect
    .poll(() => resolver.resolve4('late.default.svc.cluster.local').catch(() => []), {
      timeout: 5000,
    })
    .toEqual(['10.100.0.11']);
});

test('is not put out by rubbish, over UDP or TCP', async () => {
  const socket = createSocket('udp4');
  for (const bytes of ['', 'x', '\0'.repeat(12), '\xff'.repeat(600)])
    socket.send(Buffer.from(bytes, 'latin1'), 53, '127.0.0.1');
  const closed = new Promise((resolve) => {
    const stream = connect({ host: '127.0.0.1', port: 53 }, () => stream.write('\0\x05hello'));
    stream.on('close', resolve).on('error', () => undefined);
  });
  await closed;
  expect(await resolver.resolve4(WEB)).toEqual(['10.100.0.9']);
  socket.close();
});

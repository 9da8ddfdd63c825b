import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../api/custom-resource.ts';
import { CRD_DIGEST_ANNOTATION, CRD_FORMAT_ANNOTATION } from '../api/names.ts';
import { LabProblem } from '../cli/lab-port.ts';
import type { StoreChoice, VpcServeRequest } from '../cli/vpc-serve-request.ts';
import { startTestServer, type TestServer } from '../lab/kube/api/test-server.fake.ts';
import { serveVpc } from './vpc-serve.ts';

/** What goes wrong before the server listens; what it does then is tested as a process. */
let folder: string;
let taken: Server;
let cluster: TestServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-start-'));
  writeFileSync(join(folder, 'text'), 'no database, no certificate, no JSON; just some text');
  writeFileSync(join(folder, 'knobs.json'), '{"latency":1}');
  writeFileSync(join(folder, 'nobody'), kubeconfig('https://127.0.0.1:1'));
  cluster = await startTestServer();
  writeFileSync(join(folder, 'cluster'), kubeconfig(cluster.url));
  taken = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => taken.once('listening', done));
});
afterAll(async () => {
  taken.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
});

function kubeconfig(server: string): string {
  const ca = cluster === undefined ? {} : { 'certificate-authority-data': btoa(cluster.api.caPem) };
  return JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, ...ca } }],
    users: [{ name: 'u', user: { token: cluster?.token ?? 't' } }],
  });
}

const inFolder = (name: string): string => join(folder, name);
const file = (name: string): StoreChoice => ({ kind: 'file', path: inFolder(name) });
const kubernetes = (config: string | undefined): StoreChoice => ({
  kind: 'kubernetes',
  kubeconfig: config && inFolder(config),
  advertise: undefined,
  peerCaFile: undefined,
  leaseSeconds: 1,
});

/** Serves until SIGTERM would come; answers why that was not possible. */
async function problemOf(change: Partial<VpcServeRequest>): Promise<string> {
  const request: VpcServeRequest = {
    host: '127.0.0.1',
    port: 0,
    accountId: '111122223333',
    accessKeyId: 'AKIATEST',
    secretAccessKey: 'secret',
    store: { kind: 'memory' },
    region: 'us-east-1',
    seeds: [],
    dev: false,
    tls: undefined,
    quotas: {},
    knobsFile: undefined,
    eks: undefined,
    oidcIssuers: [],
    ...change,
  };
  return serveVpc(request, () => process.emit('SIGTERM')).then(
    () => 'none',
    (error: unknown) => {
      // Others would be printed with a stack.
      expect(error).toBeInstanceOf(LabProblem);
      return (error as LabProblem).message;
    },
  );
}

function tls(cert: string, key: string): VpcServeRequest['tls'] {
  return { certFile: inFolder(cert), keyFile: inFolder(key) };
}

describe('vpc serve', () => {
  test.each<[string, () => Partial<VpcServeRequest>, RegExp]>([
    ['nothing', () => ({}), /^none$/],
    [
      'a port in use',
      () => ({ port: (taken.address() as AddressInfo).port }),
      /^Cannot listen on 127\.0\.0\.1:\d+ \(--listen\): the port is in use\. Stop .* or choose/,
    ],
    [
      'a store in no folder',
      () => ({ store: file('none/x') }),
      /the store \S+none\/x \(--store\): unable to open.*folder must exist/,
    ],
    [
      'a store that is none',
      () => ({ store: file('text') }),
      /\(--store\): file is not a database\. Name a file that vpc serve made/,
    ],
    [
      'certificates that are none',
      () => ({ tls: tls('text', 'text') }),
      /Cannot use \S+text \(--tls-cert, --tls-key\): /,
    ],
    [
      'certificates that are not there',
      () => ({ tls: tls('c', 'k') }),
      /Cannot use \S+\/c \(--tls-cert\): ENOENT/,
    ],
    [
      'knobs that are no JSON',
      () => ({ knobsFile: inFolder('text') }),
      /Cannot use \S+text \(--knobs\): .*JSON/,
    ],
    [
      'knobs that there are not',
      () => ({ knobsFile: inFolder('knobs.json') }),
      /\(--knobs\): The knobs cannot be read: latency: /,
    ],
    [
      'keys that are none',
      () => ({ oidcIssuers: [{ url: 'https://x', keysFile: inFolder('knobs.json') }] }),
      /Cannot use \S+knobs\.json \(--oidc-issuer\): it is no JSON Web Key Set/,
    ],
    [
      'an unknown quota',
      () => ({ quotas: { x: 1 } }),
      /no quota x \(--quota\); there are groupsPer/,
    ],
    [
      'a kubeconfig that is not there',
      () => ({ store: kubernetes('none') }),
      /Cannot read kubeconfig \S+none: ENOENT/,
    ],
    [
      'no cluster at all',
      () => ({ store: kubernetes(undefined) }),
      /Not in a pod: .* Give --kubeconfig FILE, or run in a pod/,
    ],
    [
      'a cluster that does not answer',
      () => ({ store: kubernetes('nobody') }),
      /Cannot use --store kubernetes \(--kubeconfig\): Cannot reach the Kubernetes API/,
    ],
  ])('%s: the option and the way out are told', async (_what, change, text) => {
    expect(await problemOf(change())).toMatch(text);
  });

  test('a file that another process or a newer version wrote is left alone', async () => {
    const store = file('newer.sqlite');
    expect(await problemOf({ store })).toBe('none');
    const database = new DatabaseSync(inFolder('newer.sqlite'));
    database.exec('BEGIN EXCLUSIVE');
    expect(await problemOf({ store })).toMatch(/is locked\. Another process has it open: stop/);
    database.exec(`UPDATE meta SET value = '99' WHERE name = 'vpc-format'; COMMIT`);
    database.close();
    expect(await problemOf({ store })).toMatch(
      /\(--store\): it has format 99 of a newer Trunkline, this one reads up to \d/,
    );
  });

  test('in a cluster, leaves what a newer version wrote, and renews an older definition', async () => {
    const store = kubernetes('cluster');
    expect(await problemOf({ store })).toBe('none');
    const key = { name: 'vpcs.vpc.trunkline.dev' };
    const mark = (format: string, digest: string): Promise<unknown> => {
      const annotations = { [CRD_FORMAT_ANNOTATION]: format, [CRD_DIGEST_ANNOTATION]: digest };
      const change = { type: 'merge', body: { metadata: { annotations } } } as const;
      return cluster.kube.patch(CUSTOM_RESOURCE_DEFINITIONS, key, change);
    };
    await mark('0', 'of another build');
    expect(await problemOf({ store })).toBe('none');
    const renewed = await cluster.kube.get(CUSTOM_RESOURCE_DEFINITIONS, key);
    expect(renewed?.metadata.annotations?.[CRD_FORMAT_ANNOTATION]).toBe('1');
    await mark('99', 'of the future');
    expect(await problemOf({ store })).toMatch(
      /vpcs\.vpc\.trunkline\.dev has format 99 of a newer Trunkline, this one reads up to/,
    );
  });

  test('leaves no handlers of signals behind', async () => {
    const before = process.listenerCount('SIGTERM');
    await problemOf({ quotas: { x: 1 } });
    await problemOf({});
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});

import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPki, type Pki } from '../../pki.ts';
import { startTestServer, type RawAnswer, type TestServer } from '../test-server.fake.ts';

/** What the test's webhook answers, given the request of the review. */
type Decide = (request: Review) => Record<string, unknown> | 'hang' | 'garbage';

interface Review {
  readonly uid: string;
  readonly operation: string;
  readonly subResource?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly dryRun: boolean;
  readonly object: { metadata: { name: string; labels?: object }; spec?: object } | null;
  readonly oldObject: object | null;
  readonly userInfo: { username: string };
  readonly kind: { kind: string };
}

let server: TestServer;
let pki: Pki;
let hook: Server;
let hookUrl: string;
let decide: Decide;
let seen: Review[];

beforeAll(async () => {
  pki = await createPki();
  const { certPem, keyPem } = await pki.serverCertificate(['127.0.0.1']);
  hook = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { request: Review };
      seen.push(review.request);
      const answer = decide(review.request);
      if (answer === 'hang') return;
      if (answer === 'garbage') {
        response.end('nonsense');
        return;
      }
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: review.request.uid, ...answer },
        }),
      );
    })();
  });
  await new Promise<void>((resolve) => {
    hook.listen(0, '127.0.0.1', resolve);
  });
  hookUrl = `https://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
});

afterAll(() => {
  hook.closeAllConnections();
  hook.close();
});

beforeEach(async () => {
  seen = [];
  decide = () => ({ allowed: true });
  server = await startTestServer();
});

afterEach(() => server.close());

const RULE = {
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
};

async function register(
  kind: 'Mutating' | 'Validating',
  overrides: Record<string, unknown> = {},
): Promise<void> {
  const answer = await server.fetch(
    `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`,
    {
      method: 'POST',
      body: {
        metadata: { name: `test-${kind.toLowerCase()}` },
        webhooks: [
          {
            name: `${kind.toLowerCase()}.example.com`,
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            clientConfig: { url: hookUrl, caBundle: Buffer.from(pki.caPem).toString('base64') },
            rules: [RULE],
            ...overrides,
          },
        ],
      },
    },
  );
  expect(answer.status, answer.text).toBe(201);
}

function createMap(name: string, query = '', labels = {}): Promise<RawAnswer> {
  const body = { metadata: { name, labels }, data: { a: '1' } };
  return server.fetch(`/api/v1/namespaces/default/configmaps${query}`, { method: 'POST', body });
}

function patchOf(steps: object[]): Record<string, unknown> {
  const patch = Buffer.from(JSON.stringify(steps)).toString('base64');
  return { allowed: true, patchType: 'JSONPatch', patch };
}

describe('validating webhooks', () => {
  test('see the object, the user and the namespace', async () => {
    await register('Validating');
    expect((await createMap('one')).status).toBe(201);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      operation: 'CREATE',
      namespace: 'default',
      name: 'one',
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      dryRun: false,
      userInfo: { username: 'tester' },
      object: { kind: 'ConfigMap', data: { a: '1' } },
      oldObject: null,
    });
  });

  test('deny with their own words, and nothing is stored', async () => {
    await register('Validating');
    decide = () => ({ allowed: false, status: { message: 'no maps today' } });
    const answer = await createMap('one');
    expect(answer.status).toBe(403);
    expect(answer.json.message).toBe(
      'admission webhook "validating.example.com" denied the request: no maps today',
    );
    expect((await server.fetch('/api/v1/namespaces/default/configmaps/one')).status).toBe(404);
  });

  test('see old and new object on update, and the old one on delete', async () => {
    await register('Validating');
    await createMap('one');
    const path = '/api/v1/namespaces/default/configmaps/one';
    const type = 'application/merge-patch+json';
    await server.fetch(path, { method: 'PATCH', type, body: { data: { a: '2' } } });
    await server.fetch(path, { method: 'DELETE' });
    expect(seen.map(({ operation }) => operation)).toEqual(['CREATE', 'UPDATE', 'DELETE']);
    expect(seen[1]).toMatchObject({
      object: { data: { a: '2' } },
      oldObject: { data: { a: '1' } },
    });
    expect(seen[2]).toMatchObject({ object: null, oldObject: { data: { a: '2' } } });
  });

  test('can refuse a delete', async () => {
    await createMap('one');
    await register('Validating');
    decide = () => ({ allowed: false, status: { message: 'keep it', code: 409 } });
    const path = '/api/v1/namespaces/default/configmaps/one';
    expect((await server.fetch(path, { method: 'DELETE' })).status).toBe(409);
    expect((await server.fetch(path)).status).toBe(200);
  });

  test('send warnings to the client', async () => {
    await register('Validating');
    decide = () => ({ allowed: true, warnings: ['mind the "gap"'] });
    const answer = await createMap('one');
    expect(answer.headers['warning']).toBe('299 - "mind the \\"gap\\""');
  });

  test('are told about a dry run', async () => {
    await register('Validating');
    await createMap('one', '?dryRun=All');
    expect(seen[0]).toMatchObject({ dryRun: true, options: { dryRun: ['All'] } });
  });

  test('with side effects are no part of a dry run', async () => {
    await register('Validating', { sideEffects: 'Some' });
    const answer = await createMap('one', '?dryRun=All');
    expect(answer.status).toBe(400);
    expect(answer.json.message).toContain('does not support dry run');
  });
});

describe('mutating webhooks', () => {
  test('change the object before it is validated and stored', async () => {
    await register('Mutating');
    decide = () => patchOf([{ op: 'add', path: '/data/b', value: '2' }]);
    const answer = await createMap('one');
    expect(answer.json.data).toEqual({ a: '1', b: '2' });
    const stored = await server.fetch('/api/v1/namespaces/default/configmaps/one');
    expect(stored.json.data).toEqual({ a: '1', b: '2' });
  });

  test('hand their object on to validating webhooks', async () => {
    await register('Mutating');
    await register('Validating');
    decide = ({ object }) =>
      seen.length === 1
        ? patchOf([{ op: 'add', path: '/metadata/labels', value: { by: 'hook' } }])
        : { allowed: object?.metadata.labels !== undefined };
    expect((await createMap('one')).status).toBe(201);
    expect(seen[1]?.object?.metadata.labels).toEqual({ by: 'hook' });
  });

  test('cannot make an object invalid', async () => {
    await register('Mutating');
    decide = () => patchOf([{ op: 'add', path: '/metadata/labels', value: { 'a b': 'c' } }]);
    expect((await createMap('one')).status).toBe(422);
  });

  test('cannot change the name', async () => {
    await register('Mutating');
    decide = () => patchOf([{ op: 'replace', path: '/metadata/name', value: 'two' }]);
    expect((await createMap('one')).json.metadata.name).toBe('one');
  });

  test('see the account that the server gave a pod', async () => {
    await register('Mutating', { rules: [{ ...RULE, resources: ['pods'] }] });
    const body = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await server.fetch('/api/v1/namespaces/default/pods', { method: 'POST', body });
    expect(seen[0]?.object?.spec).toMatchObject({ serviceAccountName: 'default' });
  });
});

describe('a webhook that fails', () => {
  const DOWN = 'https://127.0.0.1:1/hook';

  test('closes the door under failurePolicy Fail, which is the default', async () => {
    await register('Validating', { clientConfig: { url: DOWN } });
    const answer = await createMap('one');
    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({ reason: 'InternalError' });
    expect(answer.json.message).toMatch(
      /^Internal error occurred: failed calling webhook "validating\.example\.com": failed to call/,
    );
  });

  test('is passed over under failurePolicy Ignore', async () => {
    await register('Mutating', { clientConfig: { url: DOWN }, failurePolicy: 'Ignore' });
    expect((await createMap('one')).status).toBe(201);
  });

  test('is given up after its timeout', async () => {
    await register('Validating', { timeoutSeconds: 1 });
    decide = () => 'hang';
    const startedMs = performance.now();
    const answer = await createMap('one');
    expect(answer.json.message).toContain('context deadline exceeded');
    expect(performance.now() - startedMs).toBeLessThan(3000);
  });

  test.each([
    ['an answer that is no JSON', (): 'garbage' => 'garbage'],
    ['an answer to another request', () => ({ uid: 'other', allowed: true })],
    ['a patch of another type', () => ({ allowed: true, patchType: 'Merge', patch: 'e30=' })],
    ['a patch that does not fit', () => patchOf([{ op: 'remove', path: '/nothing/here' }])],
  ])('%s counts as a failure', async (_, answer) => {
    await register('Mutating');
    decide = answer;
    expect((await createMap('one')).status).toBe(500);
  });

  test('by a certificate of another authority counts as a failure', async () => {
    const other = Buffer.from((await createPki()).caPem).toString('base64');
    await register('Validating', { clientConfig: { url: hookUrl, caBundle: other } });
    expect((await createMap('one')).status).toBe(500);
    expect(seen).toEqual([]);
  });
});

describe('webhooks are only asked', () => {
  test('about the resources and operations of their rules', async () => {
    await register('Validating', { rules: [{ ...RULE, operations: ['DELETE'] }] });
    await createMap('one');
    await server.fetch('/api/v1/namespaces/default/secrets', {
      method: 'POST',
      body: { metadata: { name: 's' } },
    });
    expect(seen).toEqual([]);
  });

  test('about subresources that their rules name', async () => {
    await register('Validating', {
      rules: [{ ...RULE, resources: ['nodes/status'], scope: 'Cluster' }],
    });
    await server.fetch('/api/v1/nodes', { method: 'POST', body: { metadata: { name: 'n' } } });
    await server.fetch('/api/v1/nodes/n/status', {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { status: { capacity: { pods: '9' } } },
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ operation: 'UPDATE', subResource: 'status' });
  });

  test('about namespaces that their selector takes', async () => {
    const key = 'kubernetes.io/metadata.name';
    const namespaceSelector = {
      matchExpressions: [{ key, operator: 'NotIn', values: ['default'] }],
    };
    await register('Validating', { namespaceSelector });
    await createMap('one');
    expect(seen).toEqual([]);
    await server.fetch('/api/v1/namespaces/kube-system/configmaps', {
      method: 'POST',
      body: { metadata: { name: 'one' } },
    });
    expect(seen).toHaveLength(1);
  });

  test('about objects that their selector takes', async () => {
    await register('Validating', { objectSelector: { matchLabels: { watch: 'me' } } });
    await createMap('one');
    await createMap('two', '', { watch: 'me' });
    expect(seen.map(({ name }) => name)).toEqual(['two']);
  });

  test('once the service that they name has endpoints', async () => {
    const service = { namespace: 'kube-system', name: 'hook', path: '/hook' };
    const { certPem, keyPem } = await pki.serverCertificate(['hook.kube-system.svc']);
    hook.setSecureContext({ cert: certPem, key: keyPem });
    const caBundle = Buffer.from(pki.caPem).toString('base64');
    await register('Validating', { clientConfig: { service, caBundle } });
    expect((await createMap('one')).json.message).toContain('service "hook" not found');
    await server.fetch('/api/v1/namespaces/kube-system/services', {
      method: 'POST',
      body: { metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } },
    });
    await server.fetch('/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices', {
      method: 'POST',
      body: {
        metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
        addressType: 'IPv4',
        ports: [{ port: Number(new URL(hookUrl).port) }],
        endpoints: [{ addresses: ['127.0.0.1'] }],
      },
    });
    const answer = await createMap('one');
    expect(answer.status, answer.text).toBe(201);
    expect(seen).toHaveLength(1);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type RawAnswer, type TestServer } from './test-server.fake.ts';

/** The rules of objects, through HTTP: what clients see is what counts. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const NS = '/api/v1/namespaces/default';
const APPS = '/apis/apps/v1/namespaces/default';
const MERGE = 'application/merge-patch+json';

const post = (path: string, body: unknown): Promise<RawAnswer> =>
  server.fetch(path, { method: 'POST', body });
const patch = (path: string, body: unknown, type = MERGE): Promise<RawAnswer> =>
  server.fetch(path, { method: 'PATCH', type, body });
const remove = (path: string, body?: unknown): Promise<RawAnswer> =>
  server.fetch(path, { method: 'DELETE', ...(body !== undefined && { body }) });

const podSpec = { containers: [{ name: 'c', image: 'nginx' }] };
const pod = (name: string, extra: object = {}): object => ({
  metadata: { name },
  spec: { ...podSpec, ...extra },
});
const template = { metadata: { labels: { a: 'b' } }, spec: podSpec };
const workload = (name: string, extra: object = {}): object => ({
  metadata: { name },
  spec: { selector: { matchLabels: { a: 'b' } }, template, ...extra },
});

async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const untilMs = performance.now() + 5000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    expect(performance.now(), `still ${JSON.stringify(value)}`).toBeLessThan(untilMs);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

const gone = (path: string): Promise<RawAnswer> =>
  eventually(
    () => server.fetch(path),
    ({ status }) => status === 404,
  );

describe('who may ask', () => {
  test('nobody without a credential, and not with a wrong one', async () => {
    expect((await server.fetch('/api', { token: '' })).status).toBe(401);
    const [payload = ''] = server.token.split('.');
    const forged = await server.fetch('/api', { token: `${payload}.AAAA` });
    expect(forged.status).toBe(401);
    expect(forged.json).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
  });

  test('answers what it does not serve with a Status', async () => {
    expect((await server.fetch('/api/v1/wombats')).json).toMatchObject({
      kind: 'Status',
      code: 404,
      message: 'the server could not find the requested resource',
    });
    expect((await server.fetch('/api/v1/nodes/%E0%A4%A')).status).toBe(400);
    expect((await post(`${NS}/configmaps`, '{broken')).status).toBe(400);
    expect((await server.fetch(`${NS}/configmaps`, { method: 'PUT', body: {} })).status).toBe(405);
    const big = { metadata: { name: 'big' }, data: { a: 'x'.repeat(4_000_000) } };
    expect((await post(`${NS}/configmaps`, big)).status).toBe(413);
  });

  test('takes YAML', async () => {
    const body = 'metadata: {name: yaml}\ndata: {a: "1"}';
    const answer = await server.fetch(`${NS}/configmaps`, {
      method: 'POST',
      type: 'application/yaml',
      body,
    });
    expect(answer.json.data).toEqual({ a: '1' });
  });
});

describe('new objects', () => {
  test('get defaults that controllers rely on', async () => {
    const { json } = await post(`${APPS}/deployments`, workload('defaults'));
    expect(json.spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
      template: { spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 } },
    });
    expect(json.metadata.generation).toBe(1);
  });

  test('of pods get an account, tolerations, a class and a phase', async () => {
    const limits = { cpu: '1', memory: '1Gi' };
    const containers = [{ name: 'c', image: 'nginx', resources: { limits } }];
    const { json } = await post(`${NS}/pods`, pod('fresh', { containers }));
    expect(json.spec).toMatchObject({
      serviceAccountName: 'default',
      schedulerName: 'default-scheduler',
      containers: [{ resources: { limits, requests: limits }, imagePullPolicy: 'Always' }],
    });
    expect(json.spec.tolerations).toHaveLength(2);
    expect(json.status).toEqual({ phase: 'Pending', qosClass: 'Guaranteed' });
  });

  test.each([
    [
      'a name',
      `${NS}/configmaps`,
      { metadata: { name: 'A_b' } },
      'metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain',
    ],
    [
      'a missing name',
      `${NS}/configmaps`,
      {},
      'metadata.name: Required value: name or generateName is required',
    ],
    [
      'a label',
      `${NS}/configmaps`,
      { metadata: { name: 'x', labels: { a: 'b c' } } },
      'metadata.labels: Invalid value: "b c": a valid label',
    ],
    [
      'a pod without containers',
      `${NS}/pods`,
      pod('x', { containers: [] }),
      'spec.containers: Required value',
    ],
    [
      'a container without a name',
      `${NS}/pods`,
      pod('x', { containers: [{ image: 'i' }] }),
      'spec.containers[0].name: Required value',
    ],
    [
      'containers of one name',
      `${NS}/pods`,
      pod('x', { containers: [podSpec.containers[0], podSpec.containers[0]] }),
      'spec.containers[1].name: Duplicate value: "c"',
    ],
    [
      'a port',
      `${NS}/pods`,
      pod('x', { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 70_000 }] }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      'an extended resource that differs',
      `${NS}/pods`,
      pod('x', {
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { limits: { 'a/b': '1' }, requests: { 'a/b': '2' } },
          },
        ],
      }),
      'must be equal to a/b limit of 1',
    ],
    [
      'a volume that is not there',
      `${NS}/pods`,
      pod('x', {
        containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/' }] }],
      }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      'a selector that fits no template',
      `${APPS}/deployments`,
      workload('x', { selector: { matchLabels: { a: 'c' } } }),
      '`selector` does not match template `labels`',
    ],
    [
      'a missing selector',
      `${APPS}/replicasets`,
      { metadata: { name: 'x' }, spec: { template } },
      'spec.selector: Required value',
    ],
    [
      'a service without ports',
      `${NS}/services`,
      { metadata: { name: 'x' }, spec: {} },
      'spec.ports: Required value',
    ],
  ])('are refused for %s', async (_, path, body, text) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(422);
    expect(answer.json.message).toContain(text);
    expect(answer.json.details.causes.length).toBeGreaterThan(0);
  });

  test('are refused in a namespace that is not there', async () => {
    const answer = await post('/api/v1/namespaces/nowhere/configmaps', { metadata: { name: 'x' } });
    expect(answer.status).toBe(404);
    expect(answer.json.message).toBe('namespaces "nowhere" not found');
  });

  test('with unknown fields get a warning, or are refused when the client is strict', async () => {
    const body = { metadata: { name: 'typo' }, dat: {} };
    expect((await post(`${NS}/configmaps?dryRun=All`, body)).headers['warning']).toBe(
      '299 - "unknown field \\"dat\\""',
    );
    const strict = await post(`${NS}/configmaps?fieldValidation=Strict`, body);
    expect(strict.status).toBe(400);
    expect(strict.json.message).toContain('strict decoding error: unknown field "dat"');
    const ignored = await post(`${NS}/configmaps?fieldValidation=Ignore`, body);
    expect(ignored.headers['warning']).toBeUndefined();
    expect(ignored.json).not.toHaveProperty('dat');
  });
});

describe('changed objects', () => {
  test('count generations of the spec, not of metadata or status', async () => {
    await post(`${APPS}/deployments`, workload('counted'));
    const path = `${APPS}/deployments/counted`;
    await patch(path, { metadata: { labels: { x: 'y' } }, status: { replicas: 5 } });
    await patch(`${path}/status`, { status: { replicas: 3 }, spec: { replicas: 9 } });
    const { json } = await server.fetch(path);
    expect(json).toMatchObject({
      metadata: { generation: 1 },
      spec: { replicas: 1 },
      status: { replicas: 3 },
    });
    expect((await patch(path, { spec: { replicas: 2 } })).json.metadata.generation).toBe(2);
  });

  test('keep what is fixed', async () => {
    await post(`${NS}/pods`, pod('fixed'));
    const moved = await patch(`${NS}/pods/fixed`, { spec: { nodeName: 'n' } });
    expect(moved.status).toBe(422);
    expect(moved.json.message).toContain(
      'spec: Forbidden: pod updates may not change fields other',
    );
    const spec = { containers: [{ name: 'c', image: 'other' }] };
    const strategic = 'application/strategic-merge-patch+json';
    expect((await patch(`${NS}/pods/fixed`, { spec }, strategic)).status).toBe(200);
    await post(`${APPS}/deployments`, workload('fixed'));
    const other = { spec: { selector: { matchLabels: { a: 'z' } } } };
    expect((await patch(`${APPS}/deployments/fixed`, other)).json.message).toContain(
      'field is immutable',
    );
  });

  test('scale by their subresource', async () => {
    await post(`${APPS}/replicasets`, workload('scaled'));
    const path = `${APPS}/replicasets/scaled/scale`;
    const { json } = await patch(path, { spec: { replicas: 4 } });
    expect(json).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 4 },
      status: { selector: 'a=b' },
    });
    expect((await patch(path, { spec: { replicas: -1 } })).status).toBe(422);
    const stale = { ...json, metadata: { ...json.metadata, resourceVersion: '1' } };
    expect((await server.fetch(path, { method: 'PUT', body: stale })).status).toBe(409);
  });

  test('are patched one after the other when many do it at once', async () => {
    await post(`${NS}/configmaps`, { metadata: { name: 'busy' }, data: {} });
    const names = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const answers = await Promise.all(
      names.map((name) => patch(`${NS}/configmaps/busy`, { data: { [name]: '1' } })),
    );
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const { json } = await server.fetch(`${NS}/configmaps/busy`);
    expect(Object.keys(json.data)).toHaveLength(20);
  });

  test('services keep their address and get node ports', async () => {
    const ports = [{ port: 80 }];
    const { json } = await post(`${NS}/services`, {
      metadata: { name: 'svc' },
      spec: { ports, type: 'NodePort' },
    });
    expect(json.spec.clusterIP).toMatch(/^10\.100\.\d+\.\d+$/);
    expect(json.spec.ports[0]).toMatchObject({ targetPort: 80, protocol: 'TCP' });
    expect(json.spec.ports[0].nodePort).toBeGreaterThanOrEqual(30_000);
    const body = { metadata: { name: 'svc' }, spec: { ports, type: 'NodePort' } };
    const put = await server.fetch(`${NS}/services/svc`, { method: 'PUT', body });
    expect(put.json.spec).toEqual(json.spec);
    expect((await patch(`${NS}/services/svc`, { spec: { clusterIP: '10.100.0.1' } })).status).toBe(
      422,
    );
  });
});

describe('server-side apply', () => {
  test('creates, merges and reports conflicts', async () => {
    const type = 'application/apply-patch+yaml';
    const apply = (manager: string, data: object, force = ''): Promise<RawAnswer> =>
      patch(
        `${NS}/configmaps/applied?fieldManager=${manager}${force}`,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data },
        type,
      );
    expect((await apply('one', { a: '1', b: '1' })).status).toBe(201);
    const again = await apply('one', { a: '1' });
    expect(again.status).toBe(200);
    expect(again.json.data).toEqual({ a: '1' });
    const conflict = await apply('two', { a: '2' });
    expect(conflict.status).toBe(409);
    expect(conflict.json.message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .data.a',
    );
    expect((await apply('two', { a: '2' }, '&force=true')).json.data).toEqual({ a: '2' });
  });
});

describe('pods', () => {
  test('are bound to a node once', async () => {
    await post(`${NS}/pods`, pod('bound'));
    const target = { target: { kind: 'Node', name: 'n1' } };
    expect((await post(`${NS}/pods/bound/binding`, target)).status).toBe(201);
    const { json } = await server.fetch(`${NS}/pods/bound`);
    expect(json.spec.nodeName).toBe('n1');
    expect(json.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    expect((await post(`${NS}/pods/bound/binding`, target)).status).toBe(409);
  });

  test('on a node end gracefully: the kubelet confirms with grace 0', async () => {
    await post(`${NS}/pods`, pod('graceful', { nodeName: 'n1' }));
    const { json } = await remove(`${NS}/pods/graceful`);
    expect(json.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
    expect(json.metadata.deletionTimestamp).toMatch(/Z$/);
    const shorter = await remove(`${NS}/pods/graceful`, { gracePeriodSeconds: 5 });
    expect(shorter.json.metadata.deletionGracePeriodSeconds).toBe(5);
    const longer = await remove(`${NS}/pods/graceful`, { gracePeriodSeconds: 60 });
    expect(longer.json.metadata.deletionGracePeriodSeconds).toBe(5);
    expect((await remove(`${NS}/pods/graceful`, { gracePeriodSeconds: 0 })).status).toBe(200);
    expect((await server.fetch(`${NS}/pods/graceful`)).status).toBe(404);
  });

  test('on no node, or finished, go at once', async () => {
    await post(`${NS}/pods`, pod('unplaced'));
    await remove(`${NS}/pods/unplaced`);
    expect((await server.fetch(`${NS}/pods/unplaced`)).status).toBe(404);
    await post(`${NS}/pods`, pod('finished', { nodeName: 'n1' }));
    await patch(`${NS}/pods/finished/status`, { status: { phase: 'Succeeded' } });
    await remove(`${NS}/pods/finished`);
    expect((await server.fetch(`${NS}/pods/finished`)).status).toBe(404);
  });

  test('can be evicted', async () => {
    await post(`${NS}/pods`, pod('evicted'));
    expect(
      (await post(`${NS}/pods/evicted/eviction`, { metadata: { name: 'evicted' } })).status,
    ).toBe(201);
    expect((await server.fetch(`${NS}/pods/evicted`)).status).toBe(404);
  });
});

describe('garbage collection', () => {
  const owned = async (owner: string, name: string, block = false): Promise<void> => {
    const { json } = await server.fetch(`${APPS}/deployments/${owner}`);
    const ownerReferences = [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: owner,
        uid: json.metadata.uid,
        blockOwnerDeletion: block,
      },
    ];
    const body = { metadata: { name, ownerReferences } };
    expect((await post(`${NS}/configmaps`, body)).status).toBe(201);
  };

  test('deletes dependents in the background', async () => {
    await post(`${APPS}/deployments`, workload('gc-back'));
    await owned('gc-back', 'gc-back-1');
    await remove(`${APPS}/deployments/gc-back`);
    await gone(`${NS}/configmaps/gc-back-1`);
  });

  test('deletes dependents first when it is asked to', async () => {
    await post(`${APPS}/deployments`, workload('gc-fore'));
    await owned('gc-fore', 'gc-fore-1', true);
    await patch(`${NS}/configmaps/gc-fore-1`, { metadata: { finalizers: ['example.com/hold'] } });
    await remove(`${APPS}/deployments/gc-fore`, { propagationPolicy: 'Foreground' });
    await eventually(
      () => server.fetch(`${NS}/configmaps/gc-fore-1`),
      ({ json }) => json.metadata.deletionTimestamp !== undefined,
    );
    const { json } = await server.fetch(`${APPS}/deployments/gc-fore`);
    expect(json.metadata.finalizers).toEqual(['foregroundDeletion']);
    await patch(`${NS}/configmaps/gc-fore-1`, { metadata: { finalizers: null } });
    await gone(`${APPS}/deployments/gc-fore`);
  });

  test('lets dependents go when it is asked to', async () => {
    await post(`${APPS}/deployments`, workload('gc-orphan'));
    await owned('gc-orphan', 'gc-orphan-1');
    await remove(`${APPS}/deployments/gc-orphan`, { propagationPolicy: 'Orphan' });
    await gone(`${APPS}/deployments/gc-orphan`);
    const { json } = await server.fetch(`${NS}/configmaps/gc-orphan-1`);
    expect(json.metadata.ownerReferences ?? []).toEqual([]);
  });

  test('deletes what names an owner that never was', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'no-such-uid' }];
    await post(`${NS}/configmaps`, { metadata: { name: 'gc-lost', ownerReferences } });
    await gone(`${NS}/configmaps/gc-lost`);
  });

  test('keeps what has an owner of a kind that nobody serves', async () => {
    const ownerReferences = [{ apiVersion: 'x.io/v1', kind: 'Y', name: 'x', uid: 'unknown' }];
    await post(`${NS}/configmaps`, { metadata: { name: 'gc-foreign', ownerReferences } });
    await post(`${NS}/configmaps`, {
      metadata: {
        name: 'gc-probe',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'gone' }],
      },
    });
    await gone(`${NS}/configmaps/gc-probe`);
    expect((await server.fetch(`${NS}/configmaps/gc-foreign`)).status).toBe(200);
  });
});

describe('namespaces', () => {
  test('have a service account, take their content with them, and take nothing new', async () => {
    await post('/api/v1/namespaces', { metadata: { name: 'shop' } });
    const inside = '/api/v1/namespaces/shop';
    await eventually(
      () => server.fetch(`${inside}/serviceaccounts/default`),
      ({ status }) => status === 200,
    );
    const finalizers = ['example.com/hold'];
    await post(`${inside}/configmaps`, { metadata: { name: 'held', finalizers } });
    const deleted = await remove(inside);
    expect(deleted.json).toMatchObject({ status: { phase: 'Terminating' } });
    const refused = await post(`${inside}/configmaps`, { metadata: { name: 'late' } });
    expect(refused.status).toBe(403);
    expect(refused.json.message).toContain('because it is being terminated');
    await eventually(
      () => server.fetch(`${inside}/configmaps/held`),
      ({ json }) => json.metadata.deletionTimestamp !== undefined,
    );
    await patch(`${inside}/configmaps/held`, { metadata: { finalizers: null } });
    await gone(inside);
  });
});

describe('collections', () => {
  test('are read in pages', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) {
      await post(`${NS}/secrets`, { metadata: { name, labels: { page: 'yes' } } });
    }
    const first = await server.fetch(`${NS}/secrets?labelSelector=page%3Dyes&limit=2`);
    expect(first.json.items).toHaveLength(2);
    expect(first.json.metadata.remainingItemCount).toBe(1);
    const token = String(first.json.metadata.continue);
    const second = await server.fetch(
      `${NS}/secrets?labelSelector=page%3Dyes&limit=2&continue=${token}`,
    );
    expect(
      second.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ).toEqual(['page-c']);
    expect(second.json.metadata.continue).toBeUndefined();
    expect((await server.fetch(`${NS}/secrets?continue=%25`)).status).toBe(400);
  });

  test('are deleted by selector', async () => {
    await post(`${NS}/secrets`, { metadata: { name: 'kept' } });
    await remove(`${NS}/secrets?labelSelector=page%3Dyes`);
    const { json } = await server.fetch(`${NS}/secrets`);
    expect(json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'kept',
    ]);
  });

  test('of events are one, in two forms', async () => {
    const event = {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      message: 'text',
      reason: 'R',
      type: 'Normal',
    };
    await post(`${NS}/events`, event);
    const { json } = await server.fetch('/apis/events.k8s.io/v1/namespaces/default/events/e');
    expect(json).toMatchObject({ note: 'text', regarding: { kind: 'Pod', name: 'p' } });
    const found = await server.fetch(
      '/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp',
    );
    expect(found.json.items).toHaveLength(1);
  });
});

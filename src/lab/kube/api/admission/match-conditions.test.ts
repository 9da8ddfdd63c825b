import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AGENT_USER } from '../../../../controller/webhook/validate-node.ts';
import { webhookConfigurations } from '../../../../controller/webhook/configurations.ts';
import { startTestServer, type RawAnswer, type TestServer } from '../test-server.fake.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const HOOKS = `${GROUP}/validatingwebhookconfigurations`;
/** Nobody listens there. */
const DOWN = 'https://127.0.0.1:1';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const post = (path: string, body: object): Promise<RawAnswer> =>
  server.fetch(path, { method: 'POST', body });

function configuration(overrides: object, name = 'hooks'): object {
  return {
    metadata: { name },
    webhooks: [
      {
        name: 'one.example.com',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        clientConfig: { url: DOWN },
        rules: [
          {
            operations: ['*'],
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['configmaps'],
          },
        ],
        ...overrides,
      },
    ],
  };
}

const createMap = (name: string, query = ''): Promise<RawAnswer> =>
  post(`/api/v1/namespaces/default/configmaps${query}`, { metadata: { name } });

describe('the webhooks of the controller, while it is down', () => {
  const labelNode = (token: string): Promise<RawAnswer> =>
    server.fetch('/api/v1/nodes/n', {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { labels: { by: 'somebody' } } },
      token,
    });

  beforeEach(async () => {
    await post('/api/v1/nodes', { metadata: { name: 'n' } });
    const options = { url: DOWN, caPem: server.api.caPem };
    for (const configuration of webhookConfigurations(options)) {
      const path = `${GROUP}/${String(configuration.kind).toLowerCase()}s`;
      const answer = await post(path, configuration);
      expect(answer.status, answer.text).toBe(201);
    }
  });

  test('let everybody but the agent label a node', async () => {
    const answer = await labelNode(server.token);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json.metadata.labels).toEqual({ by: 'somebody' });
  });

  test('hold up the agent, whose changes must be judged', async () => {
    const answer = await labelNode(server.api.issueToken(AGENT_USER, []));
    expect(answer.status).toBe(500);
    expect(answer.json.message).toContain('failed calling webhook "vnode.vpc.k8s.aws"');
  });

  test('hold up pods, but none of the system', async () => {
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    expect((await post('/api/v1/namespaces/default/pods', pod)).status).toBe(500);
    expect((await post('/api/v1/namespaces/kube-system/pods', pod)).status).toBe(201);
  });
});

describe('a webhook with conditions', () => {
  const only = (expression: string, more: object = {}): object =>
    configuration({ matchConditions: [{ name: 'only', expression }], ...more });

  test('is asked about what meets them, and about nothing else', async () => {
    await post(HOOKS, only("object.metadata.name.startsWith('x')"));
    expect((await createMap('y')).status).toBe(201);
    expect((await createMap('x')).status).toBe(500);
  });

  test('sees the old object of an update and of a delete', async () => {
    await createMap('a');
    await post(HOOKS, only("request.operation == 'DELETE' && oldObject.metadata.name == 'a'"));
    const path = '/api/v1/namespaces/default/configmaps/a';
    expect((await server.fetch(path, { method: 'DELETE' })).status).toBe(500);
    expect((await createMap('b')).status).toBe(201);
  });

  test('that cannot be evaluated refuses, as its failure policy says', async () => {
    await post(HOOKS, only("object.data.key == 'x'"));
    const answer = await createMap('a');
    expect(answer.status).toBe(403);
    expect(answer.json.message).toBe(
      `configmaps "a" is forbidden: expression 'object.data.key == 'x'' resulted in error: ` +
        'No such key: data',
    );
  });

  test('that cannot be evaluated is passed over under failurePolicy Ignore', async () => {
    await post(HOOKS, only("object.data.key == 'x'", { failurePolicy: 'Ignore' }));
    expect((await createMap('a')).status).toBe(201);
  });

  test('and side effects does not stand in the way of a dry run that it does not want', async () => {
    await post(HOOKS, only('!request.dryRun', { sideEffects: 'Some' }));
    expect((await createMap('a', '?dryRun=All')).status).toBe(201);
    await post(HOOKS, configuration({ sideEffects: 'Some' }, 'others'));
    expect((await createMap('a', '?dryRun=All')).status).toBe(400);
  });
});

describe('a webhook configuration is refused', () => {
  const condition = (name: string, expression: string): object => ({ name, expression });

  test.each<[string, object[], string]>([
    [
      'with an expression that is none',
      [condition('a', 'object.')],
      'webhooks[0].matchConditions[0].expression: Invalid value: "object.": compilation failed: ERROR: ',
    ],
    [
      'with an expression that is no condition',
      [condition('a', "'x'")],
      'webhooks[0].matchConditions[0].expression: Invalid value: "\'x\'": must evaluate to bool',
    ],
    [
      'with a condition of another name twice',
      [condition('a', 'true'), condition('a', 'false')],
      'webhooks[0].matchConditions[1].name: Duplicate value: "a"',
    ],
    [
      'with a condition without a name',
      [{ expression: 'true' }],
      'webhooks[0].matchConditions[0].name: Required value',
    ],
    [
      'with a condition without an expression',
      [{ name: 'a' }],
      'webhooks[0].matchConditions[0].expression: Required value',
    ],
    [
      'with too many conditions',
      Array.from({ length: 65 }, (_, i) => condition(`c${i}`, 'true')),
      'webhooks[0].matchConditions: Too many: 65: must have at most 64 items',
    ],
  ])('%s', async (_, matchConditions, text) => {
    const answer = await post(HOOKS, configuration({ matchConditions }));
    expect(answer.status).toBe(422);
    expect(answer.json.message).toContain(text);
  });

  test('with two webhooks of one name', async () => {
    const one = configuration({}) as { metadata: object; webhooks: object[] };
    const answer = await post(HOOKS, { ...one, webhooks: [...one.webhooks, ...one.webhooks] });
    expect(answer.json.message).toContain('webhooks[1].name: Duplicate value: "one.example.com"');
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crdManifest } from '../../../api/custom-resource.ts';
import { VPC_OBJECT_CRDS } from '../../../api/vpc/all.ts';
import { startTestServer, type RawAnswer, type TestServer } from './test-server.fake.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const THINGS = '/apis/example.com/v1/namespaces/default/things';

const SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1 },
        colour: { type: 'string', default: 'blue' },
        note: { type: 'string', nullable: true },
      },
    },
    status: { type: 'object', properties: { size: { type: 'integer' } } },
  },
};

function crd(version: object = {}, spec: object = {}): object {
  return {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing', shortNames: ['th'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: SCHEMA },
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' },
          },
          ...version,
        },
      ],
      ...spec,
    },
  };
}

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const post = (path: string, body: unknown): Promise<RawAnswer> =>
  server.fetch(path, { method: 'POST', body });
const thing = (spec: object, name = 't'): object => ({ metadata: { name }, spec });

describe('a definition', () => {
  test('is established and served in the same moment', async () => {
    const { json } = await post(CRDS, crd());
    expect(json.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'True' },
      { type: 'Established', status: 'True' },
    ]);
    expect(json.spec.names).toMatchObject({ singular: 'thing', listKind: 'ThingList' });
    expect((await server.fetch(THINGS)).json).toMatchObject({ kind: 'ThingList', items: [] });
    const list = await server.fetch('/apis/example.com/v1');
    expect(list.json.resources.map((each: { name: string }) => each.name)).toEqual([
      'things',
      'things/scale',
      'things/status',
    ]);
  });

  test.each<[string, object, string]>([
    [
      'another name than its resource',
      {
        metadata: { name: 'x.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Cluster',
          names: { plural: 'things', kind: 'Thing' },
          versions: [],
        },
      },
      'must be spec.names.plural+"."+spec.group',
    ],
    [
      'no version to store',
      crd({ storage: false }),
      'must have exactly one version marked as storage version',
    ],
    ['no schema', crd({ schema: undefined }), 'schemas are required'],
    [
      'a schema with a hole',
      crd({ schema: { openAPIV3Schema: { type: 'object', properties: { a: {} } } } }),
      'properties[a].type: Required value',
    ],
  ])('is refused with %s', async (_, body, text) => {
    const answer = await post(CRDS, body);
    expect(answer.status).toBe(422);
    expect(answer.json.message).toContain(text);
  });

  test('takes its objects with it', async () => {
    await post(CRDS, crd());
    await post(THINGS, thing({ size: 1 }));
    await server.fetch(`${CRDS}/things.example.com`, { method: 'DELETE' });
    expect((await server.fetch(THINGS)).status).toBe(404);
    await post(CRDS, crd());
    expect((await server.fetch(THINGS)).json.items).toEqual([]);
  });

  test('may serve several versions of the same objects', async () => {
    const [version] = (crd() as { spec: { versions: object[] } }).spec.versions;
    await post(CRDS, crd({}, { versions: [version, { ...version, name: 'v2', storage: false }] }));
    await post(THINGS, thing({ size: 1 }));
    const { json } = await server.fetch(`${THINGS.replace('/v1/', '/v2/')}/t`);
    expect(json.apiVersion).toBe('example.com/v2');
    expect((await server.fetch('/apis/example.com')).json.preferredVersion.version).toBe('v2');
  });

  test('and its objects are there after a restart', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'trunkline-crd-'));
    const dataFile = join(dir, 'data.sqlite');
    try {
      await server.close();
      server = await startTestServer({ dataFile });
      await post(CRDS, crd());
      await post(THINGS, thing({ size: 1 }));
      const before = (await server.fetch(`${THINGS}/t`)).json;
      const { token } = server;
      await server.close();
      server = await startTestServer({ dataFile });
      expect((await server.fetch(`${THINGS}/t`)).json).toEqual(before);
      expect((await server.fetch('/api', { token })).status).toBe(200);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe('objects of a definition', () => {
  beforeEach(async () => {
    await post(CRDS, crd());
  });

  test('get defaults and lose what is unknown', async () => {
    const answer = await post(THINGS, thing({ size: 1, sise: 2, note: null }));
    expect(answer.json.spec).toEqual({ size: 1, colour: 'blue', note: null });
    expect(answer.headers['warning']).toContain('spec.sise');
    expect(answer.json.metadata.generation).toBe(1);
  });

  test('are refused with all that is wrong', async () => {
    const { status, json } = await post(THINGS, thing({ colour: 7 }));
    expect(status).toBe(422);
    expect(json.message).toBe(
      'Thing.example.com "t" is invalid: [spec.size: Required value, spec.colour: Invalid value: ' +
        '"integer": spec.colour in body must be of type string: "integer"]',
    );
  });

  test('have their status and scale apart', async () => {
    await post(THINGS, { ...thing({ size: 1 }), status: { size: 5 } });
    const type = 'application/merge-patch+json';
    const patch = (path: string, body: object): Promise<RawAnswer> =>
      server.fetch(`${THINGS}/t${path}`, { method: 'PATCH', type, body });
    expect((await server.fetch(`${THINGS}/t`)).json.status).toBeUndefined();
    await patch('/status', { status: { size: 3 }, spec: { size: 9 } });
    expect((await patch('/scale', { spec: { replicas: 4 } })).json).toMatchObject({
      spec: { replicas: 4 },
      status: { replicas: 3 },
    });
    const { json } = await server.fetch(`${THINGS}/t`);
    expect(json).toMatchObject({ spec: { size: 4 }, status: { size: 3 } });
    expect(json.metadata.generation).toBe(2);
    expect((await patch('/status', { status: { size: 'x' } })).status).toBe(422);
  });

  test('need a version to be replaced, and take no strategic patch', async () => {
    await post(THINGS, thing({ size: 1 }));
    const put = await server.fetch(`${THINGS}/t`, { method: 'PUT', body: thing({ size: 2 }) });
    expect(put.json.message).toContain('metadata.resourceVersion: Invalid value: 0: must be');
    const strategic = await server.fetch(`${THINGS}/t`, {
      method: 'PATCH',
      type: 'application/strategic-merge-patch+json',
      body: {},
    });
    expect(strategic.status).toBe(415);
  });

  test('have an OpenAPI document, whose address changes with the schema', async () => {
    const index = await server.fetch('/openapi/v3');
    const url = String(index.json.paths['apis/example.com/v1'].serverRelativeURL);
    const document = await server.fetch(url);
    const schema = document.json.components.schemas['com.example.v1.Thing'];
    expect(schema['x-kubernetes-group-version-kind']).toEqual([
      { group: 'example.com', version: 'v1', kind: 'Thing' },
    ]);
    expect(Object.keys(schema.properties)).toEqual([
      'spec',
      'status',
      'apiVersion',
      'kind',
      'metadata',
    ]);
    await server.fetch(`${CRDS}/things.example.com`, { method: 'DELETE' });
    await post(CRDS, crd({ schema: { openAPIV3Schema: { type: 'object' } } }));
    const after = await server.fetch('/openapi/v3');
    expect(after.json.paths['apis/example.com/v1'].serverRelativeURL).not.toBe(url);
  });
});

test('all definitions of Trunkline itself are accepted', async () => {
  for (const custom of VPC_OBJECT_CRDS) {
    const answer = await post(CRDS, crdManifest(custom));
    expect(answer.status, answer.text).toBe(201);
  }
});

test('references in every OpenAPI document lead somewhere', async () => {
  const { json } = await server.fetch('/openapi/v3');
  const paths = Object.values(json.paths as Record<string, { serverRelativeURL: string }>);
  expect(paths.length).toBeGreaterThan(8);
  for (const { serverRelativeURL } of paths) {
    const document = await server.fetch(serverRelativeURL);
    const known = new Set(Object.keys(document.json.components.schemas as object));
    const wanted = [...document.text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
    const dangling = wanted.map((match) => match[1] ?? '').filter((name) => !known.has(name));
    expect(dangling, serverRelativeURL).toEqual([]);
  }
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type RawAnswer, type TestServer } from '../test-server.fake.ts';

const MIB = 1024 * 1024;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

function create(plural: string, body: object): Promise<RawAnswer> {
  const path = `/api/v1/namespaces/default/${plural}?dryRun=All`;
  return server.fetch(path, { method: 'POST', body: { metadata: { name: 'big' }, ...body } });
}

describe('the size of', () => {
  const half = Buffer.alloc(MIB / 2).toString('base64');
  test.each<[string, string, object, string | undefined]>([
    ['a full ConfigMap', 'configmaps', { data: { a: 'x'.repeat(MIB) } }, undefined],
    ['one byte more', 'configmaps', { data: { a: 'x'.repeat(MIB), b: 'y' } }, '[]'],
    ['letters of two bytes', 'configmaps', { data: { a: 'ä'.repeat(MIB / 2 + 1) } }, '[]'],
    ['bytes', 'configmaps', { binaryData: { a: half, b: half } }, undefined],
    ['bytes and text', 'configmaps', { data: { c: 'x' }, binaryData: { a: half, b: half } }, '[]'],
    ['a full Secret', 'secrets', { data: { a: half, b: half } }, undefined],
    ['a Secret beyond it', 'secrets', { data: { a: half, b: half, c: 'eA==' } }, 'data'],
    ['text of a Secret', 'secrets', { stringData: { a: 'x'.repeat(MIB + 1) } }, 'data'],
  ])('%s in %s', async (_, plural, body, path) => {
    const answer = await create(plural, body);
    expect(answer.status).toBe(path === undefined ? 201 : 422);
    if (path === undefined) return;
    const kind = plural === 'secrets' ? 'Secret' : 'ConfigMap';
    expect(answer.json.message).toBe(
      `${kind} "big" is invalid: ${path}: Too long: may not be more than 1048576 bytes`,
    );
  });

  test('a request beyond 3 MiB', async () => {
    const answer = await create('configmaps', { data: { a: 'x'.repeat(3 * MIB) } });
    expect(answer.json).toMatchObject({ code: 413, reason: 'RequestEntityTooLarge' });
  });
});

describe('keys', () => {
  test.each(['a', 'tls.crt', 'A_b-c.9', 'constructor', 'x'.repeat(253)])('%s', async (key) => {
    expect((await create('configmaps', { data: { [key]: '1' } })).json.data).toEqual({
      [key]: '1',
    });
    expect((await create('secrets', { stringData: { [key]: '1' } })).status).toBe(201);
  });

  test.each(['a b', 'a/b', '', '.', '..', 'x'.repeat(254)])('%j is refused', async (key) => {
    const bodies = { data: { [key]: '1' }, binaryData: { [key]: 'eA==' } };
    for (const [field, value] of Object.entries(bodies)) {
      const answer = await create('configmaps', { [field]: value });
      expect(answer.status).toBe(422);
      expect(answer.json.details.causes[0].field).toBe(`${field}[${key}]`);
    }
    expect((await create('secrets', { data: { [key]: 'eA==' } })).status).toBe(422);
  });

  test('are in one of the two maps only', async () => {
    const answer = await create('configmaps', { data: { a: '1' }, binaryData: { a: 'eA==' } });
    expect(answer.json.message).toContain('data[a]: Invalid value: "a": duplicate of key present');
  });
});

import { request } from 'node:https';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonRequest } from '../base/serve.ts';
import { createPki } from '../lab/kube/pki.ts';
import { serveJson } from './webhook-server.ts';

let server: Awaited<ReturnType<typeof serveJson>>;
let caPem: string;
let seen: JsonRequest[];

beforeEach(async () => {
  const pki = await createPki({});
  caPem = pki.caPem;
  seen = [];
  server = await serveJson({
    listen: { host: '127.0.0.1', port: 0 },
    tls: await pki.serverCertificate(['127.0.0.1']),
    handle: async (asked) => {
      seen.push(asked);
      if (asked.path === '/fail') throw new Error('it broke');
      return { status: 201, body: { echo: asked.body } };
    },
  });
});
afterEach(() => server.close());

function post(path: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: server.port, path, method: 'POST', ca: caPem },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

test('hands over the parsed body and sends the answer', async () => {
  const answer = await post('/review?timeout=10s', '{"a":"ü"}');
  expect(answer).toEqual({ status: 201, text: '{"echo":{"a":"ü"}}' });
  expect(seen).toEqual([{ method: 'POST', path: '/review', body: { a: 'ü' } }]);
});

test('a body that is not JSON is handed over as none', async () => {
  await post('/review', '{"a":');
  expect(seen[0]?.body).toBeUndefined();
});

test('a handler that fails answers 500 with the reason', async () => {
  expect(await post('/fail', '{}')).toEqual({ status: 500, text: '{"error":"it broke"}' });
});

test('a body beyond the limit is refused', async () => {
  const answer = await post('/review', 'x'.repeat(9 * 1024 * 1024)).catch(() => undefined);
  expect(answer?.status ?? 413).toBe(413);
  expect(seen).toEqual([]);
});

test('an address that is taken is an error', async () => {
  const pki = await createPki({});
  const second = serveJson({
    listen: { host: '127.0.0.1', port: server.port },
    tls: await pki.serverCertificate(['127.0.0.1']),
    handle: () => Promise.resolve({ status: 200, body: {} }),
  });
  await expect(second).rejects.toThrow('EADDRINUSE');
});

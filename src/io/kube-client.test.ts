import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { kubeClientContract } from '../api/client.contract.ts';
import { createFakeKube } from '../api/client.fake.ts';
import { CONFIG_MAPS } from '../api/core/config-map.ts';
import { isKubeError } from '../api/kube-error.ts';
import { createPki } from '../lab/kube/pki.ts';
import { startKubeBridge } from './kube-bridge.fake.ts';
import { createKubeClient } from './kube-client.ts';

kubeClientContract('over HTTP', async () => {
  const bridge = await startKubeBridge(createFakeKube());
  const kube = createKubeClient({ server: bridge.url });
  const close = async (): Promise<void> => {
    await kube.close();
    await bridge.close();
  };
  return { kube, close };
});

kubeClientContract('over TLS with client certificates', async () => {
  const pki = await createPki({});
  const { certPem, keyPem } = await pki.serverCertificate(['127.0.0.1']);
  const tls = { cert: certPem, key: keyPem, ca: pki.caPem };
  const bridge = await startKubeBridge(createFakeKube(), tls);
  const client = await pki.clientCertificate('bob', []);
  const kube = createKubeClient({ server: bridge.url, caPem: pki.caPem, ...client });
  const close = async (): Promise<void> => {
    await kube.close();
    await bridge.close();
  };
  return { kube, close };
});

async function served(
  handler: Parameters<typeof createServer>[1] & object,
  use: (server: string) => Promise<void>,
): Promise<void> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a server that is not there is Unreachable, and worth another try', async () => {
  const kube = createKubeClient({ server: 'http://127.0.0.1:1' });
  const failure = await kube.list(CONFIG_MAPS).catch((error: unknown) => error);
  expect(isKubeError(failure, 'Unreachable') && failure.retry).toBe('backoff');
  await kube.close();
});

test('an untrusted certificate is refused', async () => {
  const pki = await createPki({});
  const other = await createPki({});
  const { certPem, keyPem } = await pki.serverCertificate(['127.0.0.1']);
  const bridge = await startKubeBridge(createFakeKube(), {
    cert: certPem,
    key: keyPem,
    ca: pki.caPem,
  });
  const kube = createKubeClient({ server: bridge.url, caPem: other.caPem });
  await expect(kube.list(CONFIG_MAPS)).rejects.toSatisfy((error) =>
    isKubeError(error, 'Unreachable'),
  );
  await kube.close();
  await bridge.close();
});

test.each([
  [503, '<html>', 'ServiceUnavailable'],
  [401, 'no', 'Unauthorized'],
  [418, '', 'Unknown'],
  [409, '{"kind":"Status","reason":"AlreadyExists","code":409,"message":"x"}', 'AlreadyExists'],
] as const)('status %i with body "%s" is %s', async (status, body, reason) => {
  await served(
    (_, response) => {
      response.writeHead(status);
      response.end(body);
    },
    async (server) => {
      const kube = createKubeClient({ server });
      const failure = kube.create(CONFIG_MAPS, { metadata: { name: 'a' } });
      await expect(failure).rejects.toSatisfy((error) => isKubeError(error, reason));
      await kube.close();
    },
  );
});

test('a path in the server’s address, and a token that rotates, are sent', async () => {
  const seen: (string | undefined)[] = [];
  await served(
    (request, response) => {
      seen.push(request.url, request.headers.authorization);
      response.end('{"items":null,"metadata":{"resourceVersion":"7"}}');
    },
    async (server) => {
      let serial = 0;
      const token = (): string => `t${(serial += 1)}`;
      const kube = createKubeClient({ server: `${server}/cluster/`, token });
      expect(await kube.list(CONFIG_MAPS)).toEqual({ items: [], resourceVersion: '7' });
      await kube.list(CONFIG_MAPS, { namespace: 'a b', labelSelector: 'x in (y)' });
      await kube.close();
    },
  );
  expect(seen).toEqual([
    '/cluster/api/v1/configmaps',
    'Bearer t1',
    '/cluster/api/v1/namespaces/a%20b/configmaps?labelSelector=x+in+%28y%29',
    'Bearer t2',
  ]);
});

test('a stream that breaks in the middle is Unreachable', async () => {
  await served(
    (_, response) => {
      response.write('{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"2"}}}\n');
      setTimeout(() => response.destroy(), 20);
    },
    async (server) => {
      const kube = createKubeClient({ server });
      const names: string[] = [];
      const watch = async (): Promise<void> => {
        const { signal } = new AbortController();
        for await (const { object } of kube.watch(CONFIG_MAPS, { resourceVersion: '1' }, signal)) {
          names.push(object.metadata.name);
        }
      };
      await expect(watch()).rejects.toSatisfy((error) => isKubeError(error, 'Unreachable'));
      expect(names).toEqual(['a']);
      await kube.close();
    },
  );
});

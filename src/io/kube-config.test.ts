import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKubeConfig } from './kube-config.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-kubeconfig-'));
  await writeFile(join(folder, 'ca.pem'), 'CA FILE');
  await writeFile(join(folder, 'token'), 'secret\n');
});
afterAll(() => rm(folder, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const CONFIG = `
current-context: one
contexts:
- {name: one, context: {cluster: c1, user: u1}}
- {name: two, context: {cluster: c2, user: u2}}
- {name: plugin, context: {cluster: c1, user: u3}}
- {name: broken, context: {cluster: nowhere, user: u1}}
clusters:
- {name: c1, cluster: {server: 'https://one:6443', certificate-authority-data: ${base64('CA ONE')}}}
- {name: c2, cluster: {server: 'https://two:6443', certificate-authority: ca.pem, tls-server-name: kubernetes}}
users:
- {name: u1, user: {client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')}}}
- {name: u2, user: {tokenFile: token}}
- {name: u3, user: {exec: {command: aws}}}
`;

async function read(context?: string, text = CONFIG): Promise<unknown> {
  const path = join(folder, 'config');
  await writeFile(path, text);
  return readKubeConfig(path, context);
}

describe('a kubeconfig', () => {
  test('gives its current context, with inline certificates', async () => {
    expect(await read()).toEqual({
      server: 'https://one:6443',
      caPem: 'CA ONE',
      certPem: 'CERT',
      keyPem: 'KEY',
    });
  });

  test('gives the context that is asked for, with files beside it', async () => {
    expect(await read('two')).toEqual({
      server: 'https://two:6443',
      caPem: 'CA FILE',
      serverName: 'kubernetes',
      token: 'secret',
    });
  });

  test.each([
    ['plugin', 'user "u3" needs a plugin'],
    ['broken', 'there is no cluster "nowhere", only: c1, c2'],
    ['three', 'there is no context "three", only: one, two, plugin, broken'],
  ])('context %s: %s', async (context, message) => {
    await expect(read(context)).rejects.toThrow(message);
  });

  test('that is none is refused', async () => {
    await expect(read(undefined, 'hello')).rejects.toThrow('it is not a kubeconfig');
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildCniPlugin } from './build.ts';
import { CONFLIST_NAME, writeCniConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('buildCniPlugin', () => {
  test.each(['bun', 'node'] as const)('makes an executable of kind %s', async (kind) => {
    const plugin = await buildCniPlugin({ outDir: join(folder, kind), kind });
    expect(plugin).toEqual({ kind, path: join(folder, kind, 'aws-cni') });
    const input = JSON.stringify({ cniVersion: '1.0.0' });
    // Neither a missing file to preload nor a bad certificate path may stop it.
    const env = { CNI_COMMAND: 'VERSION', NODE_OPTIONS: '--require /none', PATH: '/usr/bin:/bin' };
    const output = execFileSync(plugin.path, { input, env }).toString();
    expect(JSON.parse(output)).toMatchObject({ cniVersion: '1.0.0' });
  });

  test('exits with 1 and an error object when the agent is down', async () => {
    const { path } = await buildCniPlugin({ outDir: join(folder, 'bun'), kind: 'bun' });
    const socketPath = join(folder, 'none.sock');
    const done = spawnSync(path, {
      input: JSON.stringify({ cniVersion: '0.4.0', name: 'a', type: 'aws-cni', socketPath }),
      env: { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'a', CNI_NETNS: '/x', CNI_IFNAME: 'eth0' },
    });
    expect(done.status).toBe(1);
    expect(JSON.parse(done.stdout.toString())).toMatchObject({ cniVersion: '0.4.0', code: 11 });
  });

  test('builds again only when something changed', async () => {
    const { path } = await buildCniPlugin({ outDir: join(folder, 'bun'), kind: 'bun' });
    const before = statSync(path).mtimeMs;
    await buildCniPlugin({ outDir: join(folder, 'bun'), kind: 'bun' });
    expect(statSync(path).mtimeMs).toBe(before);
    await buildCniPlugin({ outDir: join(folder, 'bun'), kind: 'node' });
    expect(readFileSync(path).subarray(0, 2).toString()).toBe('#!');
  });
});

test('writeCniConfig writes the conflist of EKS with our socket', () => {
  writeCniConfig({ confDir: join(folder, 'net.d'), socketPath: '/run/agent.sock' });
  const text = readFileSync(join(folder, 'net.d', CONFLIST_NAME), 'utf8');
  expect(JSON.parse(text)).toMatchObject({
    cniVersion: '0.4.0',
    name: 'aws-cni',
    plugins: [
      {
        type: 'aws-cni',
        vethPrefix: 'eni',
        mtu: '9001',
        podSGEnforcingMode: 'strict',
        socketPath: '/run/agent.sock',
      },
    ],
  });
});

import { describe, expect, test } from 'vitest';
import { runPlugin } from './plugin.ts';
import { CNI_VERSIONS } from './version.ts';
import type { AgentRequest } from './wire.ts';

const ENVIRONMENT = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'abc-1',
  CNI_NETNS: '/run/netns/x',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=checkout;K8S_POD_NAMESPACE=shop;;broken',
  NODE_OPTIONS: '--require /evil.js',
  AWS_SECRET_ACCESS_KEY: 'secret',
};
const CONFIG = { cniVersion: '0.4.0', name: 'aws-cni', type: 'aws-cni', socketPath: '/run/a.sock' };

/** Runs the plugin against an agent that answers `answer`, and keeps what it was sent. */
async function call(
  environment: Record<string, string> = ENVIRONMENT,
  config: unknown = CONFIG,
  answer: unknown = { ok: true },
) {
  const sent: { path: string; line: string }[] = [];
  const outcome = await runPlugin({
    environment,
    stdin: typeof config === 'string' ? config : JSON.stringify(config),
    exchange: async (path, line) => {
      sent.push({ path, line });
      return JSON.stringify(answer);
    },
  });
  const output = outcome.stdout === '' ? undefined : (JSON.parse(outcome.stdout) as object);
  return { sent, output, exitCode: outcome.exitCode };
}

describe('the CNI plugin', () => {
  test('hands environment and config to the agent, and nothing but CNI_* variables', async () => {
    const { sent } = await call();
    const request = JSON.parse(sent[0]?.line ?? '') as AgentRequest;
    expect(sent[0]?.path).toBe('/run/a.sock');
    expect(request).toEqual({
      command: 'ADD',
      containerId: 'abc-1',
      netns: '/run/netns/x',
      ifName: 'eth0',
      args: { IgnoreUnknown: '1', K8S_POD_NAME: 'checkout', K8S_POD_NAMESPACE: 'shop' },
      config: CONFIG,
    });
    expect(sent[0]?.line).not.toMatch(/evil|secret/);
  });

  test('prints the result of the agent', async () => {
    const result = { cniVersion: '0.4.0', interfaces: [], ips: [], dns: {} };
    expect(await call(ENVIRONMENT, CONFIG, { ok: true, result })).toMatchObject({
      output: result,
      exitCode: 0,
    });
  });

  test('prints nothing for verbs without a result', async () => {
    const { output, exitCode } = await call({ ...ENVIRONMENT, CNI_COMMAND: 'DEL' });
    expect({ output, exitCode }).toEqual({ output: undefined, exitCode: 0 });
  });

  test('prints an error of the agent in the version of the caller', async () => {
    const error = { code: 11, msg: 'later', details: '' };
    const { output, exitCode } = await call(ENVIRONMENT, CONFIG, { ok: false, error });
    expect({ output, exitCode }).toEqual({
      output: { cniVersion: '0.4.0', ...error },
      exitCode: 1,
    });
  });

  test('answers VERSION itself', async () => {
    const { sent, output } = await call({ CNI_COMMAND: 'VERSION' }, { cniVersion: '1.0.0' });
    expect(sent).toEqual([]);
    expect(output).toEqual({ cniVersion: '1.0.0', supportedVersions: CNI_VERSIONS });
  });

  test.each([
    ['ADD', 11],
    ['DEL', 11],
    ['STATUS', 50],
  ])('turns an absent agent into a clear error on %s', async (command, code) => {
    const outcome = await runPlugin({
      environment: { ...ENVIRONMENT, CNI_COMMAND: command },
      stdin: JSON.stringify({ ...CONFIG, cniVersion: '1.1.0' }),
      exchange: async () => {
        throw new Error('connect ENOENT');
      },
    });
    expect(outcome.exitCode).toBe(1);
    expect(JSON.parse(outcome.stdout)).toEqual({
      cniVersion: '1.1.0',
      code,
      msg: 'the Trunkline agent does not answer on /run/a.sock',
      details: 'connect ENOENT',
    });
  });

  test.each([
    ['no command', { CNI_COMMAND: '' }, {}, 4, /CNI_COMMAND/],
    ['an unknown command', { CNI_COMMAND: 'SING' }, {}, 4, /unknown CNI_COMMAND: SING/],
    ['a missing container id', { CNI_CONTAINERID: '' }, {}, 4, /CNI_CONTAINERID/],
    ['a missing namespace on ADD', { CNI_NETNS: '' }, {}, 4, /CNI_NETNS/],
    [
      'a container id that is a path',
      { CNI_CONTAINERID: '../x' },
      {},
      4,
      /invalid CNI_CONTAINERID/,
    ],
    ['an interface name with a slash', { CNI_IFNAME: 'a/b' }, {}, 4, /invalid CNI_IFNAME/],
    ['an interface name of 16 bytes', { CNI_IFNAME: 'abcdefghijklmnop' }, {}, 4, /CNI_IFNAME/],
    ['an interface named ..', { CNI_IFNAME: '..' }, {}, 4, /invalid CNI_IFNAME/],
    ['a version of the future', {}, { cniVersion: '9.0.0' }, 1, /incompatible/],
    ['CHECK before 0.4.0', { CNI_COMMAND: 'CHECK' }, { cniVersion: '0.3.1' }, 1, /CHECK needs/],
    ['GC before 1.1.0', { CNI_COMMAND: 'GC' }, { cniVersion: '1.0.0' }, 1, /GC needs/],
    ['STATUS before 1.1.0', { CNI_COMMAND: 'STATUS' }, { cniVersion: '0.4.0' }, 1, /STATUS needs/],
    ['a config without socketPath', {}, { socketPath: '' }, 7, /socketPath/],
    ['a config without name', {}, { name: undefined }, 7, /name/],
  ])('refuses %s', async (_, environment, config, code, msg) => {
    const { sent, output, exitCode } = await call(
      { ...ENVIRONMENT, ...environment },
      { ...CONFIG, ...config },
    );
    expect(exitCode).toBe(1);
    expect(output).toMatchObject({ code, msg: expect.stringMatching(msg) as string });
    expect(sent).toEqual([]);
  });

  test.each([['{'], ['null'], ['"text"'], ['']])('refuses stdin %j', async (stdin) => {
    const { output } = await call(ENVIRONMENT, stdin);
    expect(output).toMatchObject({ code: 6, cniVersion: '1.1.0' });
  });

  test.each(CNI_VERSIONS)('speaks version %s', async (cniVersion) => {
    expect(await call(ENVIRONMENT, { ...CONFIG, cniVersion })).toMatchObject({ exitCode: 0 });
  });

  test('DEL needs no namespace: it may be gone', async () => {
    const environment = { ...ENVIRONMENT, CNI_COMMAND: 'DEL', CNI_NETNS: '' };
    expect(await call(environment)).toMatchObject({ exitCode: 0 });
  });
});

import { execFileSync } from 'node:child_process';
import { beforeEach, describe, expect, test } from 'vitest';
import { labEnvironment, renderEnvironment, runLabEnv } from './lab-env.ts';
import { createFakeLabPort, FAKE_ACCESS, type FakeLabPort } from './lab-port.fake.ts';

let lab: FakeLabPort;

beforeEach(async () => {
  lab = createFakeLabPort();
  const request = { name: 'lab', mode: 'lab', stay: true, linkDriver: 'auto' } as const;
  await lab.up(request, () => undefined);
});

/** What a shell with `before` in its environment has after it ran the lines. */
function shellWith(before: Record<string, string>, lines: string): Record<string, string> {
  const output = execFileSync('/bin/sh', ['-c', `${lines}\nenv -0`], { env: before });
  const pairs = output.toString().split('\0').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

describe('lab env', () => {
  test('points kubectl and the AWS CLI at the lab', async () => {
    const answer = await runLabEnv(lab, undefined);
    const after = shellWith({ PATH: '/usr/bin:/bin' }, answer.text(answer.value));
    expect(after).toMatchObject({
      KUBECONFIG: '/labs/lab/kubeconfig',
      AWS_ENDPOINT_URL: FAKE_ACCESS.ec2Endpoint,
      AWS_ENDPOINT_URL_EC2: FAKE_ACCESS.ec2Endpoint,
      AWS_ACCESS_KEY_ID: 'AKIDFAKE',
      AWS_SECRET_ACCESS_KEY: "it's $ecret",
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_PAGER: '',
      NO_PROXY: '127.0.0.1',
    });
  });

  test.each(['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_CA_BUNDLE'])('unsets %s', async (name) => {
    const { value, text } = await runLabEnv(lab, 'lab');
    expect(shellWith({ PATH: '/usr/bin:/bin', [name]: 'mine' }, text(value))).not.toHaveProperty(
      name,
    );
  });

  test('keeps the hosts that already went past the proxy', () => {
    const lines = renderEnvironment(labEnvironment(FAKE_ACCESS, '/k'));
    expect(shellWith({ PATH: '/usr/bin:/bin', NO_PROXY: 'intranet' }, lines)).toMatchObject({
      NO_PROXY: '127.0.0.1,intranet',
    });
  });

  test.each(['/with space/k', "/quo'te", '/do$llar', '/back`tick', '/new\nline', ''])(
    'quotes the path %j',
    (path) => {
      const lines = renderEnvironment(labEnvironment(FAKE_ACCESS, path));
      expect(shellWith({ PATH: '/usr/bin:/bin' }, lines)['KUBECONFIG']).toBe(path);
    },
  );

  test('is refused for a lab that does not run', async () => {
    await expect(runLabEnv(lab, 'other')).rejects.toThrow('Lab other is not running');
    await lab.down('lab');
    await expect(runLabEnv(lab, undefined)).rejects.toThrow('No lab is running');
  });
});

import { describe, expect, test } from 'vitest';
import { sandboxEnvironment } from './sandbox.ts';

describe('the environment of a lab', () => {
  test.each([
    'AWS_PROFILE',
    'AWS_ENDPOINT_URL',
    'KUBECONFIG',
    'NODE_OPTIONS',
    'NODE_EXTRA_CA_CERTS',
    'npm_config_prefix',
    'HTTPS_PROXY',
    'no_proxy',
    'TRUNKLINE_BEGAN_MS',
  ])('does not carry %s of its user', (name) => {
    expect(sandboxEnvironment({ [name]: 'x' }, '/repo')).not.toHaveProperty(name);
  });

  test('keeps the rest, and finds our Node.js first and the tools of root last', () => {
    const env = sandboxEnvironment({ HOME: '/home/me', PATH: '/bin', LANG: 'C' }, '/repo');
    expect(env).toMatchObject({
      HOME: '/home/me',
      LANG: 'C',
      PATH: '/repo/node_modules/.bin:/bin:/usr/sbin:/sbin',
    });
  });
});

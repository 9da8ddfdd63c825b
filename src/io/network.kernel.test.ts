import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createIpNetwork } from './network-ip.ts';
import { createNetlinkNetwork } from './network-netlink.ts';
import { createNetwork } from './network.ts';
import { networkContract } from './network.contract.ts';

networkContract('rtnetlink', createNetlinkNetwork);
networkContract('ip -batch', createIpNetwork, {
  ...(!existsSync('/usr/sbin/conntrack') && { forgetFlows: 'the conntrack tool is not installed' }),
});

describe('rtnetlink', () => {
  const network = createNetwork();
  let a = '';
  beforeEach(async () => {
    a = await network.createNamespace('read-a');
  });
  afterEach(() => network.deleteNamespace('read-a'));

  test('goes on with other work while a link is being deleted', async () => {
    await network.apply(a, [{ op: 'link-add-veth', name: 'va', up: true, peer: { name: 'vb' } }]);
    const order: string[] = [];
    const removal = network
      .apply(a, [{ op: 'link-delete', name: 'va' }])
      .then(() => order.push('deleted'));
    await Promise.resolve();
    order.push('other work');
    await removal;
    expect(order).toEqual(['other work', 'deleted']);
  });

  test('says which namespace is missing', async () => {
    await expect(
      network.apply('/run/netns/none', [{ op: 'link-set', name: 'lo' }]),
    ).rejects.toThrow('Cannot open network namespace /run/netns/none: ENOENT');
  });
});

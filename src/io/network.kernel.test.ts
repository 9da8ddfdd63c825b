import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createIpNetwork } from './network-ip.ts';
import { createNetwork } from './network.ts';
import { networkContract } from './network.contract.ts';

networkContract('rtnetlink', createNetwork);
networkContract('ip -batch', () => createIpNetwork(createNetwork()));

describe('rtnetlink', () => {
  const network = createNetwork();
  let a = '';
  beforeEach(async () => {
    a = await network.createNamespace('read-a');
  });
  afterEach(() => network.deleteNamespace('read-a'));

  test('reads back what was set', async () => {
    await network.apply(a, [
      { op: 'link-add-veth', name: 'va', up: true, peer: { name: 'vb' } },
      { op: 'link-set', name: 'vb', up: true },
      { op: 'address-add', link: 'va', address: '10.1.0.1', prefixBits: 24 },
      {
        op: 'route-replace',
        destination: '10.2.0.0/16',
        gateway: '10.1.0.2',
        link: 'va',
        table: 1001,
      },
      { op: 'rule-add', priority: 10, table: 1001, inputLink: 'va' },
      { op: 'rule-add', priority: 1536, table: 101, from: '10.3.0.1/32' },
      { op: 'neighbour-replace', link: 'va', address: '10.1.0.2', mac: '02:00:00:00:00:02' },
    ]);
    const state = await network.read(a);
    expect(state.addresses).toContainEqual({ link: 'va', address: '10.1.0.1', prefixBits: 24 });
    expect(state.routes).toContainEqual({
      destination: '10.2.0.0/16',
      gateway: '10.1.0.2',
      link: 'va',
      table: 1001,
    });
    expect(state.rules).toContainEqual({ priority: 10, table: 1001, inputLink: 'va' });
    expect(state.rules).toContainEqual({ priority: 1536, table: 101, from: '10.3.0.1/32' });
    expect(state.neighbours).toEqual([
      { link: 'va', address: '10.1.0.2', mac: '02:00:00:00:00:02' },
    ]);
  });

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

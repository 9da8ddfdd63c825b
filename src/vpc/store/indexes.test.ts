import type { Filter } from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, test } from 'vitest';
import { createFakeKube } from '../../api/client.fake.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { systemClock } from '../../io/clock.ts';
import { interfaceFilters } from '../actions/describe-interfaces.ts';
import type { Call } from '../context.ts';
import { selectPage } from '../describe.ts';
import { candidates } from '../filters.ts';
import { createStore, type Store } from './store.ts';

const COUNT = 50_000;
/** One in so many has what a filter asks for. */
const RARE = 5_000;

function interfaceAt(i: number): NetworkInterface {
  const rare = i % RARE === 0;
  const id = i.toString(16).padStart(17, '0');
  return {
    metadata: { name: `eni-${id}`, uid: id, resourceVersion: String(i + 1) },
    spec: {
      account: '111122223333',
      vpcId: rare ? 'vpc-rare' : 'vpc-usual',
      subnetId: rare ? 'subnet-rare' : 'subnet-usual',
      availabilityZone: 'us-east-1a',
      description: '',
      interfaceType: 'interface',
      macAddress: `02:00:00:00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`,
      privateIps: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`],
      groups: rare ? ['sg-usual', 'sg-rare'] : ['sg-usual'],
      sourceDestCheck: true,
      tags: rare ? { only: `${i}`, all: 'rare' } : { all: 'usual' },
      ...(rare && {
        attachment: {
          attachmentId: `eni-attach-${id}`,
          instanceId: `i-${i % (2 * RARE)}`,
          deviceIndex: 1,
          networkCardIndex: 0,
          deleteOnTermination: false,
          attachTime: '2026-01-01T00:00:00.000Z',
        },
      }),
    },
  };
}

describe(`among ${COUNT} interfaces`, () => {
  let store: Store;
  beforeAll(() => {
    store = createStore({ kube: createFakeKube(), clock: systemClock });
    for (let i = 0; i < COUNT; i += 1) store.interfaces.table.apply(interfaceAt(i));
  }, 60_000);

  const filtersOf = () => interfaceFilters({ store, region: 'us-east-1' } as Call);
  const rare = COUNT / RARE;

  test.each<[string, readonly Filter[], number]>([
    ['its id', [{ Name: 'network-interface-id', Values: [interfaceAt(7).metadata.name] }], 1],
    ['its subnet', [{ Name: 'subnet-id', Values: ['subnet-rare'] }], rare],
    ['its VPC', [{ Name: 'vpc-id', Values: ['vpc-rare'] }], rare],
    ['its group', [{ Name: 'group-id', Values: ['sg-rare'] }], rare],
    ['its status', [{ Name: 'status', Values: ['in-use'] }], rare],
    ['its tag', [{ Name: 'tag:all', Values: ['rare'] }], rare],
    ['one of two tags', [{ Name: 'tag:only', Values: ['0', '5000', '1'] }], 2],
    ['its instance', [{ Name: 'attachment.instance-id', Values: ['i-0'] }], rare / 2],
    [
      'its attachment',
      [{ Name: 'attachment.attachment-id', Values: [`eni-attach-${'0'.repeat(17)}`] }],
      1,
    ],
    ['its address', [{ Name: 'private-ip-address', Values: ['10.0.0.9'] }], 1],
    ['its MAC address', [{ Name: 'mac-address', Values: ['02:00:00:00:0:9'] }], 1],
    [
      'a rare filter beside a usual one',
      [
        { Name: 'vpc-id', Values: ['vpc-usual', 'vpc-rare'] },
        { Name: 'tag:only', Values: ['5000'] },
        { Name: 'status', Values: ['in-use'] },
      ],
      1,
    ],
  ])('a describe by %s looks at what it finds and at nothing else', (_what, filters, count) => {
    const table = filtersOf();
    const found = [...(candidates(store.interfaces.table, { table, filters }) ?? [])];
    expect(found).toHaveLength(count);
    const page = selectPage(
      store.interfaces,
      { ids: undefined, filters, page: {} },
      { table, visible: () => true, range: [5, 1000] },
    );
    expect(page.items).toHaveLength(count);
  });

  test.each<[string, readonly Filter[] | undefined]>([
    ['without filters', undefined],
    ['by a filter that nearly all pass', [{ Name: 'status', Values: ['available'] }]],
    ['by a pattern that all pass', [{ Name: 'subnet-id', Values: ['subnet-*'] }]],
  ])('a page %s looks at little more than it shows, wherever it begins', (_what, filters) => {
    const table = filtersOf();
    let looked = 0;
    const visible = (): boolean => (looked += 1) > 0;
    let token: string | undefined;
    for (let i = 0; i < 5; i += 1) {
      looked = 0;
      const page = selectPage(
        store.interfaces,
        { ids: undefined, filters, page: { MaxResults: 100, NextToken: token } },
        { table, visible, range: [5, 1000] },
      );
      expect(page.items).toHaveLength(100);
      expect(looked).toBeLessThan(105);
      token = page.nextToken;
    }
  });

  test('an index follows what changes', () => {
    const [eni] = store.interfaces.table.by('status', 'in-use');
    const { attachment: _gone, ...spec } = eni?.spec ?? interfaceAt(0).spec;
    const metadata = { ...eni?.metadata, name: eni?.metadata.name ?? '', resourceVersion: '99999' };
    store.interfaces.table.apply({ metadata, spec });
    expect(store.interfaces.table.count('status', 'in-use')).toBe(rare - 1);
    expect(store.interfaces.table.count('status', 'available')).toBe(COUNT - rare + 1);
    store.interfaces.table.remove(metadata.name);
    expect(store.interfaces.table.count('subnet', 'subnet-rare')).toBe(rare - 1);
  });
});

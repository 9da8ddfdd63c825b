import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import { ADDRESS_SLICES, type AddressSlice } from '../../api/vpc/slices/address-slice.ts';
import { INSTANCES, type Instance } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../api/vpc/network-interface.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../io/clock.ts';
import { createInformers } from '../../io/informer.ts';
import { Distributor } from './distributor.ts';
import { HostIndex } from '../../api/vpc/slices/host-index.ts';
import { hostOfSlice, slicesOf } from '../../api/vpc/slices/slice-of.ts';

type Spec = NetworkInterface['spec'];

function instance(name: string, status: Instance['status'] = {}): Instance {
  return {
    metadata: { name },
    spec: {
      account: '1',
      vpcId: 'vpc-1',
      subnetId: 'subnet-1',
      instanceType: 'm5.large',
      imageId: 'ami-1',
      state: 'running',
      launchTime: '',
    },
    status,
  };
}

function eni(name: string, spec: Partial<Spec> = {}): NetworkInterface {
  return {
    metadata: { name },
    spec: {
      account: '1',
      vpcId: 'vpc-1',
      subnetId: 'subnet-1',
      availabilityZone: 'a',
      description: '',
      interfaceType: 'interface',
      macAddress: '02:00:00:00:00:01',
      privateIps: ['10.0.0.1'],
      groups: ['sg-1'],
      sourceDestCheck: true,
      ...spec,
    },
  };
}

const attached = (instanceId: string): Pick<Spec, 'attachment'> => ({
  attachment: {
    attachmentId: 'a',
    instanceId,
    deviceIndex: 0,
    networkCardIndex: 0,
    deleteOnTermination: true,
    attachTime: '',
  },
});
const branchOf = (trunkInterfaceId: string, vlanId = 1): Pick<Spec, 'trunkAssociation'> => ({
  trunkAssociation: { associationId: 't', trunkInterfaceId, vlanId },
});
const names = (items: readonly NetworkInterface[]) => items.map(({ metadata }) => metadata.name);

const flat = (slices: readonly AddressSlice[]) =>
  slices
    .flatMap(({ spec }) =>
      spec.interfaces.map(({ id, addresses, class: number }) => ({
        id,
        addresses,
        groups: spec.classes[number],
      })),
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));

describe('slices', () => {
  const tunnel = { tunnelAddress: '192.0.2.1', tunnelMac: '02:00:00:00:00:09' };

  test('have the addresses of both families, prefixes and groups of each interface', () => {
    const slices = slicesOf(instance('i-1', tunnel), [
      eni('eni-2', { privateIps: ['10.0.0.2', '10.0.0.3'], ipv6Addresses: ['fd00::2'] }),
      eni('eni-1', { groups: ['sg-2', 'sg-1'], ipv4Prefixes: ['10.0.1.0/28'] }),
      eni('eni-3', { groups: ['sg-1', 'sg-2'] }),
      eni('eni-4', { groups: [] }),
    ]);
    expect(flat(slices)).toEqual([
      { id: 'eni-1', addresses: ['10.0.0.1', '10.0.1.0/28'], groups: ['sg-1', 'sg-2'] },
      { id: 'eni-2', addresses: ['10.0.0.2', '10.0.0.3', 'fd00::2'], groups: ['sg-1'] },
      { id: 'eni-3', addresses: ['10.0.0.1'], groups: ['sg-1', 'sg-2'] },
      { id: 'eni-4', addresses: ['10.0.0.1'], groups: [] },
    ]);
    for (const { metadata, spec } of slices) {
      expect(spec).toMatchObject({ instanceId: 'i-1', vpcId: 'vpc-1', ...tunnel });
      expect(metadata.labels).toEqual({ 'vpc.trunkline.dev/vpc': 'vpc-1' });
      expect(hostOfSlice(metadata.name)).toBe('i-1');
      expect(new Set(spec.classes.map(String)).size).toBe(spec.classes.length);
    }
  });

  test('of a host without interfaces are none', () => {
    expect(slicesOf(instance('i-1'), [])).toEqual([]);
  });

  test('are alike in size, and an interface that comes leaves all but one as they are', () => {
    const many = Array.from({ length: 100 }, (_, i) => eni(`eni-${i}`));
    const sizes = slicesOf(instance('i-1'), many).map(({ spec }) => spec.interfaces.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
    expect(Math.max(...sizes)).toBeLessThan(45);
    const [before, after] = [many.slice(1), many].map((some) => slicesOf(instance('i-1'), some));
    const texts = new Set(before?.map((slice) => JSON.stringify(slice)));
    expect(after?.filter((slice) => !texts.has(JSON.stringify(slice)))).toHaveLength(1);
  });
});

describe('the index of hosts', () => {
  test('knows the branches of a trunk as interfaces of its host, in whatever order they came', () => {
    const index = new HostIndex();
    index.set(eni('eni-b', branchOf('eni-t')));
    expect([...index.set(eni('eni-t', attached('i-1')))]).toEqual(['i-1']);
    expect(names(index.of('i-1'))).toEqual(['eni-t', 'eni-b']);
    expect([...index.set(eni('eni-c', branchOf('eni-t', 2)))]).toEqual(['i-1']);
    expect([...index.delete('eni-b')]).toEqual(['i-1']);
    expect(names(index.of('i-1'))).toEqual(['eni-t', 'eni-c']);
  });

  test('moves a trunk with its branches', () => {
    const index = new HostIndex();
    index.set(eni('eni-t', attached('i-1')));
    index.set(eni('eni-b', branchOf('eni-t')));
    expect([...index.set(eni('eni-t', attached('i-2')))]).toEqual(['i-1', 'i-2']);
    expect(names(index.of('i-1'))).toEqual([]);
    expect(names(index.of('i-2'))).toEqual(['eni-t', 'eni-b']);
    expect([...index.set(eni('eni-t'))]).toEqual(['i-2']);
    expect(names(index.of('i-2'))).toEqual([]);
  });

  test('of what it does not know concerns no host', () => {
    const index = new HostIndex();
    expect([...index.delete('eni-x')]).toEqual([]);
    expect([...index.set(eni('eni-b', branchOf('eni-t')))]).toEqual([]);
    expect(index.of('i-1')).toEqual([]);
  });
});

describe('the distributor', () => {
  let kube: FakeKube;
  let stop: AbortController;
  let leads: boolean;
  let distributor: Distributor;
  beforeEach(() => {
    kube = createFakeKube();
    stop = new AbortController();
    leads = true;
  });
  afterEach(async () => {
    kube.beforeCall = undefined;
    stop.abort();
    await distributor.close();
  });

  async function start(): Promise<void> {
    const common = { kube, clock: systemClock, log: silentLog };
    const informers = createInformers({ ...common, signal: stop.signal });
    distributor = new Distributor({ ...common, informers, leads: () => leads });
    await distributor.start();
  }
  const slices = (host: string) =>
    kube.peekAll(ADDRESS_SLICES).filter(({ metadata }) => hostOfSlice(metadata.name) === host);
  const slice = (host: string) => slices(host)[0]?.spec;
  const addresses = (host: string) => {
    const found = flat(slices(host)).flatMap((each) => each.addresses);
    return found.length === 0 ? undefined : found;
  };
  const until = (check: () => void) => vi.waitFor(check, { timeout: 3_000, interval: 5 });
  const writes = () =>
    kube.calls.filter(
      ({ resource, verb }) =>
        resource === 'addressslices' && ['create', 'replace', 'delete'].includes(verb),
    ).length;

  test('follows interfaces and hosts from their first address to their last', async () => {
    kube.seed(INSTANCES, instance('i-1'));
    await start();
    await kube.create(NETWORK_INTERFACES, eni('eni-1', attached('i-1')));
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.1']));
    const status = { tunnelAddress: '192.0.2.1', tunnelMac: '02:00:00:00:00:09' };
    await kube.patch(
      INSTANCES,
      { name: 'i-1' },
      { type: 'merge', subresource: 'status', body: { status } },
    );
    await until(() => expect(slice('i-1')).toMatchObject(status));
    const body = { spec: { groups: ['sg-2'] } };
    await kube.patch(NETWORK_INTERFACES, { name: 'eni-1' }, { type: 'merge', body });
    await until(() => expect(slice('i-1')?.classes).toEqual([['sg-2']]));
    await kube.delete(NETWORK_INTERFACES, { name: 'eni-1' });
    await until(() => expect(slice('i-1')).toBeUndefined());
  });

  test('writes nothing when nothing differs, also after a restart', async () => {
    kube.seed(INSTANCES, instance('i-1'));
    kube.seed(NETWORK_INTERFACES, eni('eni-1', attached('i-1')));
    await start();
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.1']));
    await distributor.close();
    const before = writes();
    await start();
    const body = { spec: { description: 'other' } };
    await kube.patch(NETWORK_INTERFACES, { name: 'eni-1' }, { type: 'merge', body });
    distributor.resync();
    await systemClock.sleep(100);
    expect(writes()).toBe(before);
  });

  test('mends what somebody else changed, deleted or left behind', async () => {
    kube.seed(INSTANCES, instance('i-1'));
    kube.seed(NETWORK_INTERFACES, eni('eni-1', attached('i-1')));
    kube.seed(ADDRESS_SLICES, {
      metadata: { name: 'i-gone.2' },
      spec: { instanceId: 'i-gone', vpcId: 'vpc-1', classes: [], interfaces: [] },
    });
    await start();
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.1']));
    await until(() => expect(slice('i-gone')).toBeUndefined());
    const body = { spec: { interfaces: [] } };
    const name = slices('i-1')[0]?.metadata.name ?? '';
    await kube.patch(ADDRESS_SLICES, { name }, { type: 'merge', body });
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.1']));
    await kube.delete(ADDRESS_SLICES, { name });
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.1']));
  });

  test('goes on after writes that failed, and whose answers were lost', async () => {
    kube.seed(INSTANCES, instance('i-1'));
    let failures = 0;
    kube.beforeCall = ({ resource, verb }) => {
      if (resource === 'addressslices' && verb === 'create' && failures++ < 2)
        throw new Error('down');
    };
    await start();
    await kube.create(NETWORK_INTERFACES, eni('eni-1', attached('i-1')));
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.1']));
    expect(failures).toBe(3);
    let lost = 0;
    kube.afterCall = ({ resource, verb }) => {
      if (resource === 'addressslices' && verb === 'replace' && lost++ === 0)
        throw new Error('lost');
    };
    const body = { spec: { privateIps: ['10.0.0.7'] } };
    await kube.patch(NETWORK_INTERFACES, { name: 'eni-1' }, { type: 'merge', body });
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.7']));
    await kube.patch(
      NETWORK_INTERFACES,
      { name: 'eni-1' },
      { type: 'merge', body: { spec: { privateIps: ['10.0.0.8'] } } },
    );
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.8']));
  });

  test('writes nothing while another process leads, and all of it when its turn comes', async () => {
    leads = false;
    kube.seed(INSTANCES, instance('i-1'));
    kube.seed(NETWORK_INTERFACES, eni('eni-1', attached('i-1')));
    await start();
    await systemClock.sleep(50);
    expect(writes()).toBe(0);
    leads = true;
    distributor.resync();
    await until(() => expect(addresses('i-1')).toEqual(['10.0.0.1']));
  });
});

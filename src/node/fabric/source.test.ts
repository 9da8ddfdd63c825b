import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import { INSTANCE_LABEL, TRUNK_LABEL, VPC_LABEL } from '../../api/names.ts';
import { ADDRESS_SLICES } from '../../api/vpc/slices/address-slice.ts';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../api/vpc/network-interface.ts';
import { PREFIX_LISTS, type PrefixList } from '../../api/vpc/prefix-list.ts';
import { SECURITY_GROUPS, type SecurityGroup } from '../../api/vpc/security-group.ts';
import {
  VPC_PEERING_CONNECTIONS,
  type VpcPeeringConnection,
} from '../../api/vpc/vpc-peering-connection.ts';
import type { Log } from '../../base/log.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../io/clock.ts';
import { createInformers } from '../../io/informer.ts';
import { anInterface, attachedTo, branchOn } from './desired.fake.ts';
import { FabricSource, type FabricObjects } from './source.ts';

let kube: FakeKube;
let stop: AbortController;
let source: FabricSource;
let warnings: string[];

beforeEach(() => {
  kube = createFakeKube();
  stop = new AbortController();
  warnings = [];
  const log: Log = { ...silentLog, warn: (text) => void warnings.push(text) };
  const common = { kube, clock: systemClock, log };
  const informers = createInformers({ ...common, signal: stop.signal });
  source = new FabricSource({ ...common, instanceId: 'i-1', informers });
});
afterEach(() => {
  kube.beforeCall = undefined;
  source.close();
  stop.abort();
});

/** As the VPC API stores it. */
function stored(item: NetworkInterface): NetworkInterface {
  const { attachment, trunkAssociation } = item.spec;
  const labels = {
    ...(attachment && { [INSTANCE_LABEL]: attachment.instanceId }),
    ...(trunkAssociation && { [TRUNK_LABEL]: trunkAssociation.trunkInterfaceId }),
  };
  return { ...item, metadata: { ...item.metadata, labels } };
}

function seedHost(name: string, vpcId = 'vpc-1'): void {
  kube.seed(INSTANCES, {
    metadata: { name },
    spec: {
      account: '1',
      vpcId,
      subnetId: 'subnet-1',
      instanceType: 'm5.large',
      imageId: 'ami-1',
      state: 'running',
      launchTime: '',
    },
  });
  kube.seed(ADDRESS_SLICES, {
    metadata: { name, labels: { [VPC_LABEL]: vpcId } },
    spec: { instanceId: name, vpcId, classes: [], interfaces: [] },
  });
}

function group(name: string, prefixListId?: string): SecurityGroup {
  const rule = { ruleId: 'sgr-1', direction: 'ingress', protocol: '-1' } as const;
  return {
    metadata: { name },
    spec: {
      account: '1',
      vpcId: 'vpc-1',
      groupName: name,
      description: '',
      rules: prefixListId === undefined ? [] : [{ ...rule, prefixListId }],
    },
  } as unknown as SecurityGroup;
}

function prefixList(name: string): PrefixList {
  return { metadata: { name }, spec: { entries: [] } } as unknown as PrefixList;
}

function peering(status: string): VpcPeeringConnection {
  const ends = { requester: { vpcId: 'vpc-2' }, accepter: { vpcId: 'vpc-1' } };
  return {
    metadata: { name: 'pcx-1' },
    spec: { ...ends, status },
  } as unknown as VpcPeeringConnection;
}

const namesOf = (objects: readonly { metadata: { name: string } }[]) =>
  objects.map(({ metadata }) => metadata.name).sort();

function names({ own: { interfaces, groups, prefixLists }, slices }: FabricObjects) {
  return {
    interfaces: namesOf(interfaces),
    groups: namesOf(groups),
    prefixLists: namesOf(prefixLists),
    slices: namesOf(slices),
  };
}

const PRIMARY = anInterface(5, attachedTo(1, 0));
const TRUNK = anInterface(6, { ...attachedTo(1, 1), interfaceType: 'trunk' });
const BRANCH = anInterface(7, branchOn(6, 42));
const FAR = anInterface(9, attachedTo(2, 0));
const FAR_BRANCH = anInterface(10, branchOn(66, 42));

test('knows the interfaces of this host with what they name, and the slices of the VPC', async () => {
  seedHost('i-1');
  seedHost('i-2');
  seedHost('i-3', 'vpc-2');
  for (const item of [PRIMARY, TRUNK, BRANCH, FAR, FAR_BRANCH])
    kube.seed(NETWORK_INTERFACES, stored(item));
  for (const name of ['sg-5', 'sg-6', 'sg-9']) kube.seed(SECURITY_GROUPS, group(name));
  kube.seed(SECURITY_GROUPS, group('sg-7', 'pl-1'));
  for (const name of ['pl-1', 'pl-2']) kube.seed(PREFIX_LISTS, prefixList(name));
  await source.start();
  const objects = await source.read();
  expect(objects.own.instance?.metadata.name).toBe('i-1');
  expect(names(objects)).toEqual({
    interfaces: namesOf([PRIMARY, TRUNK, BRANCH]),
    groups: ['sg-5', 'sg-6', 'sg-7'],
    prefixLists: ['pl-1'],
    slices: ['i-1', 'i-2'],
  });
});

test('asks the API for nothing that no interface here needs', async () => {
  seedHost('i-1');
  kube.seed(NETWORK_INTERFACES, stored(PRIMARY));
  await source.start();
  await source.read();
  const lists = kube.calls.filter(({ verb }) => verb === 'list').map(({ resource }) => resource);
  expect(lists.filter((resource) => resource === 'networkinterfaces')).toHaveLength(1);
  expect(lists.filter((resource) => resource === 'securitygroups')).toHaveLength(1);
  expect(lists).not.toContain('prefixlists');
});

test('a change tells, and the next read has what it leads to', async () => {
  seedHost('i-1');
  kube.seed(NETWORK_INTERFACES, stored(PRIMARY));
  kube.seed(SECURITY_GROUPS, group('sg-5'));
  kube.seed(SECURITY_GROUPS, group('sg-8', 'pl-1'));
  kube.seed(PREFIX_LISTS, prefixList('pl-1'));
  await source.start();
  await source.read();
  const told = vi.fn();
  source.subscribe(told);
  const body = { spec: { groups: ['sg-8'] } };
  await kube.patch(NETWORK_INTERFACES, { name: PRIMARY.metadata.name }, { type: 'merge', body });
  await vi.waitFor(() => expect(told).toHaveBeenCalled());
  expect(names(await source.read())).toMatchObject({ groups: ['sg-8'], prefixLists: ['pl-1'] });
  await kube.delete(NETWORK_INTERFACES, { name: PRIMARY.metadata.name });
  await vi.waitFor(async () =>
    expect(names(await source.read())).toMatchObject({
      interfaces: [],
      groups: [],
      prefixLists: [],
    }),
  );
});

test('hosts of a peered VPC are known while the peering is active', async () => {
  seedHost('i-1');
  seedHost('i-3', 'vpc-2');
  kube.seed(VPC_PEERING_CONNECTIONS, peering('pending-acceptance'));
  await source.start();
  expect(names(await source.read()).slices).toEqual(['i-1']);
  const set = (status: string) =>
    kube.patch(
      VPC_PEERING_CONNECTIONS,
      { name: 'pcx-1' },
      { type: 'merge', body: { spec: { status } } },
    );
  await set('active');
  await vi.waitFor(async () => expect(names(await source.read()).slices).toEqual(['i-1', 'i-3']));
  await set('deleted');
  await vi.waitFor(async () => expect(names(await source.read()).slices).toEqual(['i-1']));
});

test('the first read waits for what is late; a later one goes on without it after a second', async () => {
  seedHost('i-1');
  kube.seed(NETWORK_INTERFACES, stored(PRIMARY));
  kube.seed(SECURITY_GROUPS, group('sg-5'));
  kube.seed(SECURITY_GROUPS, group('sg-8'));
  let open = (): void => {};
  const gate = (): void => {
    const opened = new Promise<void>((resolve) => (open = resolve));
    kube.beforeCall = ({ resource, verb }) =>
      resource === 'securitygroups' && verb === 'list' ? opened : undefined;
  };
  gate();
  await source.start();
  let isRead = false;
  const first = source.read().then((objects) => {
    isRead = true;
    return objects;
  });
  await systemClock.sleep(1_200);
  expect(isRead).toBe(false);
  open();
  expect(names(await first).groups).toEqual(['sg-5']);
  gate();
  const body = { spec: { groups: ['sg-5', 'sg-8'] } };
  await kube.patch(NETWORK_INTERFACES, { name: PRIMARY.metadata.name }, { type: 'merge', body });
  await vi.waitFor(async () => {
    await source.read();
    expect(warnings).toContain('Objects that interfaces name are late; what is missing denies');
  }, 5_000);
  expect(names(await source.read()).groups).toEqual(['sg-5']);
  open();
  await vi.waitFor(async () => expect(names(await source.read()).groups).toEqual(['sg-5', 'sg-8']));
});

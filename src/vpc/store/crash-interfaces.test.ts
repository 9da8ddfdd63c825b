import * as ec2 from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import { PREFIX_LISTS } from '../../api/vpc/prefix-list.ts';
import { parseCidr, cidrOverlaps, type Cidr } from '../../base/cidr.ts';
import { entriesOf } from '../prefix-lists/versions.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';
import { dieAt, FAULTS, heal } from './crash.fake.ts';

const MOST_WRITES = 12;

/** What a scenario acts on; it is the same before every crash. */
interface Scene {
  readonly client: ec2.EC2Client;
  readonly subnetId: string;
  /** Available interfaces; the first has the secondary address 10.0.0.40. */
  readonly enis: readonly string[];
  /** A running instance with the last interface, which existed before, and one made for it. */
  readonly instanceId: string;
  /** Version 2, with two entries. */
  readonly listId: string;
}

interface Scenario {
  readonly act: (scene: Scene) => Promise<unknown>;
  /** Beyond the invariants: what must hold after the restart, whether the call was answered or not. */
  readonly check?: (kube: FakeKube, scene: Scene) => void;
}

const RUN = {
  ImageId: 'ami-0123456789abcdef0',
  InstanceType: 'm5.large',
  MinCount: 1,
  MaxCount: 1,
} as const;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'moving an address': {
    act: ({ client, enis: [, to] }) =>
      client.send(
        new ec2.AssignPrivateIpAddressesCommand({
          NetworkInterfaceId: to,
          PrivateIpAddresses: ['10.0.0.40'],
          AllowReassignment: true,
        }),
      ),
  },
  'assigning prefixes': {
    act: ({ client, enis: [id] }) =>
      client.send(
        new ec2.AssignPrivateIpAddressesCommand({ NetworkInterfaceId: id, Ipv4PrefixCount: 2 }),
      ),
  },
  'a launch with existing and new interfaces': {
    act: ({ client, subnetId, enis: [first, second] }) =>
      client.send(
        new ec2.RunInstancesCommand({
          ...RUN,
          NetworkInterfaces: [
            { DeviceIndex: 0, NetworkInterfaceId: first },
            { DeviceIndex: 1, SubnetId: subnetId },
            { DeviceIndex: 2, NetworkInterfaceId: second },
          ],
        }),
      ),
    check: (kube, { enis: [first = '', second = ''] }) => {
      const attached = [first, second].map((name) => attachmentOf(kube, name));
      expect(new Set(attached).size).toBe(1);
      const instances = kube.peekAll(INSTANCES).length;
      expect(instances).toBe(attached[0] === undefined ? 1 : 2);
      // Those of the scene, and the one that was made for the launch.
      expect(kube.peekAll(NETWORK_INTERFACES)).toHaveLength(attached[0] === undefined ? 4 : 5);
    },
  },
  'terminating an instance with an interface that it took over': {
    act: ({ client, instanceId }) =>
      client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [instanceId] })),
    check: (kube, { instanceId, enis: [, , taken = ''] }) => {
      const state = kube.peek(INSTANCES, { name: instanceId })?.spec.state;
      expect(attachmentOf(kube, taken)).toBe(state === 'running' ? instanceId : undefined);
      expect(kube.peekAll(NETWORK_INTERFACES)).toHaveLength(state === 'running' ? 4 : 3);
    },
  },
  'stopping an instance': {
    act: ({ client, instanceId }) =>
      client.send(new ec2.StopInstancesCommand({ InstanceIds: [instanceId] })),
    check: (kube, { instanceId, enis: [, , taken = ''] }) =>
      expect(attachmentOf(kube, taken)).toBe(instanceId),
  },
  'modifying a prefix list': {
    act: ({ client, listId }) =>
      client.send(
        new ec2.ModifyManagedPrefixListCommand({
          PrefixListId: listId,
          CurrentVersion: 2,
          AddEntries: [{ Cidr: '12.0.0.0/8' }],
          RemoveEntries: [{ Cidr: '10.0.0.0/8' }],
        }),
      ),
    check: checkVersions,
  },
  'restoring a prefix list': {
    act: ({ client, listId }) =>
      client.send(
        new ec2.RestoreManagedPrefixListVersionCommand({
          PrefixListId: listId,
          CurrentVersion: 2,
          PreviousVersion: 1,
        }),
      ),
    check: checkVersions,
  },
};

function attachmentOf(kube: FakeKube, name: string): string | undefined {
  return kube.peek(NETWORK_INTERFACES, { name })?.spec.attachment?.instanceId;
}

/** Each version that can be asked for can be worked out, the first two as they were. */
function checkVersions(kube: FakeKube, { listId }: Scene): void {
  const list = kube.peek(PREFIX_LISTS, { name: listId });
  if (list === undefined) throw new Error('the list is gone');
  const cidrs = (version: number) => entriesOf(list, version).map(({ cidr }) => cidr);
  expect(cidrs(1)).toEqual(['10.0.0.0/8']);
  expect(cidrs(2).sort()).toEqual(['10.0.0.0/8', '11.0.0.0/8']);
  expect(list.spec.version - list.spec.history.length).toBe(1);
}

let running: TestApi[] = [];
afterEach(async () => {
  for (const api of running) await api.close();
  running = [];
});

async function start(kube: FakeKube): Promise<ec2.EC2Client> {
  const api = await startTestApi({ kube });
  running.push(api);
  return api.client();
}

async function prepare(client: ec2.EC2Client): Promise<Scene> {
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const subnet = await client.send(
    new ec2.CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24' }),
  );
  const subnetId = subnet.Subnet?.SubnetId ?? '';
  const enis = await prepareInterfaces(client, subnetId);
  const launched = await client.send(
    new ec2.RunInstancesCommand({
      ...RUN,
      NetworkInterfaces: [
        { DeviceIndex: 0, SubnetId: subnetId },
        { DeviceIndex: 1, NetworkInterfaceId: enis[2] },
      ],
    }),
  );
  return {
    client,
    subnetId,
    enis,
    instanceId: launched.Instances?.[0]?.InstanceId ?? '',
    listId: await prepareList(client),
  };
}

async function prepareInterfaces(client: ec2.EC2Client, SubnetId: string): Promise<string[]> {
  const enis: string[] = [];
  for (const PrivateIpAddress of ['10.0.0.20', '10.0.0.21', '10.0.0.22']) {
    const made = await client.send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId, PrivateIpAddress }),
    );
    enis.push(made.NetworkInterface?.NetworkInterfaceId ?? '');
  }
  await client.send(
    new ec2.AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: enis[0],
      PrivateIpAddresses: ['10.0.0.40'],
    }),
  );
  return enis;
}

async function prepareList(client: ec2.EC2Client): Promise<string> {
  const made = await client.send(
    new ec2.CreateManagedPrefixListCommand({
      PrefixListName: 'l',
      AddressFamily: 'IPv4',
      MaxEntries: 3,
      Entries: [{ Cidr: '10.0.0.0/8' }],
    }),
  );
  const PrefixListId = made.PrefixList?.PrefixListId ?? '';
  const AddEntries = [{ Cidr: '11.0.0.0/8' }];
  await client.send(
    new ec2.ModifyManagedPrefixListCommand({ PrefixListId, CurrentVersion: 1, AddEntries }),
  );
  return PrefixListId;
}

/** No two interfaces share an address or overlap; what is attached is attached to what exists. */
function checkInvariants(kube: FakeKube): void {
  const enis = kube.peekAll(NETWORK_INTERFACES);
  const blocks = enis.flatMap(({ spec }) => [
    ...spec.privateIps.map((ip) => cidr(`${ip}/32`)),
    ...(spec.ipv4Prefixes ?? []).map(cidr),
  ]);
  for (const [i, block] of blocks.entries())
    expect(blocks.slice(i + 1).some((other) => cidrOverlaps(block, other))).toBe(false);
  const instances = new Map(kube.peekAll(INSTANCES).map((each) => [each.metadata.name, each.spec]));
  for (const { spec } of enis)
    if (spec.attachment !== undefined)
      expect(instances.get(spec.attachment.instanceId)?.state).not.toBe('terminated');
  for (const { spec } of enis)
    expect(spec.attachment === undefined || instances.has(spec.attachment.instanceId)).toBe(true);
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

describe.each(FAULTS)('a crash with the last write %s', (fault) => {
  test.each(Object.entries(SCENARIOS))(
    'in %s leaves nothing half made',
    async (_name, scenario) => {
      let crashes = 0;
      for (let n = 1; n <= MOST_WRITES; n++) {
        const kube = createFakeKube();
        const scene = await prepare(await start(kube));
        const death = dieAt(kube, n, fault);
        const failed = await scenario.act(scene).then(
          () => false,
          () => true,
        );
        heal(kube);
        if (!death.hit) break;
        crashes += 1;
        expect(failed).toBe(true);
        await start(kube);
        checkInvariants(kube);
        scenario.check?.(kube, scene);
      }
      expect(crashes).toBeGreaterThan(0);
    },
  );
});

test('a moved address that was lost on the way can be assigned again', async () => {
  const kube = createFakeKube();
  const scene = await prepare(await start(kube));
  const death = dieAt(kube, 2, 'lost before it was stored');
  await expect(SCENARIOS['moving an address']?.act(scene)).rejects.toThrow();
  heal(kube);
  expect(death.hit).toBe(true);
  const client = await start(kube);
  const again = await client.send(
    new ec2.AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: scene.enis[1],
      PrivateIpAddresses: ['10.0.0.40'],
    }),
  );
  expect(again.AssignedPrivateIpAddresses).toEqual([{ PrivateIpAddress: '10.0.0.40' }]);
});

import * as ec2 from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import { SECURITY_GROUPS } from '../../api/vpc/security-group.ts';
import { SUBNETS } from '../../api/vpc/subnet.ts';
import { VPCS } from '../../api/vpc/vpc.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';
import { dieAt, FAULTS, GONE, heal, isWrite } from './crash.fake.ts';

const MOST_WRITES = 12;

/** Objects and the ids under which steps find what earlier steps made. */
interface World {
  readonly send: (command: unknown) => Promise<Record<string, never>>;
  readonly ids: Record<string, string>;
}

type Step = (world: World) => Promise<void>;

/** Every action that writes, in an order that works; each step records only what was acknowledged. */
const STEPS: Readonly<Record<string, Step>> = {
  CreateVpc: async ({ send, ids }) => {
    const made = await send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    ids['vpc'] = (made as ec2.CreateVpcResult).Vpc?.VpcId ?? '';
  },
  CreateSubnet: async ({ send, ids }) => {
    const made = await send(
      new ec2.CreateSubnetCommand({ VpcId: ids['vpc'], CidrBlock: '10.0.0.0/28' }),
    );
    ids['subnet'] = (made as ec2.CreateSubnetResult).Subnet?.SubnetId ?? '';
  },
  CreateSecurityGroup: async ({ send, ids }) => {
    const made = await send(
      new ec2.CreateSecurityGroupCommand({ VpcId: ids['vpc'], GroupName: 'a', Description: 'a' }),
    );
    ids['group'] = (made as ec2.CreateSecurityGroupResult).GroupId ?? '';
  },
  Authorize: async ({ send, ids }) => {
    const rule = { IpProtocol: 'tcp', FromPort: 1, ToPort: 2, IpRanges: [{ CidrIp: '1.0.0.0/8' }] };
    await send(
      new ec2.AuthorizeSecurityGroupIngressCommand({
        GroupId: ids['group'],
        IpPermissions: [rule],
      }),
    );
  },
  RunInstances: async ({ send, ids }) => {
    const made = await send(
      new ec2.RunInstancesCommand({
        ImageId: 'ami-0123456789abcdef0',
        InstanceType: 'm5.large',
        MinCount: 2,
        MaxCount: 2,
        SubnetId: ids['subnet'],
      }),
    );
    const [first, second] = (made as ec2.Reservation).Instances ?? [];
    ids['instance'] = first?.InstanceId ?? '';
    ids['second'] = second?.InstanceId ?? '';
  },
  CreateTrunk: async ({ send, ids }) => {
    const made = await send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: ids['subnet'], InterfaceType: 'trunk' }),
    );
    ids['trunk'] =
      (made as ec2.CreateNetworkInterfaceResult).NetworkInterface?.NetworkInterfaceId ?? '';
  },
  AttachTrunk: async ({ send, ids }) => {
    await send(
      new ec2.AttachNetworkInterfaceCommand({
        NetworkInterfaceId: ids['trunk'],
        InstanceId: ids['instance'],
        DeviceIndex: 1,
      }),
    );
  },
  CreateBranch: async ({ send, ids }) => {
    const made = await send(new ec2.CreateNetworkInterfaceCommand({ SubnetId: ids['subnet'] }));
    ids['branch'] =
      (made as ec2.CreateNetworkInterfaceResult).NetworkInterface?.NetworkInterfaceId ?? '';
  },
  Associate: async ({ send, ids }) => {
    await send(
      new ec2.AssociateTrunkInterfaceCommand({
        BranchInterfaceId: ids['branch'],
        TrunkInterfaceId: ids['trunk'],
        VlanId: 1,
      }),
    );
  },
  Assign: async ({ send, ids }) => {
    await send(
      new ec2.AssignPrivateIpAddressesCommand({
        NetworkInterfaceId: ids['branch'],
        SecondaryPrivateIpAddressCount: 2,
      }),
    );
  },
  Terminate: async ({ send, ids }) => {
    await send(new ec2.TerminateInstancesCommand({ InstanceIds: [ids['instance'] ?? ''] }));
  },
  DeleteBranch: async ({ send, ids }) => {
    const { branch } = ids;
    // From here on it may be there or not.
    delete ids['branch'];
    await send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: branch }));
  },
};

let running: TestApi[] = [];
afterEach(async () => {
  for (const api of running) await api.close();
  running = [];
});

async function start(kube: FakeKube): Promise<TestApi> {
  const api = await startTestApi({ kube });
  running.push(api);
  return api;
}

function worldOn(api: TestApi, ids: Record<string, string>): World {
  const client = api.client();
  return {
    ids,
    send: (command) => client.send<never, never>(command as never),
  };
}

/** DESIGN, section 4: invariants 2 and 6, and no half-made objects. */
function checkInvariants(kube: FakeKube, ids: Readonly<Record<string, string>>): void {
  const enis = kube.peekAll(NETWORK_INTERFACES);
  const instances = kube.peekAll(INSTANCES);
  const addresses = enis.flatMap(({ spec }) => spec.privateIps.map((ip) => `${spec.vpcId}/${ip}`));
  expect(new Set(addresses).size).toBe(addresses.length);
  const vlans = enis.flatMap(({ spec: { trunkAssociation: each } }) =>
    each ? [`${each.trunkInterfaceId}/${each.vlanId}`] : [],
  );
  expect(new Set(vlans).size).toBe(vlans.length);
  const running = instances.filter(({ spec }) => spec.state === 'running');
  const attachedTo = enis.flatMap(({ spec }) => spec.attachment ?? []);
  for (const { instanceId } of attachedTo)
    expect(running.map(({ metadata }) => metadata.name)).toContain(instanceId);
  for (const { metadata } of running) {
    const primaries = attachedTo.filter(
      (each) => each.instanceId === metadata.name && each.deviceIndex === 0,
    );
    expect(primaries).toHaveLength(1);
  }
  const vpcIds = kube.peekAll(VPCS).map(({ metadata }) => metadata.name);
  const defaults = kube.peekAll(SECURITY_GROUPS).filter(({ spec }) => spec.groupName === 'default');
  expect(defaults.map(({ spec }) => spec.vpcId).sort()).toEqual([...vpcIds].sort());
  const all = [VPCS, SUBNETS, SECURITY_GROUPS, NETWORK_INTERFACES, INSTANCES].flatMap((resource) =>
    kube.peekAll(resource as typeof VPCS).map(({ metadata }) => metadata.name),
  );
  for (const id of Object.values(ids)) expect(all).toContain(id);
}

describe.each(FAULTS)('a crash with the last write %s', (fault) => {
  const names = Object.keys(STEPS);

  test.each(names)('in %s leaves nothing half made', async (name) => {
    let crashes = 0;
    for (let n = 1; n <= MOST_WRITES; n++) {
      const kube = createFakeKube();
      const ids: Record<string, string> = {};
      const before = worldOn(await start(kube), ids);
      for (const earlier of names.slice(0, names.indexOf(name))) await STEPS[earlier]?.(before);
      const death = dieAt(kube, n, fault);
      const failed = await STEPS[name]?.(before).then(
        () => false,
        () => true,
      );
      heal(kube);
      if (!death.hit) break;
      crashes += 1;
      expect(failed).toBe(true);
      await start(kube);
      checkInvariants(kube, ids);
    }
    expect(crashes).toBeGreaterThan(0);
  });
});

describe('without a crash, when one answer is lost', () => {
  test.each(Object.keys(STEPS))('%s finds out what became of its write', async (name) => {
    const names = Object.keys(STEPS);
    const kube = createFakeKube();
    const ids: Record<string, string> = {};
    const world = worldOn(await start(kube), ids);
    for (const earlier of names.slice(0, names.indexOf(name))) await STEPS[earlier]?.(world);
    let lost = false;
    kube.afterCall = (call) => {
      if (lost || !isWrite(call) || call.verb === 'delete') return;
      lost = true;
      throw GONE;
    };
    await STEPS[name]?.(world);
    heal(kube);
    expect(lost).toBe(name !== 'DeleteBranch');
    checkInvariants(kube, ids);
  });
});

test('a retried create with the same client token gives the same interface, also after a restart', async () => {
  const kube = createFakeKube();
  const ids: Record<string, string> = {};
  const first = worldOn(await start(kube), ids);
  for (const name of ['CreateVpc', 'CreateSubnet']) await STEPS[name]?.(first);
  const create = (world: World, Description: string): Promise<ec2.CreateNetworkInterfaceResult> =>
    world.send(
      new ec2.CreateNetworkInterfaceCommand({
        SubnetId: ids['subnet'],
        ClientToken: 'token',
        Description,
      }),
    );
  const made = await Promise.all([create(first, 'x'), create(first, 'x'), create(first, 'x')]);
  const second = worldOn(await start(kube), ids);
  made.push(await create(second, 'x'));
  const eniIds = made.map(({ NetworkInterface }) => NetworkInterface?.NetworkInterfaceId);
  expect(new Set(eniIds).size).toBe(1);
  expect(kube.peekAll(NETWORK_INTERFACES)).toHaveLength(1);
  await expect(create(second, 'y')).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
});

test('concurrent creates, deletes and associations never share an address or a VLAN id', async () => {
  const kube = createFakeKube();
  const ids: Record<string, string> = {};
  const world = worldOn(await start(kube), ids);
  for (const name of ['CreateVpc', 'CreateSubnet', 'CreateTrunk']) await STEPS[name]?.(world);
  const attempts = Array.from({ length: 20 }, async () => {
    const made = await world.send(
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: ids['subnet'] }),
    );
    const { NetworkInterface: eni } = made as ec2.CreateNetworkInterfaceResult;
    await world.send(
      new ec2.AssociateTrunkInterfaceCommand({
        BranchInterfaceId: eni?.NetworkInterfaceId,
        TrunkInterfaceId: ids['trunk'],
        VlanId: 5,
      }),
    );
    return eni?.NetworkInterfaceId;
  });
  const results = await Promise.allSettled(attempts);
  const codes = results.map((each) => (each.status === 'fulfilled' ? 'ok' : each.reason.name));
  // 11 usable addresses, one of them the trunk's; one VLAN id.
  expect(codes.filter((code) => code === 'ok')).toHaveLength(1);
  expect(codes.filter((code) => code === 'InvalidParameterValue')).toHaveLength(9);
  expect(codes.filter((code) => code === 'InsufficientFreeAddressesInSubnet')).toHaveLength(10);
  checkInvariants(kube, ids);
});

import * as ec2 from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import type { KubeClient } from '../../api/client.ts';
import { LEASES } from '../../api/core/lease.ts';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import { systemClock } from '../../io/clock.ts';
import { createInformers } from '../../io/informer.ts';
import { silentLog } from '../../base/log.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';

const LEASE_MS = 600;
const WAIT_MS = 8_000;

interface Server {
  readonly api: TestApi;
  readonly client: ec2.EC2Client;
  /** Holds every call to Kubernetes back, as if the process were stopped; answers how to go on. */
  pause(): () => void;
}

let running: TestApi[] = [];
let resumes: (() => void)[] = [];
afterEach(async () => {
  for (const resume of resumes) resume();
  resumes = [];
  for (const api of running) await api.close();
  running = [];
});

/** A server whose own connection to a shared Kubernetes can be held back. */
async function start(kube: FakeKube): Promise<Server> {
  let gate: Promise<void> | undefined;
  const held = new Proxy(kube, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (...args: unknown[]) => unknown;
      if (!['get', 'list', 'create', 'replace', 'patch', 'delete'].includes(String(name)))
        return call;
      return async (...args: unknown[]) => {
        await gate;
        return call(...args);
      };
    },
  }) satisfies KubeClient;
  const api = await startTestApi({
    kube: held,
    more: {
      // Informers keep going: a stopped process would catch up at once, too.
      informers: createInformers({
        kube,
        clock: systemClock,
        log: silentLog,
        signal: new AbortController().signal,
      }),
      ha: {
        leaseMs: LEASE_MS,
        renewMs: LEASE_MS / 6,
        url: (port) => `http://127.0.0.1:${port}`,
      },
    },
  });
  running.push(api);
  return {
    api,
    client: api.client(),
    pause: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      const resume = (): void => {
        gate = undefined;
        resolve();
      };
      resumes.push(resume);
      return resume;
    },
  };
}

async function eventually(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const untilMs = performance.now() + WAIT_MS;
  while (performance.now() < untilMs) {
    if (await check()) return;
    await systemClock.sleep(10);
  }
  throw new Error(`Never came true: ${what}`);
}

async function untilWritable({ client }: Server): Promise<void> {
  const create = new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' });
  await eventually('a write is answered', () =>
    client.send(create).then(
      () => true,
      () => false,
    ),
  );
}

function holder(kube: FakeKube): string | undefined {
  return kube.peekAll(LEASES)[0]?.spec?.holderIdentity;
}

interface Net {
  readonly subnet: string;
  readonly trunk: string;
}

async function makeNet(client: ec2.EC2Client): Promise<Net> {
  const { Vpcs } = await client.send(new ec2.DescribeVpcsCommand({}));
  const { Subnet } = await client.send(
    new ec2.CreateSubnetCommand({ VpcId: Vpcs?.[0]?.VpcId, CidrBlock: '10.0.0.0/24' }),
  );
  const subnet = Subnet?.SubnetId ?? '';
  return { subnet, trunk: await makeInterface(client, subnet, 'trunk') };
}

async function makeInterface(
  client: ec2.EC2Client,
  subnet: string,
  type?: 'trunk',
): Promise<string> {
  const { NetworkInterface: made } = await client.send(
    new ec2.CreateNetworkInterfaceCommand({
      SubnetId: subnet,
      ...(type !== undefined && { InterfaceType: type }),
    }),
  );
  return made?.NetworkInterfaceId ?? '';
}

function associate(
  trunk: string,
  branch: string,
  vlan: number,
): ec2.AssociateTrunkInterfaceCommand {
  return new ec2.AssociateTrunkInterfaceCommand({
    TrunkInterfaceId: trunk,
    BranchInterfaceId: branch,
    VlanId: vlan,
  });
}

/** Addresses and VLAN ids that more than one stored interface has. */
function duplicates(kube: FakeKube): string[] {
  const taken = kube
    .peekAll(NETWORK_INTERFACES)
    .flatMap(({ spec }) => [
      ...spec.privateIps.map((address) => `${spec.vpcId}/${address}`),
      ...(spec.trunkAssociation === undefined
        ? []
        : [`${spec.trunkAssociation.trunkInterfaceId}/${spec.trunkAssociation.vlanId}`]),
    ]);
  return taken.filter((each, i) => taken.indexOf(each) !== i);
}

describe('several servers over one Kubernetes', { timeout: 30_000 }, () => {
  test('elect one writer; the other one forwards writes and shows them at once', async () => {
    const kube = createFakeKube();
    const first = await start(kube);
    await untilWritable(first);
    const second = await start(kube);
    await eventually('the second knows the writer', async () =>
      second.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.1.0.0/16' })).then(
        () => true,
        () => false,
      ),
    );
    for (let i = 0; i < 20; i += 1) {
      const { Vpcs } = await first.client.send(new ec2.DescribeVpcsCommand({}));
      const { GroupId } = await second.client.send(
        new ec2.CreateSecurityGroupCommand({
          VpcId: Vpcs?.[0]?.VpcId,
          GroupName: `g${i}`,
          Description: 'x',
        }),
      );
      const asked = new ec2.DescribeSecurityGroupsCommand({ GroupIds: [GroupId ?? ''] });
      expect((await second.client.send(asked)).SecurityGroups).toHaveLength(1);
      await second.client.send(new ec2.DeleteSecurityGroupCommand({ GroupId }));
      await expect(second.client.send(asked)).rejects.toMatchObject({
        name: 'InvalidGroup.NotFound',
      });
    }
    await expect(
      second.client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/8' })),
    ).rejects.toMatchObject({ name: 'InvalidVpc.Range' });
    expect(kube.peekAll(LEASES)).toMatchObject([{ spec: { leaseTransitions: 1 } }]);
  });

  test('hand over at once when the writer stops', async () => {
    const kube = createFakeKube();
    const first = await start(kube);
    await untilWritable(first);
    const second = await start(kube);
    const before = holder(kube);
    await first.api.close();
    running = running.filter((api) => api !== first.api);
    await untilWritable(second);
    expect(holder(kube)).not.toBe(before);
  });

  test('a writer that was paused hands out no address and no VLAN id a second time', async () => {
    const kube = createFakeKube();
    const first = await start(kube);
    await untilWritable(first);
    const net = await makeNet(first.client);
    const [early, late, doomed] = [
      await makeInterface(first.client, net.subnet),
      await makeInterface(first.client, net.subnet),
      await makeInterface(first.client, net.subnet),
    ];
    const second = await start(kube);
    const resume = first.pause();
    // All of these have passed their checks and wait between decision and write.
    const lost = Promise.allSettled([
      makeInterface(first.client, net.subnet),
      makeInterface(first.client, net.subnet),
      first.client.send(associate(net.trunk, early, 7)),
      first.client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: doomed })),
    ]);
    await untilWritable(second);
    const made = [
      await makeInterface(second.client, net.subnet),
      await makeInterface(second.client, net.subnet),
    ];
    await second.client.send(associate(net.trunk, late, 7));
    await second.client.send(
      new ec2.CreateTagsCommand({ Resources: [doomed], Tags: [{ Key: 'kept', Value: 'yes' }] }),
    );
    resume();
    const outcomes = await lost;
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'rejected'));
    await eventually('late writes are undone', () => duplicates(kube).length === 0);
    await systemClock.sleep(100);
    expect(duplicates(kube)).toEqual([]);
    for (const { client } of [first, second]) {
      const ids = [...made, late, doomed];
      const { NetworkInterfaces: found } = await client.send(
        new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: ids }),
      );
      expect(found).toHaveLength(ids.length);
      const { InterfaceAssociations: associations } = await client.send(
        new ec2.DescribeTrunkInterfaceAssociationsCommand({}),
      );
      expect(associations).toMatchObject([{ BranchInterfaceId: late, VlanId: 7 }]);
    }
    // The late writes did arrive: two interfaces, an association, the mark of a deletion.
    const undone = second.api.logged.filter(({ message }) => message.startsWith('Undoing'));
    expect(undone.length).toBeGreaterThanOrEqual(3);
    // The former writer is a standby now, and good for writes through the new one.
    expect(await makeInterface(first.client, net.subnet)).toMatch(/^eni-/);
    expect(duplicates(kube)).toEqual([]);
  });

  test('a paused writer that nobody replaced goes on', async () => {
    const kube = createFakeKube();
    const only = await start(kube);
    await untilWritable(only);
    const net = await makeNet(only.client);
    const resume = only.pause();
    const held = makeInterface(only.client, net.subnet).then(
      () => 'acknowledged',
      () => 'refused',
    );
    await systemClock.sleep(LEASE_MS * 2);
    resume();
    expect(await held).toBe('refused');
    await eventually('it writes again', () =>
      makeInterface(only.client, net.subnet).then(
        () => true,
        () => false,
      ),
    );
    expect(duplicates(kube)).toEqual([]);
  });
});

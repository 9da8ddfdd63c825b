import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ec2 from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../src/api/client.ts';
import { LEASES, type Lease } from '../../src/api/core/lease.ts';
import { URL_ANNOTATION, WRITER_ANNOTATION } from '../../src/api/names.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../src/api/vpc/network-interface.ts';
import { createKubeClient } from '../../src/io/kube-client.ts';
import { readKubeConfig } from '../../src/io/kube-config.ts';
import { startHeldProxy, type HeldProxy } from './held-proxy.ts';
import {
  startKubeProcess,
  startServe,
  type ServeProcess,
  type TestProcess,
} from './serve-process.ts';

const LEASE_SECONDS = 2;
const WAIT_MS = 30_000;

let folder: string;
let cluster: TestProcess;
let kube: KubeClient & { close(): Promise<void> };
let servers: ServeProcess[];

beforeEach(async () => {
  servers = [];
  folder = mkdtempSync(join(tmpdir(), 'trunkline-ha-'));
  cluster = await startKubeProcess(folder);
  kube = createKubeClient(await readKubeConfig(join(folder, 'kubeconfig')));
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.end('SIGKILL')));
  await kube.close();
  await cluster.end('SIGTERM');
  rmSync(folder, { recursive: true });
});

async function start(config = 'kubeconfig'): Promise<ServeProcess> {
  const path = join(folder, config);
  const lease = ['--lease-seconds', String(LEASE_SECONDS)];
  const server = await startServe('--store', 'kubernetes', '--kubeconfig', path, ...lease);
  servers.push(server);
  return server;
}

async function eventually<T>(what: string, check: () => Promise<T | undefined>): Promise<T> {
  const untilMs = performance.now() + WAIT_MS;
  while (performance.now() < untilMs) {
    const value = await check();
    if (value !== undefined) return value;
    await sleep(20);
  }
  throw new Error(`Never came true: ${what}`);
}

const ok = <T>(promise: Promise<T>): Promise<T | undefined> => promise.catch(() => undefined);

async function lease(): Promise<Lease | undefined> {
  return kube.get(LEASES, { namespace: 'default', name: 'trunkline-vpc-api' });
}

/** A proxy before the Kubernetes API, and the name of a kubeconfig that goes through it. */
async function startProxy(): Promise<{ proxy: HeldProxy; config: string }> {
  const text = readFileSync(join(folder, 'kubeconfig'), 'utf8');
  const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  const proxy = await startHeldProxy(port);
  writeFileSync(join(folder, 'held'), text.replace(`:${port}`, `:${proxy.port}`));
  return { proxy, config: 'held' };
}

/** The server that holds the lease, and the other one. */
async function roles(): Promise<{ leader: ServeProcess; standby: ServeProcess }> {
  return eventually('one of them leads', async () => {
    const url = (await lease())?.metadata.annotations?.[URL_ANNOTATION];
    const leader = servers.find((server) => server.url === url);
    const standby = servers.find((server) => server.url !== url);
    return leader && standby && { leader, standby };
  });
}

async function startTwo(): Promise<{
  leader: ServeProcess;
  standby: ServeProcess;
  subnet: string;
}> {
  await Promise.all([start(), start()]);
  const { leader, standby } = await roles();
  return { leader, standby, subnet: await makeSubnet(standby) };
}

async function makeSubnet(server: ServeProcess): Promise<string> {
  const client = server.client();
  const vpc = new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' });
  const VpcId = await eventually('a write is answered', async () => {
    return (await ok(client.send(vpc)))?.Vpc?.VpcId;
  });
  const made = await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/20' }));
  return made.Subnet?.SubnetId ?? '';
}

async function createInterface(
  client: ec2.EC2Client,
  subnet: string,
  more: Partial<ec2.CreateNetworkInterfaceRequest> = {},
): Promise<string | undefined> {
  const create = new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnet, ...more });
  return (await ok(client.send(create)))?.NetworkInterface?.NetworkInterfaceId;
}

async function associate(
  client: ec2.EC2Client,
  trunk: string,
  branch: string,
): Promise<string | undefined> {
  const VlanId = VLAN;
  const request = { TrunkInterfaceId: trunk, BranchInterfaceId: branch, VlanId };
  const made = await ok(client.send(new ec2.AssociateTrunkInterfaceCommand(request)));
  return made?.InterfaceAssociation?.AssociationId;
}

const VLAN = 7;

async function stored(): Promise<readonly NetworkInterface[]> {
  return (await kube.list(NETWORK_INTERFACES)).items;
}

/** Addresses and VLANs of a trunk that more than one stored interface has. */
function twice(interfaces: readonly NetworkInterface[]): readonly string[] {
  const taken = interfaces.flatMap(({ spec }) => [
    ...spec.privateIps,
    ...(spec.trunkAssociation === undefined
      ? []
      : [`${spec.trunkAssociation.trunkInterfaceId}/${spec.trunkAssociation.vlanId}`]),
  ]);
  return taken.filter((each, i) => taken.indexOf(each) !== i);
}

async function listIds(client: ec2.EC2Client): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const page of ec2.paginateDescribeNetworkInterfaces({ client, pageSize: 1000 }, {}))
    for (const eni of page.NetworkInterfaces ?? []) ids.add(eni.NetworkInterfaceId ?? '');
  return ids;
}

function epochOf({ metadata }: NetworkInterface): number {
  return Number.parseInt(metadata.annotations?.[WRITER_ANNOTATION] ?? '', 10);
}

describe('two processes over one Kubernetes', { timeout: 120_000 }, () => {
  test('the standby forwards writes, shows them at once, and reads without the leader', async () => {
    const { leader, standby, subnet } = await startTwo();
    const [first, second] = [leader.client(), standby.client()];
    for (let i = 0; i < 20; i += 1) {
      const id = (await createInterface(second, subnet)) ?? 'not made';
      const asked = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] });
      for (const client of [second, first])
        expect((await client.send(asked)).NetworkInterfaces).toHaveLength(1);
      await second.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }));
      await expect(second.send(asked)).rejects.toMatchObject({
        name: 'InvalidNetworkInterfaceID.NotFound',
      });
    }
    const bad = new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/8' });
    await expect(second.send(bad)).rejects.toMatchObject({ name: 'InvalidVpc.Range' });
    leader.signal('SIGSTOP');
    const { Subnets } = await second.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [subnet] }));
    expect(Subnets).toHaveLength(1);
    // A write that was sent to the stopped one is answered by an error, not never.
    const write = second.send(new ec2.CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
    await expect(write).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('a leader that was stopped past its lease gives nothing out a second time', async () => {
    let { leader, standby, subnet } = await startTwo();
    for (let round = 0; round < 2; round += 1) {
      const old = leader.client();
      const trunk = (await createInterface(old, subnet, { InterfaceType: 'trunk' })) ?? '';
      const branches = [
        (await createInterface(old, subnet)) ?? '',
        (await createInterface(old, subnet)) ?? '',
      ] as const;
      // Some of these are decided and not written when the process stops, some not even read.
      const pending = [
        associate(old, trunk, branches[0]),
        ...Array.from({ length: 60 }, () => createInterface(old, subnet)),
      ];
      await Promise.race(pending.slice(1));
      leader.signal('SIGSTOP');
      const late = Array.from({ length: 10 }, () => createInterface(old, subnet));

      const fresh = standby.client();
      const after = await eventually('the standby took over', async () => {
        return createInterface(fresh, subnet);
      });
      const made = await Promise.all(
        Array.from({ length: 40 }, () => createInterface(fresh, subnet)),
      );
      expect(made).not.toContain(undefined);
      const won = await associate(fresh, trunk, branches[1]);
      const epoch = (await lease())?.spec?.leaseTransitions ?? 0;
      const before = new Set((await stored()).map(({ metadata }) => metadata.name));

      leader.signal('SIGCONT');
      const acknowledged = (await Promise.all([...pending.slice(1), ...late])).filter(
        (id) => id !== undefined,
      );
      const lost = await pending[0];
      expect([won, lost].filter((each) => each !== undefined)).toHaveLength(1);
      await eventually('late writes are undone', async () => {
        return twice(await stored()).length === 0 ? true : undefined;
      });
      await sleep(200);
      const end = await stored();
      expect(twice(end)).toEqual([]);
      // What the old one wrote itself is what the new one found when it began, and no more.
      const old1 = end.filter((each) => epochOf(each) < epoch).map(({ metadata }) => metadata.name);
      expect(old1.filter((name) => !before.has(name))).toEqual([]);
      const ids = new Set(end.map(({ metadata }) => metadata.name));
      for (const id of [...acknowledged, ...made, after, ...branches]) expect(ids).toContain(id);
      for (const server of [leader, standby]) expect(await listIds(server.client())).toEqual(ids);
      ({ leader, standby } = await roles());
    }
  });

  test('writes of an old leader that arrive late are not acknowledged, and undone', async () => {
    const { proxy, config } = await startProxy();
    const old = await start(config);
    const subnet = await makeSubnet(old);
    const client = old.client();
    const trunk = (await createInterface(client, subnet, { InterfaceType: 'trunk' })) ?? '';
    const [early, late, doomed] = await Promise.all([
      createInterface(client, subnet),
      createInterface(client, subnet),
      createInterface(client, subnet),
    ]);
    const standby = await start();
    proxy.hold();
    const remove = new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: doomed });
    const pending = [
      associate(client, trunk, early ?? ''),
      ok(client.send(remove)),
      ...Array.from({ length: 20 }, () => createInterface(client, subnet)),
    ];
    const fresh = standby.client();
    const first = await eventually('the standby took over', () => createInterface(fresh, subnet));
    const made = [
      first,
      ...(await Promise.all(Array.from({ length: 20 }, () => createInterface(fresh, subnet)))),
    ];
    expect(await associate(fresh, trunk, late ?? '')).toBeDefined();
    proxy.release();
    expect((await Promise.all(pending)).filter((each) => each !== undefined)).toEqual([]);
    const wanted = new Set([trunk, early, late, doomed, ...made]);
    await eventually('late writes are undone', async () => {
      return (await stored()).length === wanted.size ? true : undefined;
    });
    await sleep(200);
    const end = await stored();
    expect(twice(end)).toEqual([]);
    expect(new Set(end.map(({ metadata }) => metadata.name))).toEqual(wanted);
    expect(standby.errors()).toContain('Undoing the late write of an earlier writer');
    // The old one is a standby now, and good for writes through the new one.
    expect(await eventually('it forwards', () => createInterface(client, subnet))).toMatch(/^eni-/);
    for (const server of [old, standby])
      expect((await listIds(server.client())).size).toBe(wanted.size + 1);
    await proxy.close();
  });

  test('kill -9 of the leader during 200 creates through both, then of all', async () => {
    const { leader, standby, subnet } = await startTwo();
    const clients = [leader.client(), standby.client()] as const;
    let acknowledged = 0;
    let killed: Promise<unknown> | undefined;
    const create = (client: ec2.EC2Client, i: number): Promise<string | undefined> =>
      createInterface(client, subnet, { ClientToken: `token-${i}` });
    const attempts = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const id = await create(clients[i % 2 === 0 ? 0 : 1], i);
        if (id !== undefined && ++acknowledged === 10) killed = leader.end('SIGKILL');
        return id;
      }),
    );
    expect(await killed).toBe('SIGKILL');
    expect(acknowledged).toBeLessThan(200);

    const retried = await Promise.all(
      attempts.map((_, i) => eventually(`token ${i} is answered`, () => create(clients[1], i))),
    );
    for (const [i, id] of attempts.entries()) if (id !== undefined) expect(retried[i]).toBe(id);
    expect(new Set(retried).size).toBe(200);
    const whole = await stored();
    expect(twice(whole)).toEqual([]);
    expect(whole.map(({ metadata }) => metadata.name).sort()).toEqual([...retried].sort());
    expect(await listIds(clients[1])).toEqual(new Set(retried));

    await standby.end('SIGKILL');
    servers = [];
    await Promise.all([start(), start()]);
    const again = (await roles()).standby.client();
    const more = await eventually('a write is answered', () => createInterface(again, subnet));
    expect(await listIds(again)).toEqual(new Set([...retried, more]));
    expect(twice(await stored())).toEqual([]);
    expect(await create(again, 0)).toBe(retried[0]);
  });
});

import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../../base/clock.fake.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../io/clock.ts';
import { createInformers } from '../../io/informer.ts';
import { cryptoRandom } from '../../io/random.ts';
import { createStore, followStore } from '../store/store.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';
import { createImds } from './imds.ts';
import { serveImds, type ServedImds } from './serve.ts';
import { sourceFromStore } from './source.ts';

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN = 'x-aws-ec2-metadata-token';

let api: TestApi;
let served: ServedImds;
let clock: FakeClock;
let base: string;
let instance: ec2.Instance;
let trunk: ec2.NetworkInterface;
let branch: ec2.NetworkInterface;
let limiting: 'works' | 'broken' = 'works';
let limited: number[] = [];
const stop = new AbortController();

beforeAll(async () => {
  api = await startTestApi();
  await makeInstance(api.client());
  const store = createStore({ kube: api.kube, clock: systemClock });
  const { signal } = stop;
  const informers = createInformers({ kube: api.kube, clock: systemClock, log: silentLog, signal });
  await followStore(store, informers);
  clock = createFakeClock();
  const source = sourceFromStore(store, instance.InstanceId ?? '', () => ({
    roleName: 'node',
    accessKeyId: 'ASIA',
    secretAccessKey: 's',
    token: 't',
    lastUpdated: '2026-01-01T00:00:00Z',
    expiration: '2026-01-01T06:00:00Z',
  }));
  const listener = { host: '127.0.0.1', port: 0 };
  const imds = createImds({ source, clock, random: cryptoRandom });
  served = await serveImds(imds, listener, (_socket, hops) => {
    if (limiting === 'broken') throw new Error('no such socket');
    limited.push(hops);
  });
  base = `http://127.0.0.1:${served.port}`;
});
afterAll(async () => {
  stop.abort();
  await served.close();
  await api.close();
});

async function makeInstance(client: ec2.EC2Client): Promise<void> {
  const vpc = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const { Subnet: subnet } = await client.send(
    new ec2.CreateSubnetCommand({ VpcId: vpc.Vpc?.VpcId, CidrBlock: '10.0.1.0/24' }),
  );
  const run = await client.send(
    new ec2.RunInstancesCommand({
      ImageId: 'ami-0123456789abcdef0',
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnet?.SubnetId,
      UserData: Buffer.from('#!/bin/sh\n').toString('base64'),
    }),
  );
  [instance] = run.Instances as [ec2.Instance];
  const make = async (type?: 'trunk'): Promise<ec2.NetworkInterface> => {
    const made = await client.send(
      new ec2.CreateNetworkInterfaceCommand({
        SubnetId: subnet?.SubnetId,
        ...(type && { InterfaceType: type }),
      }),
    );
    return made.NetworkInterface ?? {};
  };
  trunk = await make('trunk');
  branch = await make();
  await client.send(
    new ec2.AttachNetworkInterfaceCommand({
      InstanceId: instance.InstanceId,
      NetworkInterfaceId: trunk.NetworkInterfaceId,
      DeviceIndex: 1,
    }),
  );
  await client.send(
    new ec2.AssociateTrunkInterfaceCommand({
      TrunkInterfaceId: trunk.NetworkInterfaceId,
      BranchInterfaceId: branch.NetworkInterfaceId,
      VlanId: 1,
    }),
  );
}

async function put(headers: Record<string, string>): Promise<Response> {
  return fetch(`${base}/latest/api/token`, { method: 'PUT', headers });
}

async function get(path: string, token?: string): Promise<[number, string]> {
  const answer = await fetch(`${base}${path}`, { headers: token ? { [TOKEN]: token } : {} });
  return [answer.status, await answer.text()];
}

async function read(path: string): Promise<string> {
  const [status, text] = await get(path, await (await put({ [TTL]: '60' })).text());
  expect([path, status]).toEqual([path, 200]);
  return text;
}

describe('tokens', () => {
  test('live as long as asked for, which the answer repeats', async () => {
    const answer = await put({ [TTL]: '300' });
    expect([answer.status, answer.headers.get(TTL)]).toEqual([200, '300']);
    const token = await answer.text();
    expect((await get('/latest/meta-data/mac', token))[0]).toBe(200);
    await clock.advance(299_000);
    expect((await get('/latest/meta-data/mac', token))[0]).toBe(200);
    await clock.advance(1_000);
    expect((await get('/latest/meta-data/mac', token))[0]).toBe(401);
    expect((await get('/latest/meta-data/mac', 'guessed'))[0]).toBe(401);
  });

  test.each<[string, Record<string, string>, number]>([
    ['no TTL', {}, 400],
    ['a TTL of 0', { [TTL]: '0' }, 400],
    ['a TTL over six hours', { [TTL]: '21601' }, 400],
    ['a TTL that is no number', { [TTL]: 'x' }, 400],
    ['a proxy', { [TTL]: '60', 'x-forwarded-for': '10.0.0.1' }, 403],
  ])('are refused for %s', async (_what, headers, status) => {
    expect((await put(headers)).status).toBe(status);
  });

  test('are needed once the instance requires them, and no use once it is disabled', async () => {
    const change = async (options: Partial<ec2.ModifyInstanceMetadataOptionsRequest>) => {
      await api.client().send(
        new ec2.ModifyInstanceMetadataOptionsCommand({
          InstanceId: instance.InstanceId,
          ...options,
        }),
      );
      await systemClock.sleep(50);
    };
    expect((await get('/latest/meta-data/mac'))[0]).toBe(200);
    await change({ HttpTokens: 'required' });
    expect((await get('/latest/meta-data/mac'))[0]).toBe(401);
    const token = await (await put({ [TTL]: '60' })).text();
    expect((await get('/latest/meta-data/mac', token))[0]).toBe(200);
    await change({ HttpEndpoint: 'disabled' });
    expect((await get('/latest/meta-data/mac', token))[0]).toBe(403);
    expect((await put({ [TTL]: '60' })).status).toBe(403);
    await change({ HttpEndpoint: 'enabled', HttpTokens: 'optional' });
  });
});

describe('hops', () => {
  const hops = async (hopLimit: number): Promise<void> => {
    const change = { InstanceId: instance.InstanceId, HttpPutResponseHopLimit: hopLimit };
    await api.client().send(new ec2.ModifyInstanceMetadataOptionsCommand(change));
    await systemClock.sleep(50);
  };

  test('of every answer to PUT are limited, to 1 unless the instance says otherwise', async () => {
    limited = [];
    await get('/latest/meta-data/mac');
    expect(limited).toEqual([]);
    await put({ [TTL]: '60' });
    await put({});
    await fetch(`${base}/latest/meta-data/mac`, { method: 'PUT' });
    expect(limited).toEqual([1, 1, 1]);
    await hops(2);
    await put({ [TTL]: '60' });
    expect(limited).toEqual([1, 1, 1, 2]);
    await hops(1);
  });

  test('that cannot be limited leave no answer', async () => {
    limiting = 'broken';
    await expect(put({ [TTL]: '60' })).rejects.toThrow('fetch failed');
    limiting = 'works';
    expect((await put({ [TTL]: '60' })).status).toBe(200);
  });
});

describe('the tree', () => {
  test('shows the instance', async () => {
    const eni = instance.NetworkInterfaces?.[0];
    expect(await read('/latest/meta-data/instance-id')).toBe(instance.InstanceId);
    expect(await read('/latest/meta-data/instance-type')).toBe('m5.large');
    expect(await read('/latest/meta-data/local-ipv4')).toBe(eni?.PrivateIpAddress);
    expect(await read('/latest/meta-data/mac')).toBe(eni?.MacAddress);
    expect(await read('/latest/meta-data/placement/region')).toBe('us-east-1');
    expect(await read('/latest/meta-data/placement/availability-zone')).toBe('us-east-1a');
    expect(await read('/latest/meta-data/security-groups')).toBe('default');
    expect(await read('/latest/user-data')).toBe('#!/bin/sh\n');
    expect(await read('/2021-01-03/meta-data/services/partition')).toBe('aws');
    expect(JSON.parse(await read('/latest/dynamic/instance-identity/document'))).toMatchObject({
      accountId: '111122223333',
      architecture: 'x86_64',
      instanceId: instance.InstanceId,
      instanceType: 'm5.large',
      privateIp: eni?.PrivateIpAddress,
      region: 'us-east-1',
      version: '2017-09-30',
      kernelId: null,
      pendingTime: expect.stringMatching(/T\d\d:\d\d:\d\dZ$/),
    });
  });

  test('lists directories with a slash, with and without one in the request', async () => {
    const names = (await read('/latest/meta-data')).split('\n');
    expect(names).toContain('placement/');
    expect(names).toContain('instance-id');
    expect(await read('/latest/meta-data/')).toBe(names.join('\n'));
    expect(await read('/latest/')).toBe('dynamic/\nmeta-data/\nuser-data');
    expect(await read('/')).toBe('latest');
  });

  test('has the primary and the trunk interface, and no branch', async () => {
    const macs = (await read('/latest/meta-data/network/interfaces/macs/')).split('\n');
    const primary = instance.NetworkInterfaces?.[0];
    expect(macs.toSorted()).toEqual([`${primary?.MacAddress}/`, `${trunk.MacAddress}/`].sort());
    const of = (key: string): Promise<string> =>
      read(`/latest/meta-data/network/interfaces/macs/${trunk.MacAddress}/${key}`);
    expect(await of('interface-id')).toBe(trunk.NetworkInterfaceId);
    expect(await of('device-number')).toBe('1');
    expect(await of('subnet-id')).toBe(trunk.SubnetId);
    expect(await of('vpc-id')).toBe(trunk.VpcId);
    expect(await of('security-group-ids')).toBe(trunk.Groups?.[0]?.GroupId);
    expect(await of('local-ipv4s')).toBe(trunk.PrivateIpAddress);
    expect(await of('subnet-ipv4-cidr-block')).toBe('10.0.1.0/24');
    expect(await of('vpc-ipv4-cidr-blocks')).toBe('10.0.0.0/16');
  });

  test('shows the keys of the role', async () => {
    expect(await read('/latest/meta-data/iam/security-credentials/')).toBe('node');
    const keys = await read('/latest/meta-data/iam/security-credentials/node');
    expect(JSON.parse(keys)).toMatchObject({ Code: 'Success', Type: 'AWS-HMAC', Token: 't' });
  });

  const MAC_KEYS = ['network-card', 'ipv6s', 'ipv4-prefix', 'ipv6-prefix', 'vpc-ipv6-cidr-blocks'];
  test.each([
    '/latest/meta-data/nothing',
    '/latest/meta-data/instance-id/below',
    '/latest/meta-data/ipv6',
    '/latest/meta-data/tags/instance',
    '/latest/meta-data/constructor',
    '/elsewhere',
    ...MAC_KEYS.map((key) => `/latest/meta-data/network/interfaces/macs/MAC/${key}`),
  ])('answers 404 for what is not there: %s', async (path) => {
    const asked = path.replace('MAC', trunk.MacAddress ?? '');
    expect((await get(asked))[0]).toBe(404);
  });

  test('is read only', async () => {
    const answer = await fetch(`${base}/latest/meta-data/mac`, { method: 'POST', body: 'x' });
    expect(answer.status).toBe(405);
  });
});

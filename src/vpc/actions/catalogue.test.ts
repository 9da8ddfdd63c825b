import * as ec2 from '@aws-sdk/client-ec2';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scalar, Shape } from '../../ec2/codec/model.ts';
import { EC2_MODEL, IAM_MODEL, STS_MODEL } from '../../ec2/codec/services.ts';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';
import { IAM_ACTIONS } from '../iam/actions/table.ts';
import { STS_ACTIONS } from '../sts/table.ts';
import { EC2_ACTIONS } from './table.ts';

let api: TestApi;
let client: ec2.EC2Client;
beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
});
afterAll(() => api.close());

test('every implemented action is in the model under its exact name', () => {
  const unknown = Object.keys(EC2_ACTIONS).filter((name) => EC2_MODEL.action(name) === undefined);
  expect(unknown).toEqual([]);
  expect(Object.keys(STS_ACTIONS).every((name) => STS_MODEL.action(name))).toBe(true);
  expect(Object.keys(IAM_ACTIONS).every((name) => IAM_MODEL.action(name))).toBe(true);
});

test('every changing action that has DryRun honours it before it looks at anything', async () => {
  const changing = Object.keys(EC2_ACTIONS).filter(
    (name) => !name.startsWith('Describe') && EC2_MODEL.action(name)?.input?.byName.has('DryRun'),
  );
  expect(changing.length).toBeGreaterThan(20);
  const before = api.kube.calls.length;
  for (const name of changing) {
    const members = EC2_MODEL.action(name)?.input?.members ?? [];
    const required = members.filter((member) => member.required);
    const input = Object.fromEntries(
      required.map((member) => [member.name, sampleOf(member.shape())]),
    );
    const Command = (ec2 as unknown as Record<string, new (input: object) => never>)[
      `${name}Command`
    ];
    if (Command === undefined) throw new Error(`The SDK has no ${name}`);
    const dry = client.send<never, never>(new Command({ ...input, DryRun: true }));
    await expect(dry, name).rejects.toMatchObject({
      name: 'DryRunOperation',
      $metadata: { httpStatusCode: 412 },
    });
  }
  expect(api.kube.calls.length).toBe(before);
});

function sampleOf(shape: Shape): unknown {
  if (typeof shape === 'string') return SAMPLES[shape];
  if (shape.kind === 'list') return [sampleOf(shape.item())];
  if (shape.kind === 'map') return { x: sampleOf(shape.value()) };
  const needed = shape.members.filter((member, i) => member.required || i === 0);
  return Object.fromEntries(needed.map((member) => [member.name, sampleOf(member.shape())]));
}

const SAMPLES: Readonly<Record<Scalar, unknown>> = {
  string: 'x',
  number: 1,
  boolean: true,
  timestamp: new Date(0),
  blob: new Uint8Array(1),
};

describe('zones and regions', () => {
  test('have the names and ids of the region that the caller signed for', async () => {
    const there = new ec2.EC2Client({
      endpoint: api.endpoint,
      region: 'ap-southeast-2',
      credentials: TEST_KEY,
    });
    const { AvailabilityZones } = await there.send(new ec2.DescribeAvailabilityZonesCommand({}));
    there.destroy();
    expect(AvailabilityZones?.map(({ ZoneName, ZoneId }) => [ZoneName, ZoneId])).toEqual([
      ['ap-southeast-2a', 'apse2-az1'],
      ['ap-southeast-2b', 'apse2-az2'],
      ['ap-southeast-2c', 'apse2-az3'],
    ]);
  });

  test('can be asked for by name, and unknown ones are refused', async () => {
    const ask = (ZoneNames: string[]) =>
      client.send(new ec2.DescribeAvailabilityZonesCommand({ ZoneNames }));
    expect((await ask(['us-east-1b'])).AvailabilityZones).toMatchObject([{ ZoneId: 'use1-az2' }]);
    await expect(ask(['us-east-1z'])).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const regions = await client.send(
      new ec2.DescribeRegionsCommand({ RegionNames: ['eu-west-1'] }),
    );
    expect(regions.Regions).toMatchObject([{ Endpoint: 'ec2.eu-west-1.amazonaws.com' }]);
  });

  test('objects of one region are not seen in another', async () => {
    const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const there = new ec2.EC2Client({
      endpoint: api.endpoint,
      region: 'eu-west-1',
      credentials: TEST_KEY,
    });
    const seen = await there.send(new ec2.DescribeVpcsCommand({}));
    expect(seen.Vpcs).toEqual([]);
    const VpcIds = [Vpc?.VpcId ?? ''];
    await expect(there.send(new ec2.DescribeVpcsCommand({ VpcIds }))).rejects.toMatchObject({
      name: 'InvalidVpcID.NotFound',
    });
    there.destroy();
  });
});

describe('listeners', () => {
  test('may be a socket that the parent process opened', { timeout: 30_000 }, async () => {
    const opened: Server = createServer();
    await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
    const { port } = opened.address() as AddressInfo;
    const { fd } = (opened as unknown as { _handle: { fd: number } })._handle;
    const script = `
      import { startTestApi } from '${import.meta.dirname}/../testing.fake.ts';
      await startTestApi({ listeners: [{ fd: 3 }] });
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit', fd],
    });
    opened.close();
    await once(child.stdout as Readable, 'data');
    const endpoint = `http://127.0.0.1:${port}`;
    const there = new ec2.EC2Client({ endpoint, region: 'us-east-1', credentials: TEST_KEY });
    expect((await there.send(new ec2.DescribeVpcsCommand({}))).Vpcs).toEqual([]);
    there.destroy();
    child.kill();
    await once(child, 'exit');
  });
});

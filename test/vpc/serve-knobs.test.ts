import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe, type ServeProcess } from './serve-process.ts';

const LATENCY_MS = 400;
const DELAY_MS = 1_500;
const KNOBS = {
  throttle: { DescribeRegions: { size: 4, perSecond: 2 } },
  latencyMs: { DescribeRouteTables: LATENCY_MS },
  errors: [
    { action: 'Create*Group', code: 'InsufficientInstanceCapacity', message: 'None.', times: 2 },
    { action: 'DescribeAccount*', code: 'InternalError', probability: 0.5 },
  ],
  consistencyDelayMs: DELAY_MS,
};

const folder = mkdtempSync(join(tmpdir(), 'trunkline-knobs-'));
let served: ServeProcess;
let client: ec2.EC2Client;
beforeAll(async () => {
  const file = join(folder, 'knobs.json');
  writeFileSync(file, JSON.stringify(KNOBS));
  served = await startServe('--knobs', file, '--seed', 'default-vpcs');
  client = served.client();
});
afterAll(async () => {
  await served.end('SIGTERM');
  rmSync(folder, { recursive: true });
});

async function timed(call: Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await call;
  return performance.now() - beganMs;
}

const nameOf = (error: unknown): string => (error as Error).name;

describe('a process with knobs', { timeout: 20_000 }, () => {
  test('refuses calls beyond the bucket, which fills again', async () => {
    const call = (): Promise<string> =>
      client.send(new ec2.DescribeRegionsCommand({})).then(() => 'answered', nameOf);
    const outcomes = await Promise.all(Array.from({ length: 20 }, call));
    const answered = outcomes.filter((each) => each === 'answered').length;
    // Four, and what came in while the twenty were on their way.
    expect(answered).toBeGreaterThanOrEqual(4);
    expect(answered).toBeLessThan(12);
    expect(new Set(outcomes)).toEqual(new Set(['answered', 'RequestLimitExceeded']));
    await sleep(600);
    expect(await call()).toBe('answered');
    await client.send(new ec2.DescribeVpcsCommand({}));
  });

  test('takes its time where it is told to, and only there', async () => {
    const describeTables = client.send(new ec2.DescribeRouteTablesCommand({}));
    const slowMs = await timed(describeTables);
    expect(slowMs).toBeGreaterThanOrEqual(LATENCY_MS - 5);
    const fast = [];
    for (let i = 0; i < 5; i += 1)
      fast.push(await timed(client.send(new ec2.DescribeNetworkAclsCommand({}))));
    expect(Math.min(...fast)).toBeLessThan(LATENCY_MS / 2);
  });

  test('fails calls by the first rule that fits, as often as it says, without doing them', async () => {
    const create = (): Promise<unknown> =>
      client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'g', Description: 'g' }));
    const injected = { name: 'InsufficientInstanceCapacity', message: 'None.' };
    await expect(create()).rejects.toMatchObject(injected);
    await expect(create()).rejects.toMatchObject(injected);
    // Done the first time now: else the name would be taken.
    await create();
    await expect(create()).rejects.toMatchObject({ name: 'InvalidGroup.Duplicate' });
    const attributes = (): Promise<string> =>
      client.send(new ec2.DescribeAccountAttributesCommand({})).then(() => 'answered', nameOf);
    const outcomes = await Promise.all(Array.from({ length: 40 }, attributes));
    expect(new Set(outcomes)).toEqual(new Set(['answered', 'InternalError']));
  });

  test('does not show at once what it created, and then does', async () => {
    const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const describeIt = new ec2.DescribeVpcsCommand({ VpcIds: [Vpc?.VpcId ?? ''] });
    await expect(client.send(describeIt)).rejects.toMatchObject({ name: 'InvalidVpcID.NotFound' });
    // What acts on it finds it, as on AWS more often than not.
    const VpcId = Vpc?.VpcId;
    await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock: '10.9.0.0/24' }));
    await sleep(DELAY_MS + 100);
    expect((await client.send(describeIt)).Vpcs).toHaveLength(1);
  });
});

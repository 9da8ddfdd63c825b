import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ec2 from '@aws-sdk/client-ec2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, describe, expect, test } from 'vitest';
import { KEY, startServe } from './serve-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-serve-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Health {
  readonly status: string;
  readonly objects: number;
}

async function json(url: string, method = 'GET'): Promise<Health> {
  return (await (await fetch(url, { method })).json()) as Health;
}

describe('trunkline vpc serve', { timeout: 30_000 }, () => {
  test('starts in under a second, answers EC2 and STS, and stops cleanly on SIGTERM', async () => {
    const served = await startServe('--seed', 'default-vpcs');
    // The promise is 1 s on a machine of its own; tests share theirs.
    expect(served.startMs).toBeLessThan(3_000);
    const { Vpcs: vpcs } = await served.client().send(new ec2.DescribeVpcsCommand({}));
    expect(vpcs).toMatchObject([{ IsDefault: true, CidrBlock: '172.31.0.0/16' }]);
    const { Subnets: subnets } = await served.client().send(new ec2.DescribeSubnetsCommand({}));
    // One in each of the six zones.
    expect(subnets?.map((each) => each.CidrBlock).sort()).toEqual(
      [0, 16, 32, 48, 64, 80].map((third) => `172.31.${third}.0/20`),
    );
    const sts = new STSClient({ endpoint: served.url, region: 'eu-west-1', credentials: KEY });
    const { Account } = await sts.send(new GetCallerIdentityCommand({}));
    expect(Account).toBe('111122223333');
    sts.destroy();
    expect(await served.end('SIGTERM')).toBe(0);
  });

  test('has no development routes unless asked for', async () => {
    const served = await startServe();
    const answer = await fetch(`${served.url}/_trunkline/reset`, { method: 'POST' });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    await served.end('SIGTERM');
  });

  test('resets to the seeded state', async () => {
    const served = await startServe('--seed', 'default-vpcs', '--dev');
    const seeded = await json(`${served.url}/_trunkline/health`);
    const client = served.client();
    const [before] = (await client.send(new ec2.DescribeVpcsCommand({}))).Vpcs ?? [];
    await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    expect((await json(`${served.url}/_trunkline/health`)).objects).toBeGreaterThan(seeded.objects);
    expect(await json(`${served.url}/_trunkline/reset`, 'POST')).toEqual(seeded);
    const after = (await client.send(new ec2.DescribeVpcsCommand({}))).Vpcs ?? [];
    expect(after).toHaveLength(1);
    expect(after[0]?.VpcId).not.toBe(before?.VpcId);
    await served.end('SIGTERM');
  });

  test('keeps its state in a file, which one process at a time has open', async () => {
    const store = join(folder, 'state.sqlite');
    const first = await startServe('--store', store, '--seed', 'default-vpcs');
    const made = await first.client().send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    await expect(startServe('--store', store)).rejects.toThrow(/locked/);
    await first.end('SIGTERM');
    const second = await startServe('--store', store, '--seed', 'default-vpcs');
    const { Vpcs } = await second.client().send(new ec2.DescribeVpcsCommand({}));
    expect(Vpcs?.map((vpc) => vpc.VpcId)).toContain(made.Vpc?.VpcId);
    expect(Vpcs?.filter((vpc) => vpc.IsDefault)).toHaveLength(1);
    await second.end('SIGTERM');
    expect(readFileSync(store).length).toBeGreaterThan(0);
  });

  test('misbehaves as told by a file of knobs', async () => {
    const knobs = join(folder, 'knobs.json');
    const errors = [{ action: 'CreateVpc', code: 'InternalError', times: 1 }];
    writeFileSync(knobs, JSON.stringify({ errors }));
    const served = await startServe('--knobs', knobs);
    const create = (): Promise<unknown> =>
      served.client().send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    await expect(create()).rejects.toMatchObject({ name: 'InternalError' });
    await create();
    await served.end('SIGTERM');
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, expect, test } from 'vitest';
import { startServe } from './serve-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A thousand are under way at a time (the sockets of a client); more wait, so that the kill hits. */
const CREATES = 2000;
const KILL_AFTER = 300;

interface Attempt {
  readonly token: string;
  /** Undefined: no answer came. */
  readonly made: ec2.NetworkInterface | undefined;
}

async function makeSubnet(client: ec2.EC2Client): Promise<string> {
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const { Subnet } = await client.send(
    new ec2.CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.0.0.0/20' }),
  );
  return Subnet?.SubnetId ?? '';
}

function create(client: ec2.EC2Client, subnet: string, token: string): Promise<Attempt> {
  return client
    .send(new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnet, ClientToken: token }))
    .then(
      ({ NetworkInterface: made }) => ({ token, made }),
      () => ({ token, made: undefined }),
    );
}

async function listAll(client: ec2.EC2Client): Promise<ec2.NetworkInterface[]> {
  const found: ec2.NetworkInterface[] = [];
  const pages = ec2.paginateDescribeNetworkInterfaces({ client, pageSize: 1000 }, {});
  for await (const page of pages) found.push(...(page.NetworkInterfaces ?? []));
  return found;
}

/** What a complete interface has; half an object would lack some of it. */
function isComplete(eni: ec2.NetworkInterface): boolean {
  const parts = [eni.MacAddress, eni.PrivateIpAddress, eni.VpcId, eni.Groups?.[0]?.GroupId];
  return eni.Status === 'available' && parts.every((part) => part !== undefined && part !== '');
}

test(
  'kill -9 during 1,000 concurrent creates loses nothing that was acknowledged',
  { timeout: 120_000 },
  async () => {
    const store = join(folder, 'state.sqlite');
    const first = await startServe('--store', store);
    const client = first.client();
    const subnet = await makeSubnet(client);
    let acknowledged = 0;
    let killed: Promise<unknown> | undefined;
    const attempts = await Promise.all(
      Array.from({ length: CREATES }, async (_, i) => {
        const attempt = await create(client, subnet, `token-${i}`);
        if (attempt.made !== undefined && ++acknowledged === KILL_AFTER)
          killed = first.end('SIGKILL');
        return attempt;
      }),
    );
    expect(await killed).toBe('SIGKILL');
    process.stdout.write(`${acknowledged} of ${CREATES} were acknowledged before the kill\n`);
    expect(acknowledged).toBeLessThan(CREATES);

    const second = await startServe('--store', store);
    const again = second.client();
    const stored = new Map((await listAll(again)).map((eni) => [eni.NetworkInterfaceId, eni]));
    for (const { made } of attempts)
      if (made !== undefined)
        expect(stored.get(made.NetworkInterfaceId)).toMatchObject({
          MacAddress: made.MacAddress,
          PrivateIpAddress: made.PrivateIpAddress,
        });
    expect([...stored.values()].filter((eni) => !isComplete(eni))).toEqual([]);

    const retried = await Promise.all(attempts.map(({ token }) => create(again, subnet, token)));
    for (const [i, { made }] of retried.entries()) {
      expect(made).toBeDefined();
      const before = attempts[i]?.made;
      if (before !== undefined) expect(made?.NetworkInterfaceId).toBe(before.NetworkInterfaceId);
    }
    const all = await listAll(again);
    expect(all).toHaveLength(CREATES);
    expect(new Set(all.map((eni) => eni.PrivateIpAddress)).size).toBe(CREATES);
    expect(await second.end('SIGTERM')).toBe(0);
  },
);

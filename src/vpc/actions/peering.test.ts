import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VPC_PEERING_CONNECTIONS } from '../../api/vpc/vpc-peering-connection.ts';
import { createFakeClock } from '../../base/clock.fake.ts';
import { OTHER_KEY, startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

const ACCOUNT = '111122223333';
const OTHER_ACCOUNT = '444455556666';
let api: TestApi;
let client: ec2.EC2Client;
let other: ec2.EC2Client;
let far: ec2.EC2Client;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await startTestApi({ quotas: { vpcsPerRegion: 40, pendingPeeringsPerVpc: 3 } });
  client = api.client();
  other = api.client(OTHER_KEY);
  far = new ec2.EC2Client({
    endpoint: api.endpoint,
    region: 'eu-west-1',
    credentials: TEST_KEY,
    maxAttempts: 1,
  });
  ids['own'] = await makeVpc(client, '10.0.0.0/16');
  ids['second'] = await makeVpc(client, '10.1.0.0/16');
  ids['foreign'] = await makeVpc(other, '10.2.0.0/16');
  ids['far'] = await makeVpc(far, '10.3.0.0/16');
});
afterAll(async () => {
  far.destroy();
  await api.close();
});

function failure(code: string, message?: string): unknown {
  return expect.objectContaining({ name: code, ...(message !== undefined && { message }) });
}

async function makeVpc(by: ec2.EC2Client, CidrBlock: string): Promise<string> {
  const { Vpc } = await by.send(new ec2.CreateVpcCommand({ CidrBlock }));
  return Vpc?.VpcId ?? '';
}

async function request(
  PeerVpcId: string | undefined,
  more: Partial<ec2.CreateVpcPeeringConnectionRequest> = {},
): Promise<ec2.VpcPeeringConnection> {
  const made = await client.send(
    new ec2.CreateVpcPeeringConnectionCommand({ VpcId: ids['own'], PeerVpcId, ...more }),
  );
  return made.VpcPeeringConnection ?? {};
}

type Verb = 'Accept' | 'Reject' | 'Delete';
const COMMANDS = {
  Accept: ec2.AcceptVpcPeeringConnectionCommand,
  Reject: ec2.RejectVpcPeeringConnectionCommand,
  Delete: ec2.DeleteVpcPeeringConnectionCommand,
};

async function act(verb: Verb, by: ec2.EC2Client, id: string | undefined): Promise<void> {
  const command = new COMMANDS[verb]({ VpcPeeringConnectionId: id });
  await by.send<never, never>(command as never);
}

async function find(by: ec2.EC2Client, ...Filters: ec2.Filter[]) {
  const found = await by.send(new ec2.DescribeVpcPeeringConnectionsCommand({ Filters }));
  return found.VpcPeeringConnections ?? [];
}

async function show(by: ec2.EC2Client, id = ''): Promise<ec2.VpcPeeringConnection | undefined> {
  return (await find(by, { Name: 'vpc-peering-connection-id', Values: [id] }))[0];
}

describe('a peering within an account', () => {
  test('is requested, accepted and deleted, and routes follow', async () => {
    const made = await request(ids['second']);
    const id = made.VpcPeeringConnectionId;
    expect(made).toMatchObject({
      VpcPeeringConnectionId: expect.stringMatching(/^pcx-[0-9a-f]{17}$/) as string,
      Status: { Code: 'initiating-request', Message: `Initiating Request to ${ACCOUNT}` },
      RequesterVpcInfo: { VpcId: ids['own'], CidrBlock: '10.0.0.0/16', Region: 'us-east-1' },
    });
    expect((await show(client, id))?.Status).toEqual({
      Code: 'pending-acceptance',
      Message: `Pending Acceptance by ${ACCOUNT}`,
    });
    await expect(request(ids['second'])).rejects.toEqual(
      failure('VpcPeeringConnectionAlreadyExists'),
    );
    const table = await client.send(new ec2.CreateRouteTableCommand({ VpcId: ids['own'] }));
    const { RouteTableId } = table.RouteTable ?? {};
    await client.send(
      new ec2.CreateRouteCommand({
        RouteTableId,
        DestinationCidrBlock: '10.1.0.0/16',
        VpcPeeringConnectionId: id,
      }),
    );
    const routeState = async (): Promise<string | undefined> => {
      const { RouteTables } = await client.send(
        new ec2.DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId ?? ''] }),
      );
      return RouteTables?.[0]?.Routes?.at(-1)?.State;
    };
    expect(await routeState()).toBe('blackhole');
    await act('Accept', client, id);
    expect(await routeState()).toBe('active');
    expect(await show(client, id)).toMatchObject({
      Status: { Code: 'active', Message: 'Active' },
      AccepterVpcInfo: {
        CidrBlock: '10.1.0.0/16',
        CidrBlockSet: [{ CidrBlock: '10.1.0.0/16' }],
        PeeringOptions: { AllowDnsResolutionFromRemoteVpc: false },
      },
    });
    await expect(act('Accept', client, id)).rejects.toEqual(failure('InvalidStateTransition'));
    await expect(client.send(new ec2.DeleteVpcCommand({ VpcId: ids['second'] }))).rejects.toEqual(
      failure('DependencyViolation'),
    );
    await expect(
      client.send(
        new ec2.AssociateVpcCidrBlockCommand({ VpcId: ids['own'], CidrBlock: '10.1.128.0/20' }),
      ),
    ).rejects.toEqual(failure('InvalidVpc.Range'));
    await act('Delete', client, id);
    expect((await show(client, id))?.Status).toEqual({
      Code: 'deleted',
      Message: `Deleted by ${ACCOUNT}`,
    });
    expect(await routeState()).toBe('blackhole');
    await expect(act('Delete', client, id)).rejects.toEqual(failure('InvalidStateTransition'));
  });

  test('fails when the blocks overlap', async () => {
    const twin = await makeVpc(client, '10.0.128.0/17');
    const { VpcPeeringConnectionId: id } = await request(twin);
    expect((await show(client, id))?.Status).toEqual({
      Code: 'failed',
      Message: 'Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range',
    });
    await client.send(new ec2.DeleteVpcCommand({ VpcId: twin }));
  });

  test('across regions is accepted there, and not here', async () => {
    const { VpcPeeringConnectionId: id } = await request(ids['far'], { PeerRegion: 'eu-west-1' });
    await expect(act('Accept', client, id)).rejects.toEqual(
      failure(
        'OperationNotPermitted',
        `Incorrect region (us-east-1) specified for this request. VPC peering connection ${id} must be accepted in region eu-west-1`,
      ),
    );
    await act('Accept', far, id);
    for (const by of [client, far])
      expect(await show(by, id)).toMatchObject({
        Status: { Code: 'active' },
        AccepterVpcInfo: { Region: 'eu-west-1' },
      });
  });
});

describe('a peering of two accounts', () => {
  const peer = { PeerOwnerId: OTHER_ACCOUNT };

  test('is answered by the other; each has its own tags', async () => {
    const made = await request(ids['foreign'], {
      ...peer,
      TagSpecifications: [
        { ResourceType: 'vpc-peering-connection', Tags: [{ Key: 'side', Value: 'a' }] },
      ],
    });
    const id = made.VpcPeeringConnectionId ?? '';
    await expect(act('Accept', client, id)).rejects.toEqual(
      failure('OperationNotPermitted', `User (${ACCOUNT}) cannot accept peering ${id}`),
    );
    expect((await show(other, id))?.AccepterVpcInfo?.CidrBlock).toBeUndefined();
    await other.send(
      new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'side', Value: 'b' }] }),
    );
    expect((await show(client, id))?.Tags).toEqual([{ Key: 'side', Value: 'a' }]);
    expect((await show(other, id))?.Tags).toEqual([{ Key: 'side', Value: 'b' }]);
    expect(await find(other, { Name: 'tag:side', Values: ['b'] })).toHaveLength(1);
    const { Tags } = await other.send(
      new ec2.DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }),
    );
    expect(Tags).toMatchObject([{ ResourceType: 'vpc-peering-connection', Value: 'b' }]);
    await act('Reject', other, id);
    for (const by of [client, other])
      expect((await show(by, id))?.Status).toEqual({
        Code: 'rejected',
        Message: `Rejected by ${OTHER_ACCOUNT}`,
      });
    await expect(act('Accept', other, id)).rejects.toEqual(failure('InvalidStateTransition'));
  });

  test('fails quietly when the other VPC is not there, and only the requester sees it', async () => {
    const { VpcPeeringConnectionId: id } = await request('vpc-00000000', peer);
    expect((await show(client, id))?.Status?.Code).toBe('failed');
    expect(await show(other, id)).toBeUndefined();
  });

  test('has options of each side', async () => {
    const { VpcPeeringConnectionId: id } = await request(ids['foreign'], peer);
    const modify = (
      by: ec2.EC2Client,
      input: Omit<ec2.ModifyVpcPeeringConnectionOptionsRequest, 'VpcPeeringConnectionId'>,
    ) =>
      by.send(
        new ec2.ModifyVpcPeeringConnectionOptionsCommand({ VpcPeeringConnectionId: id, ...input }),
      );
    const on = { AllowDnsResolutionFromRemoteVpc: true };
    await expect(modify(client, { RequesterPeeringConnectionOptions: on })).rejects.toEqual(
      failure(
        'OperationNotPermitted',
        `Peering ${id} is not active. Peering options can be added only to active peerings.`,
      ),
    );
    await act('Accept', other, id);
    expect(await modify(client, { RequesterPeeringConnectionOptions: on })).toMatchObject({
      RequesterPeeringConnectionOptions: on,
    });
    await expect(modify(client, { AccepterPeeringConnectionOptions: on })).rejects.toEqual(
      failure('OperationNotPermitted'),
    );
    await expect(modify(client, {})).rejects.toEqual(failure('InvalidParameterCombination'));
    expect(await show(other, id)).toMatchObject({
      RequesterVpcInfo: { PeeringOptions: on },
      AccepterVpcInfo: { PeeringOptions: { AllowDnsResolutionFromRemoteVpc: false } },
    });
    await act('Delete', other, id);
    expect((await show(client, id))?.Status?.Message).toBe(`Deleted by ${OTHER_ACCOUNT}`);
  });
});

describe('requests for peerings', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['without a peer', () => request(undefined), 'MissingParameter'],
    ['with an unknown own VPC', () => request('vpc-00000000'), 'InvalidVpcID.NotFound'],
    ['with a malformed id', () => request('vpc-x'), 'InvalidVpcID.Malformed'],
    [
      'of an unknown connection',
      () => act('Accept', client, 'pcx-00000000'),
      'InvalidVpcPeeringConnectionId.NotFound',
    ],
    [
      'of a malformed connection',
      () => act('Delete', client, 'x'),
      'InvalidVpcPeeringConnectionId.Malformed',
    ],
  ])('%s are refused', async (_name, send, code) => {
    await expect(send()).rejects.toEqual(failure(code));
  });

  test('are limited while nobody answers, and found by filters', async () => {
    const fill = async (): Promise<void> => {
      for (let i = 20; i < 30; i++) await request(await makeVpc(client, `10.${i}.0.0/16`));
    };
    await expect(fill()).rejects.toEqual(failure('OutstandingVpcPeeringConnectionLimitExceeded'));
    const waiting = await find(
      client,
      { Name: 'status-code', Values: ['pending-acceptance'] },
      { Name: 'requester-vpc-info.vpc-id', Values: [ids['own'] ?? ''] },
      { Name: 'requester-vpc-info.cidr-block', Values: ['10.0.0.0/16'] },
      { Name: 'accepter-vpc-info.owner-id', Values: [ACCOUNT] },
    );
    expect(waiting).toHaveLength(3);
  });
});

test('a request expires after seven days, and is forgotten two hours later', async () => {
  const clock = createFakeClock(Date.now());
  const slow = await startTestApi({ clock });
  const by = slow.client();
  const day = 24 * 3_600_000;
  const [VpcId, PeerVpcId] = [await makeVpc(by, '10.0.0.0/16'), await makeVpc(by, '10.1.0.0/16')];
  const made = await by.send(new ec2.CreateVpcPeeringConnectionCommand({ VpcId, PeerVpcId }));
  const { VpcPeeringConnectionId: id, ExpirationTime } = made.VpcPeeringConnection ?? {};
  expect(ExpirationTime?.getTime()).toBeGreaterThan(Date.now() + 7 * day - 60_000);
  const later = async (durationMs: number): Promise<ec2.VpcPeeringConnection | undefined> => {
    await clock.advance(durationMs);
    const then = new ec2.EC2Client({
      endpoint: slow.endpoint,
      region: 'us-east-1',
      credentials: TEST_KEY,
      systemClockOffset: clock.nowMs() - Date.now(),
    });
    const shown = await show(then, id);
    await expect(act('Accept', then, id)).rejects.toBeDefined();
    then.destroy();
    return shown;
  };
  expect((await later(7 * day))?.Status).toEqual({ Code: 'expired', Message: 'Expired' });
  expect(await later(day)).toBeUndefined();
  const again = await startTestApi({ clock, kube: slow.kube });
  expect(again.kube.peekAll(VPC_PEERING_CONNECTIONS)).toEqual([]);
  await Promise.all([slow.close(), again.close()]);
});

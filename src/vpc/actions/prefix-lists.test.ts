import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let groupId = '';

beforeAll(async () => {
  api = await startTestApi({
    quotas: { rulesPerGroup: 10, prefixListsPerRegion: 40, versionsPerPrefixList: 3 },
  });
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const group = { VpcId: Vpc?.VpcId, GroupName: 'g', Description: 'g' };
  const made = await client.send(new ec2.CreateSecurityGroupCommand(group));
  groupId = made.GroupId ?? '';
});
afterAll(() => api.close());

type Create = Partial<ec2.CreateManagedPrefixListCommandInput>;

async function makeList(input: Create = {}): Promise<ec2.ManagedPrefixList> {
  const command = new ec2.CreateManagedPrefixListCommand({
    PrefixListName: 'list',
    AddressFamily: 'IPv4',
    MaxEntries: 5,
    ...input,
  });
  return (await client.send(command)).PrefixList ?? {};
}

async function makeId(input: Create = {}): Promise<string> {
  return (await makeList(input)).PrefixListId ?? '';
}

type Modify = Partial<ec2.ModifyManagedPrefixListCommandInput>;

async function modify(PrefixListId: string, input: Modify): Promise<ec2.ManagedPrefixList> {
  const command = new ec2.ModifyManagedPrefixListCommand({ PrefixListId, ...input });
  return (await client.send(command)).PrefixList ?? {};
}

async function entries(PrefixListId: string, TargetVersion?: number): Promise<string[]> {
  const command = new ec2.GetManagedPrefixListEntriesCommand({ PrefixListId, TargetVersion });
  return ((await client.send(command)).Entries ?? []).map(
    ({ Cidr, Description }) => `${Cidr}${Description === undefined ? '' : ` ${Description}`}`,
  );
}

const remove = (PrefixListId: string) =>
  client.send(new ec2.DeleteManagedPrefixListCommand({ PrefixListId }));

const authorize = (PrefixListId: string, IsEgress = false) => {
  const rule = { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, PrefixListIds: [{ PrefixListId }] };
  const input = { GroupId: groupId, IpPermissions: [rule] };
  return IsEgress
    ? client.send(new ec2.AuthorizeSecurityGroupEgressCommand(input))
    : client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input));
};

const revoke = (PrefixListId: string) =>
  client.send(
    new ec2.RevokeSecurityGroupIngressCommand({
      GroupId: groupId,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, PrefixListIds: [{ PrefixListId }] },
      ],
    }),
  );

function failure(code: string, message?: RegExp): unknown {
  return expect.objectContaining({
    name: code,
    ...(message && { message: expect.stringMatching(message) }),
  });
}

describe('creating a prefix list', () => {
  test('stores version 1 with canonical blocks, tags and an ARN', async () => {
    const list = await makeList({
      Entries: [{ Cidr: '10.1.2.3/8', Description: 'office' }, { Cidr: '192.0.2.0/24' }],
      TagSpecifications: [{ ResourceType: 'prefix-list', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    expect(list).toMatchObject({
      PrefixListId: expect.stringMatching(/^pl-[0-9a-f]{17}$/),
      PrefixListName: 'list',
      AddressFamily: 'IPv4',
      MaxEntries: 5,
      Version: 1,
      State: 'create-complete',
      OwnerId: '111122223333',
      Tags: [{ Key: 'a', Value: 'b' }],
      PrefixListArn: `arn:aws:ec2:us-east-1:111122223333:prefix-list/${list.PrefixListId}`,
    });
    expect(await entries(list.PrefixListId ?? '')).toEqual(['10.0.0.0/8 office', '192.0.2.0/24']);
  });

  test('with the same token gives the same list, and with other parameters none', async () => {
    const ClientToken = 'prefix-list-token';
    const ids = await Promise.all([makeId({ ClientToken }), makeId({ ClientToken })]);
    expect(new Set(ids).size).toBe(1);
    await expect(makeList({ ClientToken, MaxEntries: 6 })).rejects.toEqual(
      failure('IdempotentParameterMismatch'),
    );
  });

  test.each<[string, Create, string, RegExp]>([
    ['a name of AWS', { PrefixListName: 'com.amazonaws.x' }, 'InvalidParameterValue', /Name/],
    ['an unknown family', { AddressFamily: 'IPv5' }, 'InvalidParameterValue', /addressFamily/],
    ['no room', { MaxEntries: 0 }, 'InvalidParameterValue', /between 1 and 1000/],
    ['too much room', { MaxEntries: 1001 }, 'InvalidParameterValue', /between 1 and 1000/],
    [
      'a block of the other family',
      { Entries: [{ Cidr: 'fd00::/8' }] },
      'InvalidParameterValue',
      /malformed/,
    ],
    ['a bare address', { Entries: [{ Cidr: '10.0.0.1' }] }, 'InvalidParameterValue', /malformed/],
    [
      'the same block twice',
      { Entries: [{ Cidr: '10.0.0.1/8' }, { Cidr: '10.0.0.2/8' }] },
      'InvalidParameterValue',
      /several times/,
    ],
    [
      'more entries than room',
      { MaxEntries: 1, Entries: [{ Cidr: '10.0.0.0/8' }, { Cidr: '11.0.0.0/8' }] },
      'PrefixListMaxEntriesExceeded',
      /maximum/,
    ],
    [
      'more than 100 entries at once',
      {
        MaxEntries: 200,
        Entries: Array.from({ length: 101 }, (_, i) => ({ Cidr: `10.0.${i}.0/24` })),
      },
      'InvalidParameterValue',
      /limit \(100\)/,
    ],
  ])('refuses %s', async (_what, input, code, message) => {
    await expect(makeList(input)).rejects.toEqual(failure(code, message));
  });
});

describe('modifying a prefix list', () => {
  test('makes versions, which can be read and restored, the oldest being forgotten', async () => {
    const id = await makeId({ Entries: [{ Cidr: '10.0.0.0/8', Description: 'one' }] });
    const second = await modify(id, { CurrentVersion: 1, AddEntries: [{ Cidr: '11.0.0.0/8' }] });
    expect(second).toMatchObject({ Version: 2, State: 'modify-complete' });
    await modify(id, { CurrentVersion: 2, RemoveEntries: [{ Cidr: '10.0.0.0/8' }] });
    expect(await entries(id)).toEqual(['11.0.0.0/8']);
    expect((await entries(id, 2)).sort()).toEqual(['10.0.0.0/8 one', '11.0.0.0/8']);
    expect(await entries(id, 1)).toEqual(['10.0.0.0/8 one']);
    const restored = await client.send(
      new ec2.RestoreManagedPrefixListVersionCommand({
        PrefixListId: id,
        PreviousVersion: 1,
        CurrentVersion: 3,
      }),
    );
    expect(restored.PrefixList).toMatchObject({ Version: 4, State: 'restore-complete' });
    expect(await entries(id)).toEqual(['10.0.0.0/8 one']);
    expect(await entries(id, 3)).toEqual(['11.0.0.0/8']);
    await expect(entries(id, 1)).rejects.toEqual(failure('InvalidParameterValue', /version 1/));
    await expect(entries(id, 5)).rejects.toEqual(failure('InvalidParameterValue', /version 5/));
  });

  test('of name or size keeps the version', async () => {
    const id = await makeId();
    expect(await modify(id, { PrefixListName: 'other' })).toMatchObject({ Version: 1 });
    expect(await modify(id, { MaxEntries: 7 })).toMatchObject({ Version: 1, MaxEntries: 7 });
    const Filters = [{ Name: 'prefix-list-name', Values: ['oth*'] }];
    const found = await client.send(new ec2.DescribeManagedPrefixListsCommand({ Filters }));
    expect(found.PrefixLists?.map((list) => list.PrefixListId)).toEqual([id]);
  });

  test.each<[string, Modify, string, RegExp]>([
    [
      'a stale version',
      { CurrentVersion: 2, AddEntries: [{ Cidr: '1.0.0.0/8' }] },
      'PrefixListVersionMismatch',
      /incorrect version number/,
    ],
    ['no version', { AddEntries: [{ Cidr: '1.0.0.0/8' }] }, 'MissingParameter', /currentVersion/],
    [
      'entries and size at once',
      { CurrentVersion: 1, MaxEntries: 9, AddEntries: [{ Cidr: '1.0.0.0/8' }] },
      'InvalidParameterCombination',
      /same request/,
    ],
    ['nothing', {}, 'MissingParameter', /change/],
    [
      'to add what is there',
      { CurrentVersion: 1, AddEntries: [{ Cidr: '10.0.0.0/8' }] },
      'InvalidRequest',
      /invalid/,
    ],
    [
      'to remove what is not',
      { CurrentVersion: 1, RemoveEntries: [{ Cidr: '1.0.0.0/8' }] },
      'InvalidRequest',
      /invalid/,
    ],
    [
      'the same in both',
      {
        CurrentVersion: 1,
        AddEntries: [{ Cidr: '10.0.0.0/8' }],
        RemoveEntries: [{ Cidr: '10.0.0.0/8' }],
      },
      'InvalidParameterValue',
      /both/,
    ],
    ['less room than entries', { MaxEntries: 1 }, 'PrefixListMaxEntriesExceeded', /maximum/],
    [
      'more entries than room',
      { CurrentVersion: 1, AddEntries: [1, 2, 3, 4].map((i) => ({ Cidr: `${i}.0.0.0/8` })) },
      'PrefixListMaxEntriesExceeded',
      /maximum/,
    ],
  ])('refuses %s', async (_what, input, code, message) => {
    const id = await makeId({ Entries: [{ Cidr: '10.0.0.0/8' }, { Cidr: '11.0.0.0/8' }] });
    await expect(modify(id, input)).rejects.toEqual(failure(code, message));
    await remove(id);
  });

  test('from two sides at once succeeds for one', async () => {
    const id = await makeId();
    const results = await Promise.allSettled(
      ['1.0.0.0/8', '2.0.0.0/8', '3.0.0.0/8'].map((Cidr) =>
        modify(id, { CurrentVersion: 1, AddEntries: [{ Cidr }] }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await entries(id)).toHaveLength(1);
  });
});

describe('rules with prefix lists', () => {
  test('weigh as much as the list may hold, in the family of the list', async () => {
    const [six, five] = [await makeId({ MaxEntries: 6 }), await makeId({ MaxEntries: 5 })];
    const v6 = await makeId({ MaxEntries: 9, AddressFamily: 'IPv6' });
    const made = await authorize(six);
    expect(made.SecurityGroupRules).toMatchObject([{ PrefixListId: six, IpProtocol: 'tcp' }]);
    const limit = failure('RulesPerSecurityGroupLimitExceeded');
    await expect(authorize(five)).rejects.toEqual(limit);
    await authorize(v6);
    await authorize(five, true);
    await expect(modify(six, { MaxEntries: 11 })).rejects.toEqual(limit);
    await modify(six, { MaxEntries: 10 });
    await expect(authorize(six)).rejects.toEqual(failure('InvalidPermission.Duplicate'));
    const Filters = [{ Name: 'ip-permission.prefix-list-id', Values: [six] }];
    const found = await client.send(new ec2.DescribeSecurityGroupsCommand({ Filters }));
    expect(found.SecurityGroups?.map((group) => group.GroupId)).toEqual([groupId]);
    const used = await client.send(
      new ec2.GetManagedPrefixListAssociationsCommand({ PrefixListId: six }),
    );
    expect(used.PrefixListAssociations).toEqual([
      { ResourceId: groupId, ResourceOwner: '111122223333' },
    ]);
    await expect(remove(six)).rejects.toEqual(failure('DependencyViolation'));
    await revoke(six);
    expect((await remove(six)).PrefixList?.State).toBe('delete-complete');
    await expect(entries(six)).rejects.toEqual(
      failure('InvalidPrefixListID.NotFound', new RegExp(`'${six}' does not exist`)),
    );
  });

  test('of unknown or foreign lists are refused', async () => {
    const foreign = await api.client(OTHER_KEY).send(
      new ec2.CreateManagedPrefixListCommand({
        PrefixListName: 'f',
        AddressFamily: 'IPv4',
        MaxEntries: 1,
      }),
    );
    for (const id of ['pl-01234567', foreign.PrefixList?.PrefixListId ?? ''])
      await expect(authorize(id)).rejects.toEqual(failure('InvalidPrefixListID.NotFound'));
    await expect(authorize('pl-x')).rejects.toEqual(failure('InvalidPrefixListId.Malformed'));
  });

  test('never refer to a list that is deleted at the same time', async () => {
    for (let i = 0; i < 5; i++) {
      const id = await makeId({ MaxEntries: 1 });
      const [added, removed] = await Promise.allSettled([authorize(id), remove(id)]);
      expect([added.status, removed.status].sort()).toEqual(['fulfilled', 'rejected']);
      if (added.status === 'fulfilled') await revoke(id);
    }
  });
});

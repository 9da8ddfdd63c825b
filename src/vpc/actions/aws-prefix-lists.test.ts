import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PREFIX_LISTS } from '../../api/vpc/prefix-list.ts';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId: string;
let groupId: string;

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  groupId = await makeGroup('g');
});
afterAll(() => api.close());

async function makeGroup(GroupName: string): Promise<string> {
  const group = { VpcId: vpcId, GroupName, Description: 'g' };
  return (await client.send(new ec2.CreateSecurityGroupCommand(group))).GroupId ?? '';
}

const named = (name: string): ec2.Filter[] => [{ Name: 'prefix-list-name', Values: [name] }];

async function find(name: string, by = client): Promise<ec2.ManagedPrefixList> {
  const request = new ec2.DescribeManagedPrefixListsCommand({ Filters: named(name) });
  return (await by.send(request)).PrefixLists?.[0] ?? {};
}

async function idOf(name: string): Promise<string> {
  return (await find(`com.amazonaws.us-east-1.${name}`)).PrefixListId ?? '';
}

function allow(PrefixListId: string, GroupId = groupId, port = 443): Promise<unknown> {
  return client.send(
    new ec2.AuthorizeSecurityGroupEgressCommand({
      GroupId,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: port, ToPort: port, PrefixListIds: [{ PrefixListId }] },
      ],
    }),
  );
}

describe("AWS's own prefix lists", () => {
  test('are described with their weights, the same to every account', async () => {
    const s3 = await find('com.amazonaws.us-east-1.s3');
    expect(s3).toMatchObject({
      AddressFamily: 'IPv4',
      State: 'create-complete',
      PrefixListArn: `arn:aws:ec2:us-east-1:aws:prefix-list/${s3.PrefixListId}`,
      MaxEntries: 1,
      Version: 1,
      OwnerId: 'AWS',
      Tags: [],
    });
    expect(await find('com.amazonaws.us-east-1.s3', api.client(OTHER_KEY))).toEqual(s3);
    const Filters = [{ Name: 'owner-id', Values: ['AWS'] }];
    const all = await client.send(new ec2.DescribeManagedPrefixListsCommand({ Filters }));
    const weights = all.PrefixLists?.map(
      (list) => [list.PrefixListName?.split('.').slice(2).join('.'), list.MaxEntries] as const,
    );
    expect(Object.fromEntries(weights ?? [])).toMatchObject({
      'us-east-1.s3': 1,
      'us-east-1.dynamodb': 1,
      'us-east-1.ec2-instance-connect': 2,
      'us-east-1.ipv6.ec2-instance-connect': 2,
      'us-east-1.route53-healthchecks': 25,
      'us-east-1.vpc-lattice': 10,
      'global.cloudfront.origin-facing': 55,
    });
  });

  test('are of a region, found by id beside those of the account, page by page', async () => {
    const s3 = await idOf('s3');
    const made = await client.send(
      new ec2.CreateManagedPrefixListCommand({
        PrefixListName: 'mine',
        AddressFamily: 'IPv4',
        MaxEntries: 1,
      }),
    );
    const mine = made.PrefixList?.PrefixListId ?? '';
    const ask = (input: ec2.DescribeManagedPrefixListsRequest) =>
      client.send(new ec2.DescribeManagedPrefixListsCommand(input));
    const both = await ask({ PrefixListIds: [s3, mine] });
    expect(both.PrefixLists?.map((list) => list.PrefixListId)).toEqual([s3, mine]);
    expect((await ask({ PrefixListIds: [s3] })).PrefixLists).toHaveLength(1);
    const whole = (await ask({})).PrefixLists ?? [];
    const paged: ec2.ManagedPrefixList[] = [];
    const pages = ec2.paginateDescribeManagedPrefixLists({ client, pageSize: 5 }, {});
    for await (const page of pages) paged.push(...(page.PrefixLists ?? []));
    const ids = (lists: readonly ec2.ManagedPrefixList[]): string[] =>
      lists.map((list) => list.PrefixListId ?? '').sort();
    expect(ids(paged)).toEqual(ids(whole));
    expect(new Set(ids(whole)).size).toBe(whole.length);
    await expect(ask({ PrefixListIds: [s3, 'pl-00000000000000000'] })).rejects.toMatchObject({
      name: 'InvalidPrefixListID.NotFound',
    });
    const { endpoint } = api;
    const { credentials } = client.config;
    const abroad = new ec2.EC2Client({ endpoint, region: 'eu-west-1', credentials });
    expect((await find('com.amazonaws.eu-west-1.s3', abroad)).PrefixListId).not.toBe(s3);
    expect(await find('com.amazonaws.us-east-1.s3', abroad)).toEqual({});
    abroad.destroy();
  });

  test('show their blocks, as do DescribePrefixLists', async () => {
    const PrefixListId = await idOf('s3');
    const { Entries } = await client.send(
      new ec2.GetManagedPrefixListEntriesCommand({ PrefixListId }),
    );
    const cidrs = Entries?.map(({ Cidr }) => Cidr);
    expect(cidrs).toContain('52.216.0.0/15');
    const services = await client.send(
      new ec2.DescribePrefixListsCommand({ Filters: named('com.amazonaws.us-east-1.*') }),
    );
    expect(services.PrefixLists?.find((list) => list.PrefixListId === PrefixListId)).toEqual({
      PrefixListId,
      PrefixListName: 'com.amazonaws.us-east-1.s3',
      Cidrs: cidrs,
    });
    const PrefixListIds = ['pl-00000000000000000'];
    await expect(
      client.send(new ec2.DescribePrefixListsCommand({ PrefixListIds })),
    ).rejects.toMatchObject({ name: 'InvalidPrefixListID.NotFound' });
  });

  test('are referred to in rules and routes, where the filter finds their blocks', async () => {
    const s3 = await idOf('s3');
    expect(api.kube.peekAll(PREFIX_LISTS).some(({ metadata }) => metadata.name === s3)).toBe(false);
    await Promise.all([allow(s3), allow(s3, await makeGroup('second'))]);
    const stored = api.kube.peekAll(PREFIX_LISTS).find(({ metadata }) => metadata.name === s3);
    expect(stored?.spec.entries).toContainEqual({ cidr: '52.216.0.0/15' });
    const { SecurityGroups } = await client.send(
      new ec2.DescribeSecurityGroupsCommand({ GroupIds: [groupId] }),
    );
    expect(SecurityGroups?.[0]?.IpPermissionsEgress).toContainEqual(
      expect.objectContaining({ PrefixListIds: [{ PrefixListId: s3 }] }),
    );
    expect((await find('com.amazonaws.us-east-1.s3')).PrefixListId).toBe(s3);
    const rules = await client.send(
      new ec2.DescribeSecurityGroupRulesCommand({
        Filters: [{ Name: 'group-id', Values: [groupId] }],
      }),
    );
    const rule = rules.SecurityGroupRules?.find((each) => each.PrefixListId === s3);
    const lattice = await idOf('vpc-lattice');
    await client.send(
      new ec2.ModifySecurityGroupRulesCommand({
        GroupId: groupId,
        SecurityGroupRules: [
          {
            SecurityGroupRuleId: rule?.SecurityGroupRuleId,
            SecurityGroupRule: {
              IpProtocol: 'tcp',
              FromPort: 443,
              ToPort: 443,
              PrefixListId: lattice,
            },
          },
        ],
      }),
    );
    const dynamodb = await idOf('dynamodb');
    const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand({ VpcId: vpcId }));
    const { InternetGateway } = await client.send(new ec2.CreateInternetGatewayCommand({}));
    const { InternetGatewayId } = InternetGateway ?? {};
    await client.send(new ec2.AttachInternetGatewayCommand({ VpcId: vpcId, InternetGatewayId }));
    await client.send(
      new ec2.CreateRouteCommand({
        RouteTableId: RouteTable?.RouteTableId,
        DestinationPrefixListId: dynamodb,
        GatewayId: InternetGatewayId,
      }),
    );
    const names = api.kube.peekAll(PREFIX_LISTS).map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining([s3, lattice, dynamodb]));
  });

  test('weigh what AWS says in the quota of rules', async () => {
    const group = await makeGroup('heavy');
    const { PrefixListId: cloudfront = '' } = await find(
      'com.amazonaws.global.cloudfront.origin-facing',
    );
    await allow(cloudfront, group);
    await expect(allow(cloudfront, group, 80)).rejects.toMatchObject({
      name: 'RulesPerSecurityGroupLimitExceeded',
    });
    await allow(await idOf('s3'), group);
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    [
      'changed',
      (PrefixListId) =>
        client.send(
          new ec2.ModifyManagedPrefixListCommand({ PrefixListId, PrefixListName: 'mine' }),
        ),
    ],
    [
      'restored',
      (PrefixListId) =>
        client.send(
          new ec2.RestoreManagedPrefixListVersionCommand({
            PrefixListId,
            PreviousVersion: 1,
            CurrentVersion: 1,
          }),
        ),
    ],
    [
      'deleted',
      (PrefixListId) => client.send(new ec2.DeleteManagedPrefixListCommand({ PrefixListId })),
    ],
    [
      'asked for their uses',
      (PrefixListId) =>
        client.send(new ec2.GetManagedPrefixListAssociationsCommand({ PrefixListId })),
    ],
  ])('are not %s, also after they were referred to', async (_what, act) => {
    for (const name of ['s3', 'route53-healthchecks'])
      await expect(act(await idOf(name))).rejects.toMatchObject({ name: 'OperationNotPermitted' });
  });
});

import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let peerId = '';

beforeAll(async () => {
  api = await startTestApi({ quotas: { rulesPerGroup: 5, vpcsPerRegion: 3 } });
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  peerId = await makeGroup('peer');
});
afterAll(() => api.close());

async function makeGroup(GroupName: string, VpcId = vpcId): Promise<string> {
  const made = await client.send(
    new ec2.CreateSecurityGroupCommand({ GroupName, VpcId, Description: 'd' }),
  );
  return made.GroupId ?? '';
}

function failure(code: string, message?: string | RegExp): unknown {
  const text = message instanceof RegExp ? expect.stringMatching(message) : message;
  return expect.objectContaining({ name: code, ...(message !== undefined && { message: text }) });
}

function authorize(GroupId: string, ...IpPermissions: ec2.IpPermission[]) {
  return client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
}

function revoke(GroupId: string, ...IpPermissions: ec2.IpPermission[]) {
  return client.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
}

async function rulesOf(groupId: string): Promise<ec2.SecurityGroupRule[]> {
  const Filters = [{ Name: 'group-id', Values: [groupId] }];
  const found = await client.send(new ec2.DescribeSecurityGroupRulesCommand({ Filters }));
  return found.SecurityGroupRules ?? [];
}

const tcp = (port: number, CidrIp = '0.0.0.0/0'): ec2.IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  IpRanges: [{ CidrIp }],
});

describe('creating groups', () => {
  test('gives the default egress rule and no ingress', async () => {
    const rules = await rulesOf(await makeGroup('fresh'));
    expect(rules).toHaveLength(1);
    expect(rules[0]).toMatchObject({
      IsEgress: true,
      IpProtocol: '-1',
      FromPort: -1,
      ToPort: -1,
      CidrIpv4: '0.0.0.0/0',
    });
  });

  test.each<[string, object, string, string | RegExp]>([
    [
      'a used name',
      { GroupName: 'peer' },
      'InvalidGroup.Duplicate',
      /already exists for VPC 'vpc-/,
    ],
    ['a name that looks like an id', { GroupName: 'sg-x' }, 'InvalidParameterValue', /sg-\*/],
    ['the name default', { GroupName: 'default' }, 'InvalidGroup.Reserved', /reserved/],
    [
      'characters that AWS refuses',
      { GroupName: 'a|b' },
      'InvalidParameterValue',
      /Character sets/,
    ],
    ['a long name', { GroupName: 'a'.repeat(256) }, 'InvalidParameterValue', /255/],
    ['no description', { Description: '' }, 'MissingParameter', /GroupDescription/],
    ['an unknown VPC', { VpcId: 'vpc-0123456789abcdef0' }, 'InvalidVpcID.NotFound', /The vpc ID/],
    ['a malformed VPC', { VpcId: 'vpc-x' }, 'InvalidVpcID.Malformed', /expecting "vpc-/],
    [
      'no VPC, as there is no default one',
      { VpcId: undefined },
      'VPCIdNotSpecified',
      /default VPC/,
    ],
    [
      'tags for another type',
      { TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'a', Value: 'b' }] }] },
      'InvalidParameter',
      "'vpc' is not a valid taggable resource type for this operation.",
    ],
    [
      'tags for no type',
      { TagSpecifications: [{ Tags: [{ Key: 'a', Value: 'b' }] }] },
      'InvalidParameter',
      'Tag specification resource type must have a value',
    ],
    [
      'an empty tag specification',
      { TagSpecifications: [{ ResourceType: 'security-group', Tags: [] }] },
      'InvalidParameter',
      'Tag specification must have at least one tag',
    ],
  ])('refuses %s', async (_what, change, code, message) => {
    const input = { GroupName: 'new', Description: 'd', VpcId: vpcId, ...change };
    await expect(client.send(new ec2.CreateSecurityGroupCommand(input))).rejects.toEqual(
      failure(code, message),
    );
  });

  test('of the same name at the same time succeeds once', async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => makeGroup('twins')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('authorizing rules', () => {
  test('normalises protocols and CIDRs, and splits sources into rules', async () => {
    const id = await makeGroup('normal');
    const { SecurityGroupRules: rules } = await authorize(
      id,
      {
        IpProtocol: '6',
        FromPort: 80,
        ToPort: 81,
        IpRanges: [{ CidrIp: '100.68.0.18/18', Description: 'web' }],
        Ipv6Ranges: [{ CidrIpv6: '2001:DB8::1/64' }],
      },
      { IpProtocol: '50', FromPort: 1, ToPort: 2, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
    );
    expect(
      rules?.map(({ IpProtocol, CidrIpv4, CidrIpv6, FromPort, Description }) => [
        IpProtocol,
        CidrIpv4 ?? CidrIpv6,
        FromPort,
        Description,
      ]),
    ).toEqual([
      ['tcp', '100.68.0.0/18', 80, 'web'],
      ['tcp', '2001:db8::/64', 80, undefined],
      ['50', '10.0.0.0/8', -1, undefined],
    ]);
    const { SecurityGroups } = await client.send(
      new ec2.DescribeSecurityGroupsCommand({ GroupIds: [id] }),
    );
    expect(SecurityGroups?.[0]?.IpPermissions).toMatchObject([
      { IpProtocol: 'tcp', FromPort: 80, IpRanges: [{ Description: 'web' }], Ipv6Ranges: [{}] },
      { IpProtocol: '50' },
    ]);
    expect(SecurityGroups?.[0]?.IpPermissions?.[1]).not.toHaveProperty('FromPort');
  });

  test('icmp has type and code, and -1 for all of them', async () => {
    const id = await makeGroup('icmp');
    const IpRanges = [{ CidrIp: '10.0.0.0/8' }];
    const { SecurityGroupRules: rules } = await authorize(
      id,
      { IpProtocol: 'icmp', FromPort: 3, ToPort: -1, IpRanges },
      { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, IpRanges },
      { IpProtocol: 'icmp', FromPort: 8, ToPort: 0, IpRanges },
    );
    expect(rules?.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([
      [3, -1],
      [-1, -1],
      [8, 0],
    ]);
  });

  test('is all or nothing', async () => {
    const id = await makeGroup('atomic');
    await authorize(id, tcp(80));
    await expect(authorize(id, tcp(81), tcp(80))).rejects.toEqual(
      failure(
        'InvalidPermission.Duplicate',
        'the specified rule "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW" already exists',
      ),
    );
    expect(await rulesOf(id)).toHaveLength(2);
  });

  test('does not see a duplicate in another description, or in the other direction', async () => {
    const id = await makeGroup('duplicates');
    const described = { ...tcp(80), IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'other' }] };
    await authorize(id, tcp(80));
    await expect(authorize(id, described)).rejects.toEqual(failure('InvalidPermission.Duplicate'));
    await client.send(
      new ec2.AuthorizeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: [tcp(80)] }),
    );
  });

  test('by many at the same time loses none', async () => {
    const id = await makeGroup('crowd');
    await Promise.all([1, 2, 3, 4, 5].map((port) => authorize(id, tcp(port))));
    expect(await rulesOf(id)).toHaveLength(6);
    await expect(authorize(id, tcp(6))).rejects.toEqual(
      failure(
        'RulesPerSecurityGroupLimitExceeded',
        'The maximum number of rules per security group has been reached.',
      ),
    );
    const v6 = { IpProtocol: 'tcp', FromPort: 1, ToPort: 1, Ipv6Ranges: [{ CidrIpv6: '::/0' }] };
    await authorize(id, v6);
  });

  const range = (IpRanges: ec2.IpRange[]) => ({
    IpProtocol: 'tcp',
    FromPort: 1,
    ToPort: 1,
    IpRanges,
  });
  test.each<[string, ec2.IpPermission, string, string | RegExp]>([
    [
      'a bare address',
      range([{ CidrIp: '10.0.0.1' }]),
      'InvalidParameterValue',
      'CIDR block 10.0.0.1 is malformed',
    ],
    [
      'IPv6 as IPv4',
      range([{ CidrIp: '::/0' }]),
      'InvalidParameterValue',
      'CIDR block ::/0 is malformed',
    ],
    ['no source', range([]), 'MissingParameter', /ipRanges/],
    [
      'one rule twice',
      range([{ CidrIp: '1.0.0.0/8' }, { CidrIp: '1.2.3.4/8' }]),
      'InvalidParameterValue',
      /multiple times/,
    ],
    [
      'no ports',
      { IpProtocol: 'tcp', IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
      'InvalidParameterValue',
      'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.',
    ],
    [
      'ports in the wrong order',
      { ...tcp(80), ToPort: 79 },
      'InvalidParameterValue',
      /port range \(80:79\)/,
    ],
    ['a port that does not exist', { ...tcp(1), ToPort: 65_536 }, 'InvalidParameterValue', /65536/],
    [
      'no protocol',
      { ...tcp(1), IpProtocol: undefined },
      'InvalidParameterValue',
      /protocols explicitly/,
    ],
    [
      'an unknown protocol',
      { ...tcp(1), IpProtocol: 'sctp2' },
      'InvalidParameterValue',
      /Unknown protocol/,
    ],
    [
      'a code without a type',
      { IpProtocol: 'icmp', FromPort: -1, ToPort: 3, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
      'InvalidParameterValue',
      /ICMP code/,
    ],
    [
      'an unknown group',
      { ...tcp(1), IpRanges: [], UserIdGroupPairs: [{ GroupId: 'sg-0123456789abcdef0' }] },
      'InvalidGroup.NotFound',
      "The security group 'sg-0123456789abcdef0' does not exist",
    ],
    [
      'a malformed group',
      { ...tcp(1), IpRanges: [], UserIdGroupPairs: [{ GroupId: 'peer' }] },
      'InvalidGroupId.Malformed',
      /Invalid id/,
    ],
    [
      'a prefix list',
      { ...tcp(1), IpRanges: [], PrefixListIds: [{ PrefixListId: 'pl-01234567' }] },
      'InvalidPrefixListID.NotFound',
      /does not exist/,
    ],
  ])('refuses %s', async (_what, permission, code, message) => {
    await expect(authorize(peerId, permission)).rejects.toEqual(failure(code, message));
  });

  test('takes the flat form, and refuses it together with the other', async () => {
    const GroupId = await makeGroup('flat');
    const flat = { GroupId, IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '10.0.0.0/8' };
    await client.send(new ec2.AuthorizeSecurityGroupIngressCommand(flat));
    expect(await rulesOf(GroupId)).toHaveLength(2);
    const both = { ...flat, IpPermissions: [tcp(1)] };
    await expect(client.send(new ec2.AuthorizeSecurityGroupIngressCommand(both))).rejects.toEqual(
      failure('InvalidParameterCombination'),
    );
  });
});

describe('revoking rules', () => {
  test('must match exactly, and is all or nothing', async () => {
    const id = await makeGroup('revoke');
    await authorize(id, tcp(80), tcp(81));
    await expect(revoke(id, tcp(80), tcp(82))).rejects.toEqual(
      failure(
        'InvalidPermission.NotFound',
        'The specified rule does not exist in this security group.',
      ),
    );
    expect(await rulesOf(id)).toHaveLength(3);
    const { RevokedSecurityGroupRules } = await revoke(id, tcp(81));
    expect(RevokedSecurityGroupRules).toMatchObject([{ FromPort: 81, CidrIpv4: '0.0.0.0/0' }]);
    expect(await rulesOf(id)).toHaveLength(2);
  });

  test('by id needs the right group and direction', async () => {
    const id = await makeGroup('revoke-by-id');
    const [egress] = await rulesOf(id);
    const ids = { GroupId: id, SecurityGroupRuleIds: [egress?.SecurityGroupRuleId ?? ''] };
    await expect(client.send(new ec2.RevokeSecurityGroupIngressCommand(ids))).rejects.toEqual(
      failure('InvalidSecurityGroupRuleId.NotFound'),
    );
    await client.send(new ec2.RevokeSecurityGroupEgressCommand(ids));
    expect(await rulesOf(id)).toEqual([]);
  });
});

describe('changing rules', () => {
  test('keeps the id, and not the kind of peer', async () => {
    const GroupId = await makeGroup('modify');
    const { SecurityGroupRules } = await authorize(GroupId, tcp(80), tcp(81));
    const SecurityGroupRuleId = SecurityGroupRules?.[0]?.SecurityGroupRuleId;
    const modify = (rule: ec2.SecurityGroupRuleRequest) =>
      client.send(
        new ec2.ModifySecurityGroupRulesCommand({
          GroupId,
          SecurityGroupRules: [{ SecurityGroupRuleId, SecurityGroupRule: rule }],
        }),
      );
    const wanted = { IpProtocol: 'udp', FromPort: 53, ToPort: 53, CidrIpv4: '10.1.2.3/16' };
    await modify({ ...wanted, Description: 'dns' });
    expect((await rulesOf(GroupId))[1]).toMatchObject({
      SecurityGroupRuleId,
      IpProtocol: 'udp',
      CidrIpv4: '10.1.0.0/16',
      Description: 'dns',
    });
    const { CidrIpv4: _cidr, ...noPeer } = wanted;
    await expect(modify(noPeer)).rejects.toEqual(failure('MissingParameter', /exactly one of/));
    await expect(modify({ ...wanted, ReferencedGroupId: peerId })).rejects.toEqual(
      failure('InvalidParameterCombination'),
    );
    await expect(modify({ ...noPeer, ReferencedGroupId: peerId })).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
    const same = { IpProtocol: 'tcp', FromPort: 81, ToPort: 81, CidrIpv4: '0.0.0.0/0' };
    await expect(modify(same)).rejects.toEqual(failure('InvalidPermission.Duplicate'));
  });

  test('sets and removes descriptions', async () => {
    const GroupId = await makeGroup('describe');
    await authorize(GroupId, tcp(80));
    const described = { ...tcp(80), IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'web' }] };
    const update = (IpPermissions: ec2.IpPermission[]) =>
      client.send(
        new ec2.UpdateSecurityGroupRuleDescriptionsIngressCommand({ GroupId, IpPermissions }),
      );
    await update([described]);
    expect((await rulesOf(GroupId))[1]?.Description).toBe('web');
    await update([tcp(80)]);
    expect((await rulesOf(GroupId))[1]?.Description).toBeUndefined();
    await expect(update([tcp(81)])).rejects.toEqual(failure('InvalidPermission.NotFound'));
  });
});

describe('deleting groups', () => {
  test('is refused while another group refers to it', async () => {
    const [target, referring] = [await makeGroup('target'), await makeGroup('referring')];
    const pair = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: target }] };
    await authorize(referring, pair);
    const remove = () => client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: target }));
    await expect(remove()).rejects.toEqual(
      failure('DependencyViolation', `resource ${target} has a dependent object`),
    );
    await revoke(referring, pair);
    expect(await remove()).toMatchObject({ Return: true, GroupId: target });
    await expect(remove()).rejects.toEqual(
      failure('InvalidGroup.NotFound', `The security group '${target}' does not exist`),
    );
  });

  test('works for a group that refers to itself', async () => {
    const id = await makeGroup('self');
    await authorize(id, { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id }] });
    await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id }));
  });

  test('is refused for the default group', async () => {
    const Filters = [{ Name: 'group-name', Values: ['default'] }];
    const found = await client.send(new ec2.DescribeSecurityGroupsCommand({ Filters }));
    const GroupId = found.SecurityGroups?.[0]?.GroupId;
    await expect(client.send(new ec2.DeleteSecurityGroupCommand({ GroupId }))).rejects.toEqual(
      failure(
        'CannotDelete',
        `the specified group: "${GroupId}" name: "default" cannot be deleted by a user`,
      ),
    );
  });

  test('never leaves a rule that refers to nothing, whoever wins the race', async () => {
    for (let i = 0; i < 10; i++) {
      const [target, referring] = [await makeGroup(`race-${i}`), await makeGroup(`racer-${i}`)];
      const pair = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: target }] };
      const results = await Promise.allSettled([
        authorize(referring, pair),
        client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: target })),
      ]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });
});

describe('describing groups', () => {
  test('filters by rules, names with wildcards and tags', async () => {
    const id = await makeGroup('findme-1');
    await authorize(id, tcp(4711, '192.0.2.0/24'));
    await client.send(
      new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'a/b:c.d', Value: '<x>' }] }),
    );
    const find = async (...Filters: ec2.Filter[]): Promise<string[]> => {
      const found = await client.send(new ec2.DescribeSecurityGroupsCommand({ Filters }));
      return (found.SecurityGroups ?? []).map(({ GroupId }) => GroupId ?? '');
    };
    for (const filter of [
      { Name: 'ip-permission.cidr', Values: ['192.0.2.0/24'] },
      { Name: 'ip-permission.from-port', Values: ['4711'] },
      { Name: 'group-name', Values: ['f?ndme-*'] },
      { Name: 'tag:a/b:c.d', Values: ['<x>', 'other'] },
      { Name: 'tag-key', Values: ['a/b*'] },
    ])
      expect([filter, await find(filter)]).toEqual([filter, [id]]);
    const vpc = { Name: 'vpc-id', Values: [vpcId] };
    expect(await find({ Name: 'tag:a/b:c.d', Values: ['<y>'] }, vpc)).toEqual([]);
    expect(await find({ Name: 'vpc-id', Values: ['vpc-0123456789abcdef0'] })).toEqual([]);
    await expect(find({ Name: 'colour', Values: ['red'] })).rejects.toEqual(
      failure('InvalidParameterValue', "The filter 'colour' is invalid"),
    );
  });

  test('pages without repeating or losing any, while others come and go', async () => {
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page: ec2.DescribeSecurityGroupsResult = await client.send(
        new ec2.DescribeSecurityGroupsCommand({ MaxResults: 5, NextToken }),
      );
      seen.push(...(page.SecurityGroups ?? []).map(({ GroupId }) => GroupId ?? ''));
      ({ NextToken } = page);
      if (seen.length === 5)
        await client.send(
          new ec2.DeleteSecurityGroupCommand({ GroupId: await makeGroup('brief') }),
        );
    } while (NextToken !== undefined);
    const all = await client.send(new ec2.DescribeSecurityGroupsCommand({}));
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort()).toEqual(all.SecurityGroups?.map(({ GroupId }) => GroupId).sort());
    for (const bad of [{ MaxResults: 4 }, { MaxResults: 1001 }, { NextToken: 'x' }])
      await expect(client.send(new ec2.DescribeSecurityGroupsCommand(bad))).rejects.toThrow();
  });

  test('of another account is as if they did not exist', async () => {
    const other = api.client(OTHER_KEY);
    const found = await other.send(new ec2.DescribeSecurityGroupsCommand({}));
    expect(found.SecurityGroups).toEqual([]);
    await expect(
      other.send(new ec2.DeleteSecurityGroupCommand({ GroupId: peerId })),
    ).rejects.toEqual(failure('InvalidGroup.NotFound'));
  });
});

test('a rule cannot refer to a group of another VPC', async () => {
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
  const far = await makeGroup('far', Vpc?.VpcId);
  const pair = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: far }] };
  await expect(authorize(peerId, pair)).rejects.toEqual(
    failure(
      'InvalidGroup.NotFound',
      'You have specified two resources that belong to different networks.',
    ),
  );
});

test('no handler returned a member that the model does not have', () => {
  expect(api.logged).toEqual([]);
});

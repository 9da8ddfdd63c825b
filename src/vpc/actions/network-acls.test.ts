import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let aclId = '';

beforeAll(async () => {
  api = await startTestApi({ quotas: { entriesPerNetworkAcl: 5, networkAclsPerVpc: 4 } });
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  aclId = await makeAcl();
});
afterAll(() => api.close());

function failure(code: string, message?: string): unknown {
  return expect.objectContaining({ name: code, ...(message !== undefined && { message }) });
}

async function makeAcl(ClientToken?: string): Promise<string> {
  const made = await client.send(new ec2.CreateNetworkAclCommand({ VpcId: vpcId, ClientToken }));
  return made.NetworkAcl?.NetworkAclId ?? '';
}

async function find(...Filters: ec2.Filter[]): Promise<ec2.NetworkAcl[]> {
  const { NetworkAcls } = await client.send(new ec2.DescribeNetworkAclsCommand({ Filters }));
  return NetworkAcls ?? [];
}

async function show(id = aclId): Promise<ec2.NetworkAcl> {
  return (await find({ Name: 'network-acl-id', Values: [id] }))[0] ?? {};
}

async function defaultAcl(): Promise<ec2.NetworkAcl> {
  const [acl] = await find(
    { Name: 'vpc-id', Values: [vpcId] },
    { Name: 'default', Values: ['true'] },
  );
  return acl ?? {};
}

const ENTRY = {
  RuleNumber: 100,
  Protocol: '6',
  RuleAction: 'allow',
  Egress: false,
  CidrBlock: '10.1.2.3/16',
  PortRange: { From: 80, To: 443 },
} as const satisfies Omit<ec2.CreateNetworkAclEntryRequest, 'NetworkAclId'>;

function createEntry(input: Partial<ec2.CreateNetworkAclEntryRequest>) {
  const command = { NetworkAclId: aclId, ...ENTRY, ...input };
  return client.send(new ec2.CreateNetworkAclEntryCommand(command));
}

describe('network ACLs', () => {
  test('of a new VPC allow everything, those of users nothing', async () => {
    const acl = await defaultAcl();
    const entries = acl.Entries?.map((each) => [each.RuleNumber, each.Egress, each.RuleAction]);
    expect(entries).toEqual([
      [100, true, 'allow'],
      [32767, true, 'deny'],
      [100, false, 'allow'],
      [32767, false, 'deny'],
    ]);
    expect((await show()).Entries).toMatchObject([
      { RuleNumber: 32767, Egress: true, RuleAction: 'deny', CidrBlock: '0.0.0.0/0' },
      { RuleNumber: 32767, Egress: false, RuleAction: 'deny', Protocol: '-1' },
    ]);
  });

  test('let IPv6 through once the VPC has it', async () => {
    const made = await client.send(
      new ec2.AssociateVpcCidrBlockCommand({ VpcId: vpcId, AmazonProvidedIpv6CidrBlock: true }),
    );
    expect((await defaultAcl()).Entries?.map(({ RuleNumber }) => RuleNumber)).toEqual([
      100, 101, 32767, 32768, 100, 101, 32767, 32768,
    ]);
    expect((await show()).Entries).toHaveLength(4);
    const { AssociationId } = made.Ipv6CidrBlockAssociation ?? {};
    await client.send(new ec2.DisassociateVpcCidrBlockCommand({ AssociationId }));
  });

  test('are made once per client token, limited, and deleted', async () => {
    const first = await makeAcl('token');
    expect(await makeAcl('token')).toBe(first);
    await makeAcl();
    await expect(makeAcl()).rejects.toEqual(failure('NetworkAclLimitExceeded'));
    const remove = (NetworkAclId: string | undefined) =>
      client.send(new ec2.DeleteNetworkAclCommand({ NetworkAclId }));
    await expect(client.send(new ec2.DeleteVpcCommand({ VpcId: vpcId }))).rejects.toEqual(
      failure('DependencyViolation'),
    );
    await remove(first);
    await expect(remove(first)).rejects.toEqual(failure('InvalidNetworkAclID.NotFound'));
    await expect(remove((await defaultAcl()).NetworkAclId)).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
  });
});

describe('entries of a network ACL', () => {
  test('are kept in canonical form and found by filters', async () => {
    await createEntry({});
    await createEntry({
      RuleNumber: 90,
      Protocol: 'icmp',
      Egress: true,
      PortRange: undefined,
      IcmpTypeCode: { Type: 8, Code: -1 },
    });
    expect((await show()).Entries).toMatchObject([
      { RuleNumber: 90, Protocol: '1', IcmpTypeCode: { Type: 8, Code: -1 } },
      { RuleNumber: 32767 },
      {
        RuleNumber: 100,
        Protocol: '6',
        CidrBlock: '10.1.0.0/16',
        PortRange: { From: 80, To: 443 },
      },
      { RuleNumber: 32767 },
    ]);
    const filters: readonly (readonly [string, string])[] = [
      ['entry.cidr', '10.1.0.0/16'],
      ['entry.icmp.type', '8'],
      ['entry.port-range.to', '443'],
      ['entry.rule-number', '90'],
    ];
    for (const [Name, value] of filters)
      expect(await find({ Name, Values: [value] }), Name).toMatchObject([{ NetworkAclId: aclId }]);
  });

  test.each<[string, Partial<ec2.CreateNetworkAclEntryRequest>, string, string?]>([
    [
      'a taken number',
      {},
      'NetworkAclEntryAlreadyExists',
      'The network acl entry identified by 100 already exists.',
    ],
    ['number 0', { RuleNumber: 0 }, 'InvalidParameterValue'],
    ['the number of the last entry', { RuleNumber: 32_767 }, 'InvalidParameterValue'],
    ['an unknown protocol', { RuleNumber: 1, Protocol: 'x' }, 'InvalidParameterValue'],
    ['TCP without ports', { RuleNumber: 1, PortRange: undefined }, 'MissingParameter'],
    [
      'ports in the wrong order',
      { RuleNumber: 1, PortRange: { From: 2, To: 1 } },
      'InvalidParameterValue',
    ],
    ['ICMP without a type', { RuleNumber: 1, Protocol: '1' }, 'MissingParameter'],
    ['no block', { RuleNumber: 1, CidrBlock: undefined }, 'MissingParameter'],
    ['two blocks', { RuleNumber: 1, Ipv6CidrBlock: '::/0' }, 'InvalidParameterCombination'],
    [
      'an unknown action',
      { RuleNumber: 1, RuleAction: 'maybe' as ec2.RuleAction },
      'InvalidParameterValue',
    ],
    ['an unknown ACL', { NetworkAclId: 'acl-00000000' }, 'InvalidNetworkAclID.NotFound'],
    ['a malformed id', { NetworkAclId: 'x' }, 'InvalidNetworkAclId.Malformed'],
  ])('refuse %s', async (_name, input, code, message) => {
    await expect(createEntry(input)).rejects.toEqual(failure(code, message));
  });

  test('are replaced and deleted by number and direction', async () => {
    const replace = (input: Partial<ec2.ReplaceNetworkAclEntryRequest>) =>
      client.send(
        new ec2.ReplaceNetworkAclEntryCommand({ NetworkAclId: aclId, ...ENTRY, ...input }),
      );
    const remove = (RuleNumber: number, Egress: boolean) =>
      client.send(
        new ec2.DeleteNetworkAclEntryCommand({ NetworkAclId: aclId, RuleNumber, Egress }),
      );
    await replace({ RuleAction: 'deny' });
    expect((await show()).Entries?.[2]).toMatchObject({ RuleNumber: 100, RuleAction: 'deny' });
    await expect(replace({ Egress: true })).rejects.toEqual(
      failure('InvalidNetworkAclEntry.NotFound'),
    );
    await remove(100, false);
    await expect(remove(100, false)).rejects.toEqual(failure('InvalidNetworkAclEntry.NotFound'));
  });

  test('are limited in each direction', async () => {
    const fill = async (): Promise<void> => {
      for (let i = 1; i < 10; i++) await createEntry({ RuleNumber: i });
    };
    await expect(fill()).rejects.toEqual(failure('NetworkAclEntryLimitExceeded'));
    await createEntry({ RuleNumber: 1, Egress: true });
  });
});

describe('associations of network ACLs', () => {
  test('move a subnet from one to another', async () => {
    const { Subnet } = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.0.0/24' }),
    );
    const SubnetId = Subnet?.SubnetId ?? '';
    const associationOf = async (): Promise<ec2.NetworkAclAssociation> => {
      const [acl] = await find({ Name: 'association.subnet-id', Values: [SubnetId] });
      return acl?.Associations?.find((each) => each.SubnetId === SubnetId) ?? {};
    };
    const replace = (AssociationId: string | undefined, NetworkAclId: string) =>
      client.send(new ec2.ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId }));
    const before = await associationOf();
    const { NewAssociationId } = await replace(before.NetworkAclAssociationId, aclId);
    expect(await associationOf()).toMatchObject({
      NetworkAclId: aclId,
      NetworkAclAssociationId: NewAssociationId,
    });
    await expect(replace(before.NetworkAclAssociationId, aclId)).rejects.toEqual(
      failure('InvalidAssociationID.NotFound'),
    );
    await expect(replace(NewAssociationId, 'acl-00000000')).rejects.toEqual(
      failure('InvalidNetworkAclID.NotFound'),
    );
    await expect(
      client.send(new ec2.DeleteNetworkAclCommand({ NetworkAclId: aclId })),
    ).rejects.toEqual(
      failure(
        'DependencyViolation',
        `The network ACL '${aclId}' has dependencies and cannot be deleted.`,
      ),
    );
  });
});

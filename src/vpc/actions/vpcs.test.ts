import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';

beforeAll(async () => {
  api = await startTestApi({ quotas: { vpcsPerRegion: 30 } });
  client = api.client();
  vpcId = await makeVpc('10.0.0.0/16');
});
afterAll(() => api.close());

function failure(code: string, message?: string): unknown {
  return expect.objectContaining({ name: code, ...(message !== undefined && { message }) });
}

async function makeVpc(CidrBlock: string, more: Partial<ec2.CreateVpcRequest> = {}) {
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock, ...more }));
  return Vpc?.VpcId ?? '';
}

async function showVpc(id: string): Promise<ec2.Vpc> {
  const { Vpcs } = await client.send(new ec2.DescribeVpcsCommand({ VpcIds: [id] }));
  return Vpcs?.[0] ?? {};
}

async function defaultGroupOf(id: string): Promise<ec2.SecurityGroup> {
  const { SecurityGroups } = await client.send(
    new ec2.DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [id] },
        { Name: 'group-name', Values: ['default'] },
      ],
    }),
  );
  return SecurityGroups?.[0] ?? {};
}

function associate(VpcId: string, more: Partial<ec2.AssociateVpcCidrBlockRequest>) {
  return client.send(new ec2.AssociateVpcCidrBlockCommand({ VpcId, ...more }));
}

describe('creating VPCs', () => {
  test('gives a group, a main route table, a network ACL and DHCP options', async () => {
    const id = await makeVpc('10.9.8.7/16');
    const shown = await showVpc(id);
    expect(shown).toMatchObject({
      CidrBlock: '10.9.0.0/16',
      InstanceTenancy: 'default',
      IsDefault: false,
      DhcpOptionsId: expect.stringMatching(/^dopt-[0-9a-f]{17}$/) as string,
      Ipv6CidrBlockAssociationSet: [],
    });
    const options = await client.send(
      new ec2.DescribeDhcpOptionsCommand({ DhcpOptionsIds: [shown.DhcpOptionsId ?? ''] }),
    );
    expect(options.DhcpOptions?.[0]?.DhcpConfigurations).toEqual([
      { Key: 'domain-name', Values: [{ Value: 'ec2.internal' }] },
      { Key: 'domain-name-servers', Values: [{ Value: 'AmazonProvidedDNS' }] },
    ]);
  });

  test('gives a /56 of IPv6 on request, and lets IPv6 out of new groups', async () => {
    const id = await makeVpc('10.1.0.0/16', { AmazonProvidedIpv6CidrBlock: true });
    const [block] = (await showVpc(id)).Ipv6CidrBlockAssociationSet ?? [];
    expect(block).toMatchObject({
      Ipv6CidrBlock: expect.stringMatching(/::\/56$/) as string,
      Ipv6CidrBlockState: { State: 'associated' },
      Ipv6Pool: 'Amazon',
    });
    const made = await client.send(
      new ec2.CreateSecurityGroupCommand({ GroupName: 'g', Description: 'd', VpcId: id }),
    );
    const { SecurityGroups } = await client.send(
      new ec2.DescribeSecurityGroupsCommand({
        Filters: [{ Name: 'vpc-id', Values: [id] }],
      }),
    );
    expect(SecurityGroups).toHaveLength(2);
    for (const group of SecurityGroups ?? [])
      expect(group.IpPermissionsEgress).toMatchObject([
        {
          IpProtocol: '-1',
          IpRanges: [{ CidrIp: '0.0.0.0/0' }],
          Ipv6Ranges: [{ CidrIpv6: '::/0' }],
        },
      ]);
    await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: made.GroupId }));
  });

  test.each<[string, Partial<ec2.CreateVpcRequest>, string, string?]>([
    ['a short prefix', { CidrBlock: '10.0.0.0/15' }, 'InvalidVpc.Range'],
    ['a long prefix', { CidrBlock: '10.0.0.0/29' }, 'InvalidVpc.Range'],
    [
      'no block at all',
      { CidrBlock: '1000.0.0.0/16' },
      'InvalidParameterValue',
      'Value (1000.0.0.0/16) for parameter cidrBlock is invalid. This is not a valid CIDR block.',
    ],
    ['an IPv6 block', { CidrBlock: '2001:db8::/56' }, 'InvalidParameterValue'],
    ['no CidrBlock', { CidrBlock: undefined }, 'MissingParameter'],
    [
      'an unknown tenancy',
      { InstanceTenancy: 'unknown' as ec2.Tenancy },
      'UnsupportedTenancy',
      'The tenancy value unknown is not supported.',
    ],
    ['an IPv6 block of /58', { Ipv6CidrBlock: '2602::/58', Ipv6Pool: 'p' }, 'InvalidVpc.Range'],
    [
      'IPv6 both provided and own',
      { Ipv6CidrBlock: '2602::/56', AmazonProvidedIpv6CidrBlock: true },
      'InvalidParameterCombination',
    ],
    [
      'tags of another type',
      { TagSpecifications: [{ ResourceType: 'subnet', Tags: [{ Key: 'a', Value: 'b' }] }] },
      'InvalidParameter',
    ],
  ])('refuses %s', async (_name, input, code, message) => {
    const command = new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16', ...input });
    await expect(client.send(command)).rejects.toEqual(failure(code, message));
  });

  test('refuses an own IPv6 block that another VPC has', async () => {
    const Ipv6CidrBlock = '2602:1::/56';
    await makeVpc('10.2.0.0/16', { Ipv6CidrBlock, Ipv6Pool: 'ipv6pool-ec2-0123' });
    await expect(makeVpc('10.2.0.0/16', { Ipv6CidrBlock })).rejects.toEqual(
      failure('InvalidVpc.Range'),
    );
  });
});

describe('VPC attributes', () => {
  const modify = (input: Partial<ec2.ModifyVpcAttributeRequest>, VpcId = vpcId) =>
    client.send(new ec2.ModifyVpcAttributeCommand({ VpcId, ...input }));
  const show = (Attribute: ec2.VpcAttributeName, VpcId = vpcId) =>
    client.send(new ec2.DescribeVpcAttributeCommand({ VpcId, Attribute }));

  test('have defaults, and change one at a time', async () => {
    expect((await show('enableDnsSupport')).EnableDnsSupport).toEqual({ Value: true });
    expect((await show('enableDnsHostnames')).EnableDnsHostnames).toEqual({ Value: false });
    await modify({ EnableDnsHostnames: { Value: true } });
    expect(await show('enableDnsHostnames')).toMatchObject({
      VpcId: vpcId,
      EnableDnsHostnames: { Value: true },
    });
    await modify({ EnableNetworkAddressUsageMetrics: { Value: true } });
    expect(
      (await show('enableNetworkAddressUsageMetrics')).EnableNetworkAddressUsageMetrics,
    ).toEqual({ Value: true });
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'two at once',
      () => modify({ EnableDnsHostnames: { Value: true }, EnableDnsSupport: { Value: true } }),
      'InvalidParameterCombination',
    ],
    ['none', () => modify({}), 'InvalidParameterCombination'],
    ['an unknown one', () => show('nothing' as ec2.VpcAttributeName), 'InvalidParameterValue'],
    ['a strange id', () => show('enableDnsSupport', 'vpc-x'), 'InvalidVpcID.Malformed'],
    [
      'an unknown VPC',
      () => modify({ EnableDnsSupport: { Value: true } }, 'vpc-00000000'),
      'InvalidVpcID.NotFound',
    ],
  ])('refuse %s', async (_name, act, code) => {
    await expect(act()).rejects.toEqual(failure(code));
  });

  test('refuse host names without DNS support', async () => {
    const id = await makeVpc('10.3.0.0/16');
    await modify({ EnableDnsSupport: { Value: false } }, id);
    await expect(modify({ EnableDnsHostnames: { Value: true } }, id)).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
  });
});

describe('blocks of a VPC', () => {
  test('come and go, up to the quota', async () => {
    const id = await makeVpc('10.10.42.0/24');
    for (const n of [43, 44, 45, 46]) {
      const made = await associate(id, { CidrBlock: `10.10.${n}.0/24` });
      expect(made.CidrBlockAssociation).toMatchObject({
        CidrBlock: `10.10.${n}.0/24`,
        CidrBlockState: { State: 'associating' },
        AssociationId: expect.stringMatching(/^vpc-cidr-assoc-/) as string,
      });
    }
    const blocks = (await showVpc(id)).CidrBlockAssociationSet ?? [];
    expect(blocks.map((block) => block.CidrBlockState?.State)).toEqual(
      Array.from({ length: 5 }, () => 'associated'),
    );
    await expect(associate(id, { CidrBlock: '10.10.50.0/22' })).rejects.toEqual(
      failure(
        'CidrLimitExceeded',
        `This network ${id} has met its maximum number of allowed CIDRs: 5`,
      ),
    );
    const found = await client.send(
      new ec2.DescribeVpcsCommand({
        Filters: [
          { Name: 'cidr-block-association.cidr-block', Values: ['10.10.44.0/24'] },
          { Name: 'cidr-block-association.state', Values: ['associated'] },
        ],
      }),
    );
    expect(found.Vpcs?.map(({ VpcId }) => VpcId)).toEqual([id]);
    const [primary, second] = blocks;
    const drop = (AssociationId = '') =>
      client.send(new ec2.DisassociateVpcCidrBlockCommand({ AssociationId }));
    await expect(drop(primary?.AssociationId)).rejects.toEqual(failure('OperationNotPermitted'));
    await client.send(new ec2.CreateSubnetCommand({ VpcId: id, CidrBlock: '10.10.43.0/28' }));
    await expect(drop(second?.AssociationId)).rejects.toEqual(failure('InvalidCidrBlock.InUse'));
    expect((await drop(blocks[2]?.AssociationId)).CidrBlockAssociation).toMatchObject({
      CidrBlockState: { State: 'disassociating' },
    });
    await expect(drop(blocks[2]?.AssociationId)).rejects.toEqual(
      failure('InvalidVpcCidrBlockAssociationIdError.NotFound'),
    );
    expect((await showVpc(id)).CidrBlockAssociationSet).toHaveLength(4);
  });

  test.each<[string, Partial<ec2.AssociateVpcCidrBlockRequest>, string]>([
    ['an overlap', { CidrBlock: '10.0.128.0/20' }, 'InvalidVpc.Range'],
    ['another private range', { CidrBlock: '192.168.0.0/20' }, 'InvalidVpc.Range'],
    ['a wrong size', { CidrBlock: '10.4.0.0/15' }, 'InvalidVpc.Range'],
    ['nothing', {}, 'MissingParameter'],
    ['an unknown VPC', { VpcId: 'vpc-00000000' }, 'InvalidVpcID.NotFound'],
  ])('cannot be added: %s', async (_name, input, code) => {
    await expect(associate(input.VpcId ?? vpcId, input)).rejects.toEqual(failure(code));
  });

  test('may be of the shared range 100.64.0.0/10', async () => {
    const id = await makeVpc('10.11.0.0/16');
    await associate(id, { CidrBlock: '100.64.0.0/16' });
    expect((await showVpc(id)).CidrBlockAssociationSet).toHaveLength(2);
  });

  test('of IPv6 let IPv6 out of an unchanged default group only', async () => {
    const [plain, changed] = [await makeVpc('10.5.0.0/16'), await makeVpc('10.5.0.0/16')];
    await client.send(
      new ec2.RevokeSecurityGroupEgressCommand({
        GroupId: (await defaultGroupOf(changed)).GroupId,
        IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      }),
    );
    for (const id of [plain, changed]) {
      const made = await associate(id, { AmazonProvidedIpv6CidrBlock: true });
      expect(made.Ipv6CidrBlockAssociation?.Ipv6CidrBlockState?.State).toBe('associating');
    }
    expect((await defaultGroupOf(plain)).IpPermissionsEgress).toMatchObject([
      { Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
    ]);
    expect((await defaultGroupOf(changed)).IpPermissionsEgress).toEqual([]);
    const AssociationId =
      (await showVpc(plain)).Ipv6CidrBlockAssociationSet?.[0]?.AssociationId ?? '';
    await client.send(new ec2.DisassociateVpcCidrBlockCommand({ AssociationId }));
    expect((await showVpc(plain)).Ipv6CidrBlockAssociationSet).toEqual([]);
  });
});

describe('deleting a VPC', () => {
  test('takes its own parts along, and is refused while a subnet is in it', async () => {
    const id = await makeVpc('10.6.0.0/16');
    const { Subnet } = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: id, CidrBlock: '10.6.0.0/24' }),
    );
    const remove = () => client.send(new ec2.DeleteVpcCommand({ VpcId: id }));
    await expect(remove()).rejects.toEqual(
      failure('DependencyViolation', `The vpc '${id}' has dependencies and cannot be deleted.`),
    );
    await client.send(new ec2.DeleteSubnetCommand({ SubnetId: Subnet?.SubnetId }));
    await remove();
    await expect(remove()).rejects.toEqual(failure('InvalidVpcID.NotFound'));
    const left = await client.send(
      new ec2.DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [id] }] }),
    );
    expect(left.SecurityGroups).toEqual([]);
  });
});

describe('default VPCs', () => {
  test('have a subnet per zone and exist once per region', async () => {
    const there = new ec2.EC2Client({
      endpoint: api.endpoint,
      region: 'eu-west-1',
      credentials: TEST_KEY,
      maxAttempts: 1,
    });
    const subnetIn = (AvailabilityZone: string) =>
      there.send(new ec2.CreateDefaultSubnetCommand({ AvailabilityZone }));
    await expect(subnetIn('eu-west-1a')).rejects.toEqual(failure('DefaultVpcDoesNotExist'));
    const { Vpc } = await there.send(new ec2.CreateDefaultVpcCommand({}));
    expect(Vpc).toMatchObject({ CidrBlock: '172.31.0.0/16', IsDefault: true });
    await expect(there.send(new ec2.CreateDefaultVpcCommand({}))).rejects.toEqual(
      failure('DefaultVpcAlreadyExists'),
    );
    const { Subnets } = await there.send(
      new ec2.DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
    );
    expect(Subnets?.map((each) => [each.AvailabilityZone, each.CidrBlock]).sort()).toEqual([
      ['eu-west-1a', '172.31.0.0/20'],
      ['eu-west-1b', '172.31.16.0/20'],
      ['eu-west-1c', '172.31.32.0/20'],
    ]);
    expect(Subnets?.every((each) => each.MapPublicIpOnLaunch)).toBe(true);
    const first = Subnets?.find((each) => each.AvailabilityZone === 'eu-west-1a')?.SubnetId;
    await expect(subnetIn('eu-west-1a')).rejects.toEqual(
      failure(
        'DefaultSubnetAlreadyExistsInAvailabilityZone',
        `'${first}' is already the default subnet in eu-west-1a.`,
      ),
    );
    await there.send(new ec2.DeleteSubnetCommand({ SubnetId: first }));
    expect((await subnetIn('eu-west-1a')).Subnet).toMatchObject({
      CidrBlock: '172.31.0.0/20',
      DefaultForAz: true,
    });
    await expect(subnetIn('eu-west-9z')).rejects.toEqual(failure('InvalidParameterValue'));
    there.destroy();
  });
});

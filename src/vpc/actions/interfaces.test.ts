import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnetId = '';
let groupId = '';

beforeAll(async () => {
  api = await startTestApi({ quotas: { tagsPerResource: 3 } });
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  subnetId = await makeSubnet('10.0.1.0/24');
  groupId = await makeGroup('g0');
});
afterAll(() => api.close());

async function makeSubnet(CidrBlock: string, AvailabilityZone = 'us-east-1a'): Promise<string> {
  const made = await client.send(
    new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone }),
  );
  return made.Subnet?.SubnetId ?? '';
}

async function makeGroup(GroupName: string): Promise<string> {
  const made = await client.send(
    new ec2.CreateSecurityGroupCommand({ GroupName, VpcId: vpcId, Description: 'd' }),
  );
  return made.GroupId ?? '';
}

type Input = Partial<ec2.CreateNetworkInterfaceCommandInput>;

async function makeEni(input: Input = {}): Promise<ec2.NetworkInterface> {
  const made = await client.send(
    new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId, ...input }),
  );
  if (made.NetworkInterface === undefined) throw new Error('no interface');
  return made.NetworkInterface;
}

async function makeId(input: Input = {}): Promise<string> {
  return (await makeEni(input)).NetworkInterfaceId ?? '';
}

async function readEni(id: string): Promise<ec2.NetworkInterface | undefined> {
  const command = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] });
  return (await client.send(command)).NetworkInterfaces?.[0];
}

async function launch(InstanceType: ec2._InstanceType = 'm5.large', input: object = {}) {
  const made = await client.send(
    new ec2.RunInstancesCommand({
      ImageId: 'ami-0123456789abcdef0',
      InstanceType,
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnetId,
      ...input,
    }),
  );
  return made.Instances?.[0]?.InstanceId ?? '';
}

function attach(NetworkInterfaceId: string, InstanceId: string, DeviceIndex: number) {
  return client.send(
    new ec2.AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex }),
  );
}

function associate(branch: string, trunk: string, VlanId: number, ClientToken?: string) {
  return client.send(
    new ec2.AssociateTrunkInterfaceCommand({
      BranchInterfaceId: branch,
      TrunkInterfaceId: trunk,
      VlanId,
      ...(ClientToken !== undefined && { ClientToken }),
    }),
  );
}

function failure(code: string, message?: string | RegExp): unknown {
  const text = message instanceof RegExp ? expect.stringMatching(message) : message;
  return expect.objectContaining({ name: code, ...(message !== undefined && { message: text }) });
}

describe('creating interfaces', () => {
  test('gives an address, a MAC of AWS form, the default group and a DNS name', async () => {
    const eni = await makeEni({ Description: 'x' });
    expect(eni).toMatchObject({
      Status: 'available',
      InterfaceType: 'interface',
      MacAddress: expect.stringMatching(/^0[26ae](:[0-9a-f]{2}){5}$/),
      PrivateIpAddress: expect.stringMatching(/^10\.0\.1\.\d+$/),
      PrivateDnsName: `ip-${eni.PrivateIpAddress?.replaceAll('.', '-')}.ec2.internal`,
      Groups: [{ GroupName: 'default' }],
      TagSet: [],
      SourceDestCheck: true,
      OwnerId: '111122223333',
    });
    expect(eni.Attachment).toBeUndefined();
  });

  test('takes addresses of the caller, the primary first', async () => {
    const eni = await makeEni({
      PrivateIpAddresses: [
        { PrivateIpAddress: '10.0.1.201' },
        { PrivateIpAddress: '10.0.1.200', Primary: true },
      ],
      SecondaryPrivateIpAddressCount: 1,
    });
    expect(eni.PrivateIpAddresses?.map(({ Primary }) => Primary)).toEqual([true, false, false]);
    expect(eni.PrivateIpAddresses?.slice(0, 2).map((each) => each.PrivateIpAddress)).toEqual([
      '10.0.1.200',
      '10.0.1.201',
    ]);
    const named = await makeEni({ PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.210' }] });
    expect(named.PrivateIpAddresses?.[1]?.PrivateIpAddress).toBe('10.0.1.210');
  });

  test.each<[string, Input, string, RegExp]>([
    ['a used address', { PrivateIpAddress: '10.0.1.200' }, 'InvalidIPAddress.InUse', /in use/],
    ['a reserved address', { PrivateIpAddress: '10.0.1.1' }, 'InvalidParameterValue', /reserved/],
    ['an address elsewhere', { PrivateIpAddress: '10.0.2.9' }, 'InvalidParameterValue', /range/],
    ['an unknown subnet', { SubnetId: 'subnet-01234567' }, 'InvalidSubnetID.NotFound', /subnet ID/],
    ['an unknown group', { Groups: ['sg-01234567'] }, 'InvalidGroup.NotFound', /does not exist/],
    ['an unsupported type', { InterfaceType: 'efa-only' }, 'UnsupportedOperation', /efa-only/],
    ['an unknown type', { InterfaceType: 'x' as 'efa' }, 'InvalidParameterValue', /\(x\)/],
    ['more than 255 characters', { Description: 'x'.repeat(256) }, 'InvalidParameterValue', /255/],
    ['a negative count', { SecondaryPrivateIpAddressCount: -1 }, 'InvalidParameterValue', /-1/],
  ])('refuses %s', async (_what, input, code, message) => {
    await expect(makeEni(input)).rejects.toEqual(failure(code, message));
  });

  test('refuses more than five groups', async () => {
    const Groups = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => makeGroup(`many-${i}`)));
    await expect(makeEni({ Groups })).rejects.toEqual(
      failure('SecurityGroupsPerInterfaceLimitExceeded'),
    );
    expect((await makeEni({ Groups: Groups.slice(1) })).Groups).toHaveLength(5);
  });

  test('in a group keeps the group from being deleted', async () => {
    const id = await makeGroup('worn');
    await makeEni({ Groups: [id] });
    await expect(client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id }))).rejects.toEqual(
      failure('DependencyViolation'),
    );
  });
});

describe('subnets and VPCs', () => {
  test.each([
    ['10.0.1.128/25', 'InvalidSubnet.Conflict', /conflicts with another subnet/],
    ['10.1.0.0/24', 'InvalidSubnet.Range', /is invalid/],
    ['10.0.9.0/29', 'InvalidSubnet.Range', /is invalid/],
    ['10.0.9.0', 'InvalidParameterValue', /not a valid CIDR/],
  ])('a subnet %s is refused: %s', async (cidr, code, message) => {
    await expect(makeSubnet(cidr)).rejects.toEqual(failure(code, message));
  });

  test('a subnet in an unknown zone is refused, with the zones that exist', async () => {
    await expect(makeSubnet('10.0.9.0/24', 'eu-west-1a')).rejects.toEqual(
      failure('InvalidParameterValue', /zones: us-east-1a, us-east-1b, .*us-east-1f\.$/),
    );
  });

  test('free addresses are counted, and a used subnet or VPC is not deleted', async () => {
    const small = await makeSubnet('10.0.9.7/28');
    await makeEni({ SubnetId: small, SecondaryPrivateIpAddressCount: 2 });
    const found = await client.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [small] }));
    expect(found.Subnets).toMatchObject([
      { CidrBlock: '10.0.9.0/28', AvailableIpAddressCount: 8, AvailabilityZoneId: 'use1-az1' },
    ]);
    await expect(client.send(new ec2.DeleteSubnetCommand({ SubnetId: small }))).rejects.toEqual(
      failure(
        'DependencyViolation',
        `The subnet '${small}' has dependencies and cannot be deleted.`,
      ),
    );
    await expect(client.send(new ec2.DeleteVpcCommand({ VpcId: vpcId }))).rejects.toEqual(
      failure('DependencyViolation', `The vpc '${vpcId}' has dependencies and cannot be deleted.`),
    );
  });

  test.each([
    ['10.0.0.0/8', 'InvalidVpc.Range'],
    ['10.0.0.0/29', 'InvalidVpc.Range'],
    ['10.0.0.0/33', 'InvalidParameterValue'],
  ])('a VPC %s is refused: %s', async (CidrBlock, code) => {
    await expect(client.send(new ec2.CreateVpcCommand({ CidrBlock }))).rejects.toEqual(
      failure(code),
    );
  });
});

describe('attaching and detaching', () => {
  test('respects device indexes and the limit of the instance type', async () => {
    const instance = await launch();
    const [a, b, c] = [await makeId(), await makeId(), await makeId()];
    await expect(attach(a, instance, 0)).rejects.toEqual(
      failure(
        'InvalidParameterValue',
        `Instance '${instance}' already has an interface attached at device index '0'.`,
      ),
    );
    const { AttachmentId } = await attach(a, instance, 1);
    await expect(attach(a, instance, 2)).rejects.toEqual(
      failure('InvalidNetworkInterface.InUse', `Interface: [${a}] in use.`),
    );
    await attach(b, instance, 2);
    await expect(attach(c, instance, 3)).rejects.toEqual(failure('AttachmentLimitExceeded'));
    await expect(
      client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: a })),
    ).rejects.toEqual(
      failure('InvalidParameterValue', `Network interface '${a}' is currently in use.`),
    );
    await client.send(new ec2.DetachNetworkInterfaceCommand({ AttachmentId }));
    expect((await readEni(a))?.Status).toBe('available');
    await expect(
      client.send(new ec2.DetachNetworkInterfaceCommand({ AttachmentId })),
    ).rejects.toEqual(failure('InvalidAttachmentID.NotFound'));
  });

  test('never detaches the primary interface', async () => {
    const instance = await launch();
    const Filters = [{ Name: 'attachment.instance-id', Values: [instance] }];
    const found = await client.send(new ec2.DescribeNetworkInterfacesCommand({ Filters }));
    const { AttachmentId } = found.NetworkInterfaces?.[0]?.Attachment ?? {};
    await expect(
      client.send(new ec2.DetachNetworkInterfaceCommand({ AttachmentId })),
    ).rejects.toEqual(
      failure(
        'OperationNotPermitted',
        'The network interface at device index 0 and networkCard index 0 cannot be detached.',
      ),
    );
  });

  test('is refused across zones, and for trunks on types without them', async () => {
    const elsewhere = await makeId({ SubnetId: await makeSubnet('10.0.3.0/24', 'us-east-1b') });
    await expect(attach(elsewhere, await launch(), 1)).rejects.toEqual(
      failure('InvalidParameterValue', /same availability zone/),
    );
    const trunk = await makeId({ InterfaceType: 'trunk' });
    await expect(attach(trunk, await launch('t3.large'), 1)).rejects.toEqual(
      failure('InvalidParameterValue', /does not support trunk/),
    );
  });

  test('at the same index at the same time succeeds once', async () => {
    const instance = await launch();
    const enis = await Promise.all([makeId(), makeId(), makeId()]);
    const results = await Promise.allSettled(enis.map((eni) => attach(eni, instance, 1)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('modifying interfaces', () => {
  const modify = (id: string, change: object) =>
    client.send(
      new ec2.ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, ...change }),
    );

  test('changes one attribute at a time', async () => {
    const id = await makeId();
    await modify(id, { Groups: [groupId] });
    await modify(id, { Description: { Value: '' } });
    await modify(id, { SourceDestCheck: { Value: false } });
    expect(await readEni(id)).toMatchObject({
      Groups: [{ GroupId: groupId }],
      Description: '',
      SourceDestCheck: false,
    });
    const ask = { NetworkInterfaceId: id, Attribute: 'sourceDestCheck' } as const;
    const asked = await client.send(new ec2.DescribeNetworkInterfaceAttributeCommand(ask));
    expect(asked.SourceDestCheck).toEqual({ Value: false });
    await expect(
      modify(id, { Description: { Value: 'x' }, SourceDestCheck: { Value: true } }),
    ).rejects.toEqual(failure('InvalidParameterCombination'));
    await expect(modify(id, {})).rejects.toEqual(failure('InvalidParameterCombination'));
    await expect(
      modify(id, {
        Attachment: { AttachmentId: 'eni-attach-01234567', DeleteOnTermination: true },
      }),
    ).rejects.toEqual(failure('InvalidAttachmentID.NotFound'));
  });

  test('grants a permission once', async () => {
    const id = await makeId();
    const grant = () =>
      client.send(
        new ec2.CreateNetworkInterfacePermissionCommand({
          NetworkInterfaceId: id,
          Permission: 'INSTANCE-ATTACH',
          AwsAccountId: '111122223333',
        }),
      );
    const first = await grant();
    expect(first.InterfacePermission?.PermissionState?.State).toBe('granted');
    expect((await grant()).InterfacePermission).toEqual(first.InterfacePermission);
  });
});

describe('secondary addresses', () => {
  const assign = (id: string, count: number) =>
    client.send(
      new ec2.AssignPrivateIpAddressesCommand({
        NetworkInterfaceId: id,
        SecondaryPrivateIpAddressCount: count,
      }),
    );
  const unassign = (id: string, ...PrivateIpAddresses: string[]) =>
    client.send(
      new ec2.UnassignPrivateIpAddressesCommand({ NetworkInterfaceId: id, PrivateIpAddresses }),
    );

  test('are limited by the instance type, and answered without those there were', async () => {
    const eni = await makeEni();
    const id = eni.NetworkInterfaceId ?? '';
    await attach(id, await launch('m5.large'), 1);
    const { AssignedPrivateIpAddresses } = await assign(id, 9);
    expect(AssignedPrivateIpAddresses).toHaveLength(9);
    expect(AssignedPrivateIpAddresses?.map((each) => each.PrivateIpAddress)).not.toContain(
      eni.PrivateIpAddress,
    );
    await expect(assign(id, 1)).rejects.toEqual(failure('PrivateIpAddressLimitExceeded'));
    await unassign(id, AssignedPrivateIpAddresses?.[0]?.PrivateIpAddress ?? '');
    expect((await readEni(id))?.PrivateIpAddresses).toHaveLength(9);
  });

  test('cannot be taken twice, nor the primary be given back', async () => {
    const eni = await makeEni();
    const id = eni.NetworkInterfaceId ?? '';
    const taken = new ec2.AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: await makeId(),
      PrivateIpAddresses: [eni.PrivateIpAddress ?? ''],
    });
    await expect(client.send(taken)).rejects.toEqual(failure('Resource.AlreadyAssigned'));
    await expect(unassign(id, eni.PrivateIpAddress ?? '')).rejects.toEqual(
      failure('InvalidParameterValue', /primary/),
    );
    await expect(unassign(id, '10.0.1.250')).rejects.toEqual(
      failure('InvalidParameterValue', /not assigned/),
    );
  });
});

describe('trunk and branch', () => {
  test('a VLAN id is used once per trunk, a branch on one trunk', async () => {
    const trunk = await makeId({ InterfaceType: 'trunk' });
    const [a, b] = [await makeId(), await makeId()];
    const { InterfaceAssociation: made } = await associate(a, trunk, 1);
    await expect(associate(b, trunk, 1)).rejects.toEqual(
      failure(
        'InvalidParameterValue',
        `VLAN ID 1 is already in use on trunk interface '${trunk}'.`,
      ),
    );
    await expect(associate(a, trunk, 2)).rejects.toEqual(
      failure('InvalidParameterValue', /already associated/),
    );
    await expect(associate(trunk, trunk, 2)).rejects.toEqual(failure('InvalidParameterValue'));
    await expect(associate(b, a, 2)).rejects.toEqual(
      failure('InvalidParameterValue', /not a trunk/),
    );
    await expect(associate(b, trunk, 4095)).rejects.toEqual(failure('InvalidParameterValue'));
    const AssociationId = made?.AssociationId ?? '';
    const Filters = [{ Name: 'trunk-interface-association.trunk-interface-id', Values: [trunk] }];
    const listed = await client.send(
      new ec2.DescribeTrunkInterfaceAssociationsCommand({ Filters }),
    );
    expect(listed.InterfaceAssociations).toEqual([made]);
    const end = () => client.send(new ec2.DisassociateTrunkInterfaceCommand({ AssociationId }));
    expect(await end()).toMatchObject({ Return: true });
    await expect(end()).rejects.toEqual(failure('InvalidAssociationID.NotFound'));
    expect(await readEni(a)).toMatchObject({ Status: 'available', InterfaceType: 'branch' });
  });

  test('a repeated association with the same token is the same one', async () => {
    const trunk = await makeId({ InterfaceType: 'trunk' });
    const branch = await makeId();
    const first = await associate(branch, trunk, 3, 'again');
    expect((await associate(branch, trunk, 3, 'again')).InterfaceAssociation).toEqual(
      first.InterfaceAssociation,
    );
    await expect(associate(branch, trunk, 4, 'again')).rejects.toEqual(
      failure('IdempotentParameterMismatch'),
    );
  });

  test('an m5.large carries nine branches; an associated branch may be deleted', async () => {
    const trunk = await makeId({ InterfaceType: 'trunk' });
    await attach(trunk, await launch(), 1);
    const branches = await Promise.all(Array.from({ length: 10 }, () => makeId()));
    for (const [i, branch] of branches.slice(0, 9).entries()) await associate(branch, trunk, i + 1);
    const tenth = branches[9] ?? '';
    await expect(associate(tenth, trunk, 10)).rejects.toEqual(failure('AttachmentLimitExceeded'));
    await expect(
      client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: trunk })),
    ).rejects.toEqual(failure('InvalidParameterValue', /currently in use/));
    await client.send(
      new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: branches[0] ?? '' }),
    );
    await associate(tenth, trunk, 1);
  });
});

describe('instances', () => {
  test('terminate with their interfaces; branches of their trunk become available', async () => {
    const instance = await launch('m5.large', { ClientToken: 'launch' });
    expect(await launch('m5.large', { ClientToken: 'launch' })).toBe(instance);
    const [kept, trunk, branch] = [
      await makeId(),
      await makeId({ InterfaceType: 'trunk' }),
      await makeId(),
    ];
    await attach(kept, instance, 1);
    const { AttachmentId } = await attach(trunk, instance, 2);
    await client.send(
      new ec2.ModifyNetworkInterfaceAttributeCommand({
        NetworkInterfaceId: trunk,
        Attachment: { AttachmentId, DeleteOnTermination: true },
      }),
    );
    await associate(branch, trunk, 1);
    const { TerminatingInstances } = await client.send(
      new ec2.TerminateInstancesCommand({ InstanceIds: [instance] }),
    );
    expect(TerminatingInstances).toMatchObject([
      { CurrentState: { Code: 32 }, PreviousState: { Code: 16, Name: 'running' } },
    ]);
    expect([(await readEni(kept))?.Status, (await readEni(branch))?.Status]).toEqual([
      'available',
      'available',
    ]);
    await expect(readEni(trunk)).rejects.toEqual(
      failure(
        'InvalidNetworkInterfaceID.NotFound',
        `The networkInterface ID '${trunk}' does not exist`,
      ),
    );
    const { Reservations } = await client.send(
      new ec2.DescribeInstancesCommand({ InstanceIds: [instance] }),
    );
    expect(Reservations?.[0]?.Instances).toMatchObject([
      { State: { Name: 'terminated' }, NetworkInterfaces: [] },
    ]);
    await expect(launch('m5.large', { ClientToken: 'launch' })).rejects.toEqual(
      failure('IdempotentInstanceTerminated'),
    );
  });

  test.each<[string, object, string, RegExp]>([
    ['an unknown type', { InstanceType: 'm5.huge' }, 'InvalidParameterValue', /InstanceType/],
    ['a malformed image', { ImageId: 'debian' }, 'InvalidAMIID.Malformed', /ami-/],
    ['no instances', { MaxCount: 0 }, 'InvalidParameterValue', /MaxCount/],
    [
      'a subnet in both places',
      { NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: 'subnet-01234567' }] },
      'InvalidParameterCombination',
      /Network interfaces and an instance-level subnet ID may not be specified on the same request/,
    ],
  ])('cannot be launched with %s', async (_what, input, code, message) => {
    await expect(launch('m5.large', input)).rejects.toEqual(failure(code, message));
  });

  test('are named together when several are missing', async () => {
    const InstanceIds = ['i-01234567', 'i-89abcdef'];
    await expect(client.send(new ec2.DescribeInstancesCommand({ InstanceIds }))).rejects.toEqual(
      failure(
        'InvalidInstanceID.NotFound',
        "The instance IDs 'i-01234567, i-89abcdef' do not exist",
      ),
    );
  });

  test('of type m5.large have three interfaces of ten addresses', async () => {
    const { InstanceTypes } = await client.send(
      new ec2.DescribeInstanceTypesCommand({ InstanceTypes: ['m5.large'] }),
    );
    expect(InstanceTypes?.[0]?.NetworkInfo).toMatchObject({
      MaximumNetworkInterfaces: 3,
      Ipv4AddressesPerInterface: 10,
    });
  });
});

describe('tags', () => {
  test('are added, overwritten, listed and removed', async () => {
    const id = await makeId();
    const tag = (...Tags: ec2.Tag[]) =>
      client.send(new ec2.CreateTagsCommand({ Resources: [id], Tags }));
    const list = async () => {
      const Filters = [{ Name: 'resource-id', Values: [id] }];
      const { Tags } = await client.send(new ec2.DescribeTagsCommand({ Filters }));
      return Tags?.map(({ Key, Value }) => `${Key}=${Value}`);
    };
    await tag({ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' });
    await tag({ Key: 'a', Value: '3' });
    expect(await list()).toEqual(['a=3', 'b=2']);
    const four = ['w', 'x', 'y', 'z'].map((Key) => ({ Key, Value: '' }));
    await expect(tag(...four)).rejects.toEqual(failure('TagLimitExceeded'));
    await expect(tag({ Key: 'aws:x', Value: '' })).rejects.toEqual(
      failure('InvalidParameterValue', /reserved/),
    );
    await client.send(
      new ec2.DeleteTagsCommand({
        Resources: [id],
        Tags: [{ Key: 'a', Value: 'not this' }, { Key: 'b' }],
      }),
    );
    expect(await list()).toEqual(['a=3']);
  });

  test.each([
    ['eni-01234567', 'InvalidNetworkInterfaceID.NotFound'],
    ['sgr-01234567', 'InvalidSecurityGroupRuleId.NotFound'],
    ['nonsense', 'InvalidID'],
  ])('of %s: %s', async (id, code) => {
    const command = new ec2.CreateTagsCommand({
      Resources: [id],
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    await expect(client.send(command)).rejects.toEqual(failure(code));
  });
});

test('no handler returned a member that the model does not have', () => {
  expect(api.logged).toEqual([]);
});

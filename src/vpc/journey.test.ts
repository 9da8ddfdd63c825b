import {
  AssociateTrunkInterfaceCommand,
  AttachNetworkInterfaceCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  DisassociateTrunkInterfaceCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './testing.fake.ts';

let api: TestApi;
let ec2: EC2Client;

beforeAll(async () => {
  api = await startTestApi();
  ec2 = api.client();
});
afterAll(() => api.close());

describe('the journey of the scenario', () => {
  const ids: Record<string, string> = {};

  test('makes a VPC with a default group, and a subnet', async () => {
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    ids['vpc'] = Vpc?.VpcId ?? '';
    const { SecurityGroups } = await ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [ids['vpc']] }] }),
    );
    expect(SecurityGroups?.map((group) => group.GroupName)).toEqual(['default']);
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({ VpcId: ids['vpc'], CidrBlock: '10.0.1.0/24' }),
    );
    ids['subnet'] = Subnet?.SubnetId ?? '';
    expect(Subnet).toMatchObject({
      AvailableIpAddressCount: 251,
      AvailabilityZone: 'us-east-1a',
      State: 'available',
    });
  });

  test('makes a group and authorizes a rule that refers to another', async () => {
    for (const GroupName of ['payments', 'rds']) {
      const made = await ec2.send(
        new CreateSecurityGroupCommand({ GroupName, Description: GroupName, VpcId: ids['vpc'] }),
      );
      ids[GroupName] = made.GroupId ?? '';
    }
    const { SecurityGroupRules } = await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: ids['rds'],
        IpPermissions: [
          {
            IpProtocol: 'tcp',
            FromPort: 5432,
            ToPort: 5432,
            UserIdGroupPairs: [{ GroupId: ids['payments'] ?? '' }],
          },
        ],
      }),
    );
    expect(SecurityGroupRules).toHaveLength(1);
    expect(SecurityGroupRules?.[0]).toMatchObject({
      GroupId: ids['rds'],
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 5432,
      ReferencedGroupInfo: { GroupId: ids['payments'], UserId: '111122223333' },
    });
    // The VPC goes without saying: it is that of the rule's own group.
    expect(SecurityGroupRules?.[0]?.ReferencedGroupInfo).not.toHaveProperty('VpcId');
    ids['rule'] = SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? '';
  });

  test('runs an instance with its primary interface', async () => {
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-0123456789abcdef0',
        InstanceType: 'm5.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: ids['subnet'],
        SecurityGroupIds: [ids['payments'] ?? ''],
      }),
    );
    ids['instance'] = Instances?.[0]?.InstanceId ?? '';
    const { Reservations } = await ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [ids['instance']] }),
    );
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
      State: { Name: 'running', Code: 16 },
      PrivateIpAddress: '10.0.1.4',
      NetworkInterfaces: [
        {
          InterfaceType: 'interface',
          Attachment: { DeviceIndex: 0, Status: 'attached', DeleteOnTermination: true },
          PrivateIpAddress: '10.0.1.4',
        },
      ],
    });
  });

  test('attaches a trunk and associates a branch', async () => {
    const trunk = await ec2.send(
      new CreateNetworkInterfaceCommand({ SubnetId: ids['subnet'], InterfaceType: 'trunk' }),
    );
    ids['trunk'] = trunk.NetworkInterface?.NetworkInterfaceId ?? '';
    const attached = await ec2.send(
      new AttachNetworkInterfaceCommand({
        InstanceId: ids['instance'],
        NetworkInterfaceId: ids['trunk'],
        DeviceIndex: 1,
      }),
    );
    await ec2.send(
      new ModifyNetworkInterfaceAttributeCommand({
        NetworkInterfaceId: ids['trunk'],
        Attachment: { AttachmentId: attached.AttachmentId, DeleteOnTermination: true },
      }),
    );
    const branch = await ec2.send(
      new CreateNetworkInterfaceCommand({ SubnetId: ids['subnet'], Groups: [ids['rds'] ?? ''] }),
    );
    ids['branch'] = branch.NetworkInterface?.NetworkInterfaceId ?? '';
    const { InterfaceAssociation } = await ec2.send(
      new AssociateTrunkInterfaceCommand({
        BranchInterfaceId: ids['branch'],
        TrunkInterfaceId: ids['trunk'],
        VlanId: 1,
      }),
    );
    ids['association'] = InterfaceAssociation?.AssociationId ?? '';
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({
        Filters: [{ Name: 'interface-type', Values: ['branch'] }],
      }),
    );
    expect(NetworkInterfaces).toHaveLength(1);
    expect(NetworkInterfaces?.[0]).toMatchObject({
      NetworkInterfaceId: ids['branch'],
      Status: 'in-use',
      Groups: [{ GroupId: ids['rds'], GroupName: 'rds' }],
    });
  });

  test('tears everything down again', async () => {
    await ec2.send(new DisassociateTrunkInterfaceCommand({ AssociationId: ids['association'] }));
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: ids['branch'] }));
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [ids['instance'] ?? ''] }));
    await ec2.send(
      new RevokeSecurityGroupIngressCommand({
        GroupId: ids['rds'],
        SecurityGroupRuleIds: [ids['rule'] ?? ''],
      }),
    );
    for (const name of ['payments', 'rds'])
      await ec2.send(new DeleteSecurityGroupCommand({ GroupId: ids[name] }));
    await ec2.send(new DeleteSubnetCommand({ SubnetId: ids['subnet'] }));
    await ec2.send(new DeleteVpcCommand({ VpcId: ids['vpc'] }));
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs).toEqual([]);
  });

  test('returned no member that the model does not have', () => {
    expect(api.logged).toEqual([]);
  });
});

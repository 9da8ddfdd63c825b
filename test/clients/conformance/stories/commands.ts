import { where, type Story } from '../story.ts';

/** Command lines as people type them, and the waiters that scripts use. */
export const COMMANDS: Story = {
  title: 'Command lines and waiters',
  steps: [
    {
      name: 'aws ec2 create-vpc',
      aws: 'ec2 create-vpc --cidr-block 10.140.0.0/16 --tag-specifications "ResourceType=vpc,Tags=[{Key=Name,Value=typed}]"',
      answers: { Vpc: { Tags: [{ Key: 'Name', Value: 'typed' }] } },
    },
    {
      name: 'the others make theirs',
      call: ['CreateVpc', { CidrBlock: '10.140.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    { name: 'vpc_available', wait: ['VpcAvailable', { VpcIds: ['{vpc}'] }], answers: true },
    { name: 'vpc_exists', wait: ['VpcExists', { VpcIds: ['{vpc}'] }], answers: true },
    {
      name: 'aws ec2 create-subnet',
      aws: 'ec2 create-subnet --vpc-id {vpc} --cidr-block 10.140.9.0/24 --availability-zone {region}c --query Subnet.SubnetId --output text',
      answers: /^subnet-[0-9a-f]{17}$/,
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.140.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'subnet_available',
      wait: ['SubnetAvailable', { SubnetIds: ['{subnet}'] }],
      answers: true,
    },
    {
      name: 'aws ec2 create-security-group',
      aws: 'ec2 create-security-group --group-name typed --description "typed by hand" --vpc-id {vpc}',
      answers: { GroupId: /^sg-/ },
      save: { typed: 'GroupId' },
    },
    {
      name: 'a group',
      call: ['CreateSecurityGroup', { GroupName: 'g', Description: 'g', VpcId: '{vpc}' }],
      save: { group: 'GroupId' },
    },
    {
      name: 'security_group_exists',
      wait: ['SecurityGroupExists', { GroupIds: ['{group}'] }],
      answers: true,
    },
    {
      name: 'aws ec2 authorize-security-group-ingress with a port and a block',
      aws: 'ec2 authorize-security-group-ingress --group-id {typed} --protocol tcp --port 22 --cidr 203.0.113.0/24',
      answers: {
        SecurityGroupRules: [
          { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIpv4: '203.0.113.0/24' },
        ],
      },
    },
    {
      name: 'with a range of ports and a group',
      aws: 'ec2 authorize-security-group-ingress --group-id {typed} --protocol udp --port 1000-2000 --source-group {group}',
      answers: {
        SecurityGroupRules: [
          { FromPort: 1000, ToPort: 2000, ReferencedGroupInfo: { GroupId: '{group}' } },
        ],
      },
    },
    {
      name: 'with ICMP of any type',
      aws: 'ec2 authorize-security-group-ingress --group-id {typed} --protocol icmp --port -1 --cidr 0.0.0.0/0',
      answers: { SecurityGroupRules: [{ IpProtocol: 'icmp', FromPort: -1, ToPort: -1 }] },
    },
    {
      name: 'with all protocols',
      aws: 'ec2 authorize-security-group-egress --group-id {typed} --ip-permissions "IpProtocol=-1,Ipv6Ranges=[{CidrIpv6=::/0,Description=out}]"',
      answers: { SecurityGroupRules: [{ IsEgress: true, CidrIpv6: '::/0', Description: 'out' }] },
    },
    {
      name: 'aws ec2 revoke-security-group-ingress',
      aws: 'ec2 revoke-security-group-ingress --group-id {typed} --protocol tcp --port 22 --cidr 203.0.113.0/24',
      answers: { Return: true, RevokedSecurityGroupRules: [{ FromPort: 22 }] },
    },
    {
      name: 'aws ec2 describe-security-groups by --query',
      aws: 'ec2 describe-security-groups --group-ids {typed} --query SecurityGroups[].IpPermissions[].FromPort',
      answers: [1000, -1],
    },
    {
      name: 'aws ec2 describe-security-groups --filters',
      aws: 'ec2 describe-security-groups --filters Name=vpc-id,Values={vpc} Name=group-name,Values=typed,other --query length(SecurityGroups)  --output text',
      answers: '1',
    },
    {
      name: 'an error of a command has its code and text',
      aws: 'ec2 authorize-security-group-ingress --group-id {typed} --protocol icmp --port -1 --cidr 0.0.0.0/0',
      refused: ['InvalidPermission.Duplicate', /already exists/],
    },
    {
      name: 'aws ec2 delete-security-group',
      aws: 'ec2 delete-security-group --group-id {typed}',
      answers: { Return: true },
    },
    {
      name: 'aws ec2 create-network-interface and its group',
      aws: 'ec2 create-network-interface --subnet-id {subnet} --groups {group} --private-ip-address 10.140.1.77 --query NetworkInterface.PrivateIpAddress',
      answers: '10.140.1.77',
    },
    {
      name: 'an interface',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['{group}'] }],
      save: { eni: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'network_interface_available',
      wait: ['NetworkInterfaceAvailable', { NetworkInterfaceIds: ['{eni}'] }],
      answers: true,
    },
    {
      name: 'an instance',
      call: [
        'RunInstances',
        {
          ImageId: 'ami-0123456789abcdef0',
          InstanceType: 't3.micro',
          MinCount: 1,
          MaxCount: 1,
          SubnetId: '{subnet}',
        },
      ],
      save: { vm: 'Instances.0.InstanceId' },
    },
    { name: 'instance_exists', wait: ['InstanceExists', { InstanceIds: ['{vm}'] }], answers: true },
    {
      name: 'instance_running',
      wait: ['InstanceRunning', { InstanceIds: ['{vm}'] }],
      answers: true,
    },
    {
      name: 'instance_status_ok',
      wait: ['InstanceStatusOk', { InstanceIds: ['{vm}'] }],
      answers: true,
    },
    { name: 'it stops', call: ['StopInstances', { InstanceIds: ['{vm}'] }] },
    {
      name: 'instance_stopped',
      wait: ['InstanceStopped', { InstanceIds: ['{vm}'] }],
      answers: true,
    },
    { name: 'it is terminated', call: ['TerminateInstances', { InstanceIds: ['{vm}'] }] },
    {
      name: 'instance_terminated',
      wait: ['InstanceTerminated', { InstanceIds: ['{vm}'] }],
      answers: true,
    },
    {
      name: 'aws ec2 describe-network-interfaces sees both interfaces page by page',
      pages: ['DescribeNetworkInterfaces', { Filters: [{ Name: 'vpc-id', Values: ['{vpc}'] }] }, 5],
      varies: true,
    },
    {
      name: 'aws ec2 create-tags',
      aws: 'ec2 create-tags --resources {vpc} {subnet} --tags Key=a,Value=b Key=c,Value=',
    },
    {
      name: 'aws ec2 describe-tags',
      aws: 'ec2 describe-tags --filters Name=resource-id,Values={subnet} --query Tags[].Key',
      answers: ['a', 'c'],
    },
    {
      name: 'aws sts get-caller-identity',
      aws: 'sts get-caller-identity --query Account --output text',
      answers: '111122223333',
    },
    {
      name: 'tables and text are printed too',
      aws: 'ec2 describe-subnets --subnet-ids {subnet} --output table',
      answers: /DescribeSubnets/,
    },
    {
      name: 'the subnet is found by both',
      call: ['DescribeSubnets', where({ 'subnet-id': '{subnet}' })],
      answers: { Subnets: [{ SubnetId: '{subnet}' }] },
      varies: true,
    },
  ],
};

import { ABSENT, exactly, having } from '../match.ts';
import { where, type Story } from '../story.ts';

const NO_SUCH = 'eni-0123456789abcdef0';

/** Network interfaces without instances: groups, attributes, filters, permissions. */
export const INTERFACES: Story = {
  title: 'Network interfaces',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.50.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.50.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId', zone: 'Subnet.AvailabilityZone' },
    },
    {
      name: 'a group',
      call: ['CreateSecurityGroup', { GroupName: 'g', Description: 'g', VpcId: '{vpc}' }],
      save: { group: 'GroupId' },
    },
    {
      name: 'the default group',
      call: ['DescribeSecurityGroups', where({ 'vpc-id': '{vpc}', 'group-name': 'default' })],
      save: { default: 'SecurityGroups.0.GroupId' },
    },
    {
      name: 'CreateNetworkInterface answers the whole interface',
      call: [
        'CreateNetworkInterface',
        {
          SubnetId: '{subnet}',
          Groups: ['{group}'],
          Description: 'a <branch> & more',
          PrivateIpAddress: '10.50.1.10',
          TagSpecifications: [
            {
              ResourceType: 'network-interface',
              Tags: [{ Key: 'vpcresources.k8s.aws/trunk-eni-id', Value: 'eni-1' }],
            },
          ],
        },
      ],
      answers: {
        NetworkInterface: {
          NetworkInterfaceId: /^eni-[0-9a-f]{17}$/,
          Status: /^(pending|available)$/,
          InterfaceType: 'interface',
          SubnetId: '{subnet}',
          VpcId: '{vpc}',
          AvailabilityZone: '{zone}',
          OwnerId: '{account}',
          Description: 'a <branch> & more',
          MacAddress: /^0[26ae](:[0-9a-f]{2}){5}$/,
          PrivateIpAddress: '10.50.1.10',
          PrivateDnsName: /^ip-10-50-1-10\./,
          PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: '10.50.1.10' }],
          Groups: [{ GroupId: '{group}', GroupName: 'g' }],
          Ipv6Addresses: [],
          SourceDestCheck: true,
          RequesterManaged: false,
          TagSet: [{ Key: 'vpcresources.k8s.aws/trunk-eni-id', Value: 'eni-1' }],
          Attachment: ABSENT,
        },
      },
      save: { eni: 'NetworkInterface.NetworkInterfaceId', mac: 'NetworkInterface.MacAddress' },
    },
    {
      name: 'a detached interface is available and has no attachment',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['{eni}'] }],
      answers: { NetworkInterfaces: [{ Status: 'available', Attachment: ABSENT }] },
    },
    {
      name: 'without groups it gets the default group, and an empty tag list',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}' }],
      answers: {
        NetworkInterface: { Groups: [{ GroupId: '{default}', GroupName: 'default' }], TagSet: [] },
      },
      save: { plain: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'an address in use is refused',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', PrivateIpAddress: '10.50.1.10' }],
      refused: ['InvalidIPAddress.InUse'],
    },
    ...['10.50.1.0', '10.50.1.1', '10.50.1.2', '10.50.1.3', '10.50.1.255'].map((address) => ({
      name: `the reserved address ${address} is refused`,
      call: [
        'CreateNetworkInterface',
        { SubnetId: '{subnet}', PrivateIpAddress: address },
      ] as const,
      refused: ['InvalidParameterValue'] as const,
    })),
    {
      name: 'an address outside the subnet is refused',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', PrivateIpAddress: '10.50.2.10' }],
      refused: ['InvalidParameterValue', /10\.50\.2\.10/],
    },
    {
      name: 'a malformed address is refused',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', PrivateIpAddress: '10.50.2' }],
      refused: ['InvalidParameterValue', /10\.50\.2/],
    },
    {
      name: 'an unknown type is refused',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', InterfaceType: 'wormhole' }],
      refused: ['InvalidParameterValue', /wormhole/],
    },
    {
      name: 'an unknown subnet is refused',
      call: ['CreateNetworkInterface', { SubnetId: 'subnet-0123456789abcdef0' }],
      refused: [
        'InvalidSubnetID.NotFound',
        "The subnet ID 'subnet-0123456789abcdef0' does not exist",
      ],
    },
    {
      name: 'CreateNetworkInterface without a subnet lacks a parameter',
      call: ['CreateNetworkInterface', {}],
      refused: ['MissingParameter', 'The request must contain the parameter SubnetId'],
    },
    {
      name: 'an unknown group is refused',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['sg-0123456789abcdef0'] }],
      refused: [
        'InvalidGroup.NotFound',
        "The security group 'sg-0123456789abcdef0' does not exist",
      ],
    },
    {
      name: 'a group of the default VPC',
      call: ['DescribeSecurityGroups', { GroupNames: ['default'] }],
      save: { foreign: 'SecurityGroups.0.GroupId' },
    },
    {
      name: 'a group of another VPC is refused',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['{foreign}'] }],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'an unknown interface is named between the only quotes',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: [NO_SUCH] }],
      refused: [
        'InvalidNetworkInterfaceID.NotFound',
        `The networkInterface ID '${NO_SUCH}' does not exist`,
      ],
    },
    {
      name: 'a malformed interface id is refused',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['eth0'] }],
      refused: ['InvalidNetworkInterfaceId.Malformed'],
    },
    ...(
      [
        ['network-interface-id', '{eni}'],
        ['private-ip-address', '10.50.1.10'],
        ['addresses.private-ip-address', '10.50.1.10'],
        ['mac-address', '{mac}'],
        ['group-id', '{group}'],
        ['group-name', 'g'],
        ['description', 'a <branch> & *'],
        ['tag:vpcresources.k8s.aws/trunk-eni-id', 'eni-1'],
        ['tag-key', 'vpcresources.k8s.aws/*'],
        ['private-dns-name', 'ip-10-50-1-10.*'],
      ] as const
    ).map(([filter, value]) => ({
      name: `DescribeNetworkInterfaces finds interfaces by ${filter}`,
      call: [
        'DescribeNetworkInterfaces',
        where({
          [filter]: value,
          'subnet-id': '{subnet}',
          status: 'available',
          'interface-type': 'interface',
          'requester-managed': 'false',
          'source-dest-check': 'true',
        }),
      ] as const,
      answers: { NetworkInterfaces: [{ NetworkInterfaceId: '{eni}' }] },
    })),
    {
      name: 'ModifyNetworkInterfaceAttribute changes the groups',
      call: [
        'ModifyNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', Groups: ['{default}', '{group}'] },
      ],
    },
    {
      name: 'ModifyNetworkInterfaceAttribute empties the description',
      call: [
        'ModifyNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', Description: { Value: '' } },
      ],
    },
    {
      name: 'ModifyNetworkInterfaceAttribute turns the source check off',
      call: [
        'ModifyNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', SourceDestCheck: { Value: false } },
      ],
    },
    {
      name: 'all of it is seen',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['{eni}'] }],
      answers: {
        NetworkInterfaces: [
          {
            Description: '',
            SourceDestCheck: false,
            Groups: exactly({ GroupId: '{default}' }, { GroupId: '{group}' }),
          },
        ],
      },
    },
    {
      name: 'ResetNetworkInterfaceAttribute turns the source check on again',
      call: [
        'ResetNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', SourceDestCheck: 'true' },
      ],
    },
    {
      name: 'DescribeNetworkInterfaceAttribute: sourceDestCheck',
      call: [
        'DescribeNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', Attribute: 'sourceDestCheck' },
      ],
      answers: { NetworkInterfaceId: '{eni}', SourceDestCheck: { Value: true } },
    },
    {
      name: 'DescribeNetworkInterfaceAttribute: groupSet',
      call: [
        'DescribeNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', Attribute: 'groupSet' },
      ],
      answers: { Groups: having({ GroupId: '{group}', GroupName: 'g' }) },
    },
    {
      name: 'DescribeNetworkInterfaceAttribute: an unknown one',
      call: [
        'DescribeNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', Attribute: 'colour' },
      ],
      refused: [
        'InvalidParameterValue',
        'Value (colour) for parameter attribute is invalid. Unknown attribute.',
      ],
    },
    {
      name: 'one call changes one attribute',
      call: [
        'ModifyNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', Description: { Value: 'x' }, Groups: ['{group}'] },
      ],
      refused: ['InvalidParameterCombination'],
    },
    {
      name: 'an attachment that is not there is refused',
      call: [
        'ModifyNetworkInterfaceAttribute',
        {
          NetworkInterfaceId: '{eni}',
          Attachment: { AttachmentId: 'eni-attach-0123456789abcdef0', DeleteOnTermination: true },
        },
      ],
      refused: ['InvalidAttachmentID.NotFound', /eni-attach-0123456789abcdef0/],
    },
    {
      name: 'connection tracking timeouts are modified',
      call: [
        'ModifyNetworkInterfaceAttribute',
        {
          NetworkInterfaceId: '{eni}',
          ConnectionTrackingSpecification: { TcpEstablishedTimeout: 350, UdpTimeout: 40 },
        },
      ],
    },
    {
      name: 'and shown',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['{eni}'] }],
      answers: {
        NetworkInterfaces: [
          { ConnectionTrackingConfiguration: { TcpEstablishedTimeout: 350, UdpTimeout: 40 } },
        ],
      },
    },
    ...(
      [
        ['TcpEstablishedTimeout', 59],
        ['UdpStreamTimeout', 181],
        ['UdpTimeout', 61],
      ] as const
    ).map(([timeout, seconds]) => ({
      name: `${timeout} of ${seconds} seconds is out of range`,
      call: [
        'ModifyNetworkInterfaceAttribute',
        { NetworkInterfaceId: '{eni}', ConnectionTrackingSpecification: { [timeout]: seconds } },
      ] as const,
      refused: ['InvalidParameterValue'] as const,
    })),
    {
      name: 'a permission to attach is granted',
      call: [
        'CreateNetworkInterfacePermission',
        {
          NetworkInterfaceId: '{eni}',
          Permission: 'INSTANCE-ATTACH',
          AwsAccountId: '444455556666',
        },
      ],
      answers: {
        InterfacePermission: {
          NetworkInterfacePermissionId: /^eni-perm-[0-9a-f]{17}$/,
          NetworkInterfaceId: '{eni}',
          AwsAccountId: '444455556666',
          Permission: 'INSTANCE-ATTACH',
          PermissionState: { State: /granted$/i },
        },
      },
      save: { permission: 'InterfacePermission.NetworkInterfacePermissionId' },
    },
    {
      name: 'the same permission again is the same',
      call: [
        'CreateNetworkInterfacePermission',
        {
          NetworkInterfaceId: '{eni}',
          Permission: 'INSTANCE-ATTACH',
          AwsAccountId: '444455556666',
        },
      ],
      answers: { InterfacePermission: { NetworkInterfacePermissionId: '{permission}' } },
    },
    ...(
      [
        ['network-interface-permission.network-interface-id', '{eni}'],
        ['network-interface-permission.aws-account-id', '444455556666'],
        ['network-interface-permission.network-interface-permission-id', '{permission}'],
        ['network-interface-permission.permission', 'INSTANCE-ATTACH'],
      ] as const
    ).map(([filter, value]) => ({
      name: `permissions are found by ${filter}`,
      call: ['DescribeNetworkInterfacePermissions', where({ [filter]: value })] as const,
      answers: { NetworkInterfacePermissions: [{ NetworkInterfacePermissionId: '{permission}' }] },
    })),
    {
      name: 'a permission is taken back',
      call: [
        'DeleteNetworkInterfacePermission',
        { NetworkInterfacePermissionId: '{permission}', Force: true },
      ],
      answers: { Return: true },
    },
    {
      name: 'and then unknown',
      call: ['DeleteNetworkInterfacePermission', { NetworkInterfacePermissionId: '{permission}' }],
      refused: ['InvalidPermissionID.NotFound'],
    },
    {
      name: 'an interface goes',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{eni}' }],
    },
    {
      name: 'an interface that is gone is unknown',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{eni}' }],
      refused: [
        'InvalidNetworkInterfaceID.NotFound',
        "The networkInterface ID '{eni}' does not exist",
      ],
    },
    {
      name: 'the other interface goes',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{plain}' }],
    },
    { name: 'the group goes', call: ['DeleteSecurityGroup', { GroupId: '{group}' }] },
    { name: 'the subnet goes', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};

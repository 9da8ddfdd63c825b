import { ABSENT, count, exactly, having } from '../match.ts';
import { where, type Story } from '../story.ts';

const NO_SUCH = 'i-0123456789abcdef0';
const IMAGE = 'ami-0123456789abcdef0';

/** RunInstances to TerminateInstances; attachments, trunks and branches. */
export const INSTANCES: Story = {
  title: 'Instances, trunks and branches',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.70.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.70.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId', zone: 'Subnet.AvailabilityZone' },
    },
    {
      name: 'a group',
      call: ['CreateSecurityGroup', { GroupName: 'nodes', Description: 'n', VpcId: '{vpc}' }],
      save: { group: 'GroupId' },
    },
    {
      name: 'DescribeInstanceTypes tells the limits of a type',
      call: ['DescribeInstanceTypes', { InstanceTypes: ['m5.large'] }],
      answers: {
        InstanceTypes: [
          {
            InstanceType: 'm5.large',
            Hypervisor: 'nitro',
            BareMetal: false,
            NetworkInfo: {
              MaximumNetworkInterfaces: 3,
              Ipv4AddressesPerInterface: 10,
              Ipv6AddressesPerInterface: 10,
              Ipv6Supported: true,
              MaximumNetworkCards: 1,
              NetworkCards: [{ NetworkCardIndex: 0, MaximumNetworkInterfaces: 3 }],
            },
          },
        ],
      },
    },
    {
      name: 'an unknown type is refused',
      call: ['DescribeInstanceTypes', { InstanceTypes: ['m5.gigantic'] }],
      refused: ['InvalidInstanceType', /m5\.gigantic/],
    },
    {
      name: 'RunInstances makes the primary interface',
      call: [
        'RunInstances',
        {
          ImageId: IMAGE,
          InstanceType: 'm5.large',
          MinCount: 1,
          MaxCount: 1,
          SubnetId: '{subnet}',
          SecurityGroupIds: ['{group}'],
          PrivateIpAddress: '10.70.1.10',
          TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'node' }] }],
        },
      ],
      answers: {
        ReservationId: /^r-[0-9a-f]{17}$/,
        OwnerId: '{account}',
        Instances: [
          {
            InstanceId: /^i-[0-9a-f]{17}$/,
            InstanceType: 'm5.large',
            ImageId: IMAGE,
            State: { Code: 0, Name: 'pending' },
            SubnetId: '{subnet}',
            VpcId: '{vpc}',
            PrivateIpAddress: '10.70.1.10',
            Placement: { AvailabilityZone: '{zone}' },
            Tags: [{ Key: 'Name', Value: 'node' }],
            SecurityGroups: [{ GroupId: '{group}', GroupName: 'nodes' }],
            NetworkInterfaces: [
              {
                NetworkInterfaceId: /^eni-/,
                InterfaceType: 'interface',
                Attachment: { DeviceIndex: 0, DeleteOnTermination: true, NetworkCardIndex: 0 },
                PrivateIpAddress: '10.70.1.10',
              },
            ],
          },
        ],
      },
      save: {
        node: 'Instances.0.InstanceId',
        primary: 'Instances.0.NetworkInterfaces.0.NetworkInterfaceId',
      },
    },
    {
      name: 'the instance runs',
      call: ['DescribeInstances', { InstanceIds: ['{node}'] }],
      answers: {
        Reservations: [
          {
            Instances: [
              {
                State: { Code: 16, Name: 'running' },
                NetworkInterfaces: [
                  {
                    Status: 'in-use',
                    Attachment: { AttachmentId: /^eni-attach-[0-9a-f]{17}$/, Status: 'attached' },
                    Groups: [{ GroupId: '{group}' }],
                    MacAddress: /^0/,
                  },
                ],
              },
            ],
          },
        ],
      },
      save: {
        primaryAttachment: 'Reservations.0.Instances.0.NetworkInterfaces.0.Attachment.AttachmentId',
      },
    },
    {
      name: 'two instances in one call, without tags',
      call: [
        'RunInstances',
        {
          ImageId: IMAGE,
          InstanceType: 't3.micro',
          MinCount: 1,
          MaxCount: 2,
          SubnetId: '{subnet}',
        },
      ],
      answers: { Instances: exactly({ AmiLaunchIndex: 0 }, { AmiLaunchIndex: 1, Tags: ABSENT }) },
      save: { one: 'Instances.0.InstanceId', two: 'Instances.1.InstanceId' },
    },
    ...(
      [
        ['instance-type', 'm5.large'],
        ['tag:Name', 'node'],
        ['private-ip-address', '10.70.1.10'],
        ['network-interface.network-interface-id', '{primary}'],
        ['network-interface.subnet-id', '{subnet}'],
        ['network-interface.vpc-id', '{vpc}'],
        ['network-interface.group-id', '{group}'],
        ['instance.group-id', '{group}'],
        ['instance.group-name', 'nodes'],
        ['tag-value', 'node'],
      ] as const
    ).map(([filter, value]) => ({
      name: `DescribeInstances finds instances by ${filter}`,
      call: [
        'DescribeInstances',
        where({ [filter]: value, 'instance-type': 'm5.large', 'vpc-id': '{vpc}' }),
      ] as const,
      answers: { Reservations: [{ Instances: [{ InstanceId: '{node}' }] }] },
    })),
    {
      name: 'DescribeInstanceStatus shows what runs',
      call: ['DescribeInstanceStatus', { InstanceIds: ['{node}'] }],
      answers: {
        InstanceStatuses: [
          {
            InstanceId: '{node}',
            InstanceState: { Name: 'running' },
            InstanceStatus: { Status: 'ok' },
            SystemStatus: { Status: 'ok' },
          },
        ],
      },
    },
    {
      name: 'an unknown instance is named in the error',
      call: ['DescribeInstances', { InstanceIds: [NO_SUCH] }],
      refused: ['InvalidInstanceID.NotFound', `The instance ID '${NO_SUCH}' does not exist`],
    },
    {
      name: 'several unknown instances are named together',
      call: ['TerminateInstances', { InstanceIds: [NO_SUCH, 'i-0123456789abcdef1'] }],
      refused: [
        'InvalidInstanceID.NotFound',
        `The instance IDs '${NO_SUCH}, i-0123456789abcdef1' do not exist`,
      ],
    },
    {
      name: 'a malformed instance id is refused',
      call: ['DescribeInstances', { InstanceIds: ['node-1'] }],
      refused: ['InvalidInstanceID.Malformed', /node-1/],
    },
    {
      name: 'ids and MaxResults do not go together',
      call: ['DescribeInstances', { InstanceIds: ['{node}'], MaxResults: 5 }],
      refused: [
        'InvalidParameterCombination',
        'The parameter instancesSet cannot be used with the parameter maxResults',
      ],
    },
    {
      name: 'interfaces and an instance-level subnet do not go together',
      call: [
        'RunInstances',
        {
          ImageId: IMAGE,
          InstanceType: 't3.micro',
          MinCount: 1,
          MaxCount: 1,
          SubnetId: '{subnet}',
          NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: '{subnet}' }],
        },
      ],
      refused: [
        'InvalidParameterCombination',
        'Network interfaces and an instance-level subnet ID may not be specified on the same request',
      ],
    },
    {
      name: 'a malformed image id is refused',
      call: ['RunInstances', { ImageId: 'image', MinCount: 1, MaxCount: 1, SubnetId: '{subnet}' }],
      refused: ['InvalidAMIID.Malformed', /image/],
    },
    {
      name: 'RunInstances without counts lacks a parameter',
      call: ['RunInstances', { ImageId: IMAGE, SubnetId: '{subnet}' }],
      not: ['aws'],
      refused: ['MissingParameter'],
    },
    {
      name: 'a trunk interface',
      call: [
        'CreateNetworkInterface',
        { SubnetId: '{subnet}', InterfaceType: 'trunk', Groups: ['{group}'] },
      ],
      answers: { NetworkInterface: { InterfaceType: 'trunk' } },
      save: { trunk: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'AttachNetworkInterface answers the attachment',
      call: [
        'AttachNetworkInterface',
        { NetworkInterfaceId: '{trunk}', InstanceId: '{node}', DeviceIndex: 1 },
      ],
      answers: { AttachmentId: /^eni-attach-[0-9a-f]{17}$/, NetworkCardIndex: 0 },
      save: { attachment: 'AttachmentId' },
    },
    {
      name: 'an interface is attached once',
      call: [
        'AttachNetworkInterface',
        { NetworkInterfaceId: '{trunk}', InstanceId: '{one}', DeviceIndex: 1 },
      ],
      refused: ['InvalidNetworkInterface.InUse', 'Interface: [{trunk}] in use.'],
    },
    {
      name: 'a second interface',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}' }],
      save: { second: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'a device index is taken once',
      call: [
        'AttachNetworkInterface',
        { NetworkInterfaceId: '{second}', InstanceId: '{node}', DeviceIndex: 1 },
      ],
      refused: [
        'InvalidParameterValue',
        "Instance '{node}' already has an interface attached at device index '1'.",
      ],
    },
    {
      name: 'an unknown instance takes no interface',
      call: [
        'AttachNetworkInterface',
        { NetworkInterfaceId: '{second}', InstanceId: NO_SUCH, DeviceIndex: 1 },
      ],
      refused: ['InvalidInstanceID.NotFound'],
    },
    {
      name: 'the second interface becomes the third one of the instance',
      call: [
        'AttachNetworkInterface',
        { NetworkInterfaceId: '{second}', InstanceId: '{node}', DeviceIndex: 2 },
      ],
      save: { secondAttachment: 'AttachmentId' },
    },
    {
      name: 'another interface',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', SecondaryPrivateIpAddressCount: 8 }],
      save: { third: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'an m5.large has three interfaces at most',
      call: [
        'AttachNetworkInterface',
        { NetworkInterfaceId: '{third}', InstanceId: '{node}', DeviceIndex: 3 },
      ],
      refused: ['AttachmentLimitExceeded', /m5\.large|limit/],
    },
    {
      name: 'an instance type limits the addresses of an interface',
      call: [
        'AssignPrivateIpAddresses',
        { NetworkInterfaceId: '{second}', SecondaryPrivateIpAddressCount: 10 },
      ],
      refused: ['PrivateIpAddressLimitExceeded'],
    },
    {
      name: 'also those that it came with',
      call: [
        'AttachNetworkInterface',
        { NetworkInterfaceId: '{third}', InstanceId: '{one}', DeviceIndex: 1 },
      ],
      refused: ['PrivateIpAddressLimitExceeded'],
    },
    {
      name: 'interfaces are found by attachment',
      call: [
        'DescribeNetworkInterfaces',
        where({
          'attachment.instance-id': '{node}',
          'attachment.device-index': '1',
          'attachment.status': 'attached',
          'attachment.delete-on-termination': 'false',
          'interface-type': 'trunk',
        }),
      ],
      answers: {
        NetworkInterfaces: [
          {
            NetworkInterfaceId: '{trunk}',
            Status: 'in-use',
            Attachment: {
              AttachmentId: '{attachment}',
              InstanceId: '{node}',
              InstanceOwnerId: '{account}',
              DeviceIndex: 1,
              NetworkCardIndex: 0,
              Status: 'attached',
              DeleteOnTermination: false,
            },
          },
        ],
      },
    },
    {
      name: 'DescribeInstances shows the trunk',
      call: ['DescribeInstances', { InstanceIds: ['{node}'] }],
      answers: {
        Reservations: [
          {
            Instances: [
              {
                NetworkInterfaces: having({
                  NetworkInterfaceId: '{trunk}',
                  InterfaceType: 'trunk',
                  Attachment: { DeviceIndex: 1 },
                }),
              },
            ],
          },
        ],
      },
    },
    {
      name: 'an attached interface is not deleted',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{second}' }],
      refused: ['InvalidParameterValue', "Network interface '{second}' is currently in use."],
    },
    {
      name: 'DeleteOnTermination is modified by the attachment',
      call: [
        'ModifyNetworkInterfaceAttribute',
        {
          NetworkInterfaceId: '{trunk}',
          Attachment: { AttachmentId: '{attachment}', DeleteOnTermination: true },
        },
      ],
    },
    {
      name: 'a branch is an ordinary interface first',
      call: [
        'CreateNetworkInterface',
        { SubnetId: '{subnet}', Groups: ['{group}'], Description: 'aws-k8s-branch-eni' },
      ],
      answers: { NetworkInterface: { InterfaceType: 'interface' } },
      save: { branch: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'AssociateTrunkInterface joins it to the trunk under a VLAN id',
      call: [
        'AssociateTrunkInterface',
        {
          BranchInterfaceId: '{branch}',
          TrunkInterfaceId: '{trunk}',
          VlanId: 1,
          ClientToken: 'once',
        },
      ],
      answers: {
        InterfaceAssociation: {
          AssociationId: /^trunk-assoc-[0-9a-f]{17}$/,
          BranchInterfaceId: '{branch}',
          TrunkInterfaceId: '{trunk}',
          InterfaceProtocol: 'VLAN',
          VlanId: 1,
        },
        ClientToken: 'once',
      },
      save: { association: 'InterfaceAssociation.AssociationId' },
    },
    {
      name: 'the same token gives the same association again',
      call: [
        'AssociateTrunkInterface',
        {
          BranchInterfaceId: '{branch}',
          TrunkInterfaceId: '{trunk}',
          VlanId: 1,
          ClientToken: 'once',
        },
      ],
      answers: { InterfaceAssociation: { AssociationId: '{association}' } },
    },
    {
      name: 'the same token with another VLAN id is refused',
      call: [
        'AssociateTrunkInterface',
        {
          BranchInterfaceId: '{branch}',
          TrunkInterfaceId: '{trunk}',
          VlanId: 2,
          ClientToken: 'once',
        },
      ],
      refused: ['IdempotentParameterMismatch'],
    },
    {
      name: 'an associated branch is of type branch and in use',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['{branch}'] }],
      answers: { NetworkInterfaces: [{ InterfaceType: 'branch', Status: 'in-use' }] },
    },
    {
      name: 'a VLAN id is taken once on a trunk',
      call: [
        'AssociateTrunkInterface',
        { BranchInterfaceId: '{third}', TrunkInterfaceId: '{trunk}', VlanId: 1 },
      ],
      refused: ['InvalidParameterValue', /VLAN|vlan/],
    },
    {
      name: 'a branch is associated once',
      call: [
        'AssociateTrunkInterface',
        { BranchInterfaceId: '{branch}', TrunkInterfaceId: '{trunk}', VlanId: 3 },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'only trunks take branches',
      call: [
        'AssociateTrunkInterface',
        { BranchInterfaceId: '{third}', TrunkInterfaceId: '{second}', VlanId: 3 },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'an unknown branch is refused',
      call: [
        'AssociateTrunkInterface',
        { BranchInterfaceId: 'eni-0123456789abcdef0', TrunkInterfaceId: '{trunk}', VlanId: 3 },
      ],
      refused: ['InvalidNetworkInterfaceID.NotFound'],
    },
    ...(
      [
        ['interface-protocol', 'VLAN'],
        ['trunk-interface-association.trunk-interface-id', '{trunk}'],
        ['trunk-interface-association.branch-interface-id', '{branch}'],
      ] as const
    ).map(([filter, value]) => ({
      name: `associations are found by ${filter}`,
      call: ['DescribeTrunkInterfaceAssociations', where({ [filter]: value })] as const,
      answers: { InterfaceAssociations: [{ AssociationId: '{association}', VlanId: 1 }] },
    })),
    {
      name: 'DisassociateTrunkInterface answers true',
      call: ['DisassociateTrunkInterface', { AssociationId: '{association}' }],
      answers: { Return: true },
    },
    {
      name: 'an association that is gone is unknown',
      call: ['DisassociateTrunkInterface', { AssociationId: '{association}' }],
      refused: ['InvalidAssociationID.NotFound'],
    },
    {
      name: 'the branch is available again',
      call: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['{branch}'] }],
      answers: { NetworkInterfaces: [{ Status: 'available' }] },
    },
    {
      name: 'it is associated again',
      call: [
        'AssociateTrunkInterface',
        { BranchInterfaceId: '{branch}', TrunkInterfaceId: '{trunk}', VlanId: 1 },
      ],
    },
    {
      name: 'and deleted while it is associated',
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: '{branch}' }],
    },
    {
      name: 'its association went with it',
      call: ['DescribeTrunkInterfaceAssociations'],
      answers: { InterfaceAssociations: [] },
    },
    {
      name: 'the primary interface is not detached',
      call: ['DetachNetworkInterface', { AttachmentId: '{primaryAttachment}' }],
      refused: [
        'OperationNotPermitted',
        'The network interface at device index 0 and networkCard index 0 cannot be detached.',
      ],
    },
    {
      name: 'another one is',
      call: ['DetachNetworkInterface', { AttachmentId: '{secondAttachment}' }],
    },
    {
      name: 'a second time its attachment is unknown',
      call: ['DetachNetworkInterface', { AttachmentId: '{secondAttachment}' }],
      refused: ['InvalidAttachmentID.NotFound'],
    },
    {
      name: 'a malformed attachment id is refused',
      call: ['DetachNetworkInterface', { AttachmentId: 'attachment' }],
      refused: ['InvalidNetworkInterfaceAttachmentId.Malformed'],
    },
    {
      name: 'the groups of an instance with several interfaces are not its own',
      call: ['ModifyInstanceAttribute', { InstanceId: '{node}', Groups: ['{group}'] }],
      refused: ['InvalidInstanceID'],
    },
    {
      name: 'those of an instance with one are',
      call: ['ModifyInstanceAttribute', { InstanceId: '{one}', Groups: ['{group}'] }],
    },
    {
      name: 'and shown',
      call: ['DescribeInstanceAttribute', { InstanceId: '{one}', Attribute: 'groupSet' }],
      answers: { InstanceId: '{one}', Groups: [{ GroupId: '{group}' }] },
    },
    {
      name: 'the type of a running instance stays',
      call: [
        'ModifyInstanceAttribute',
        { InstanceId: '{one}', InstanceType: { Value: 't3.small' } },
      ],
      refused: ['IncorrectInstanceState'],
    },
    {
      name: 'StopInstances answers both states',
      call: ['StopInstances', { InstanceIds: ['{one}'] }],
      answers: {
        StoppingInstances: [
          {
            InstanceId: '{one}',
            CurrentState: { Code: 64, Name: 'stopping' },
            PreviousState: { Code: 16, Name: 'running' },
          },
        ],
      },
    },
    {
      name: 'the instance is stopped',
      call: ['DescribeInstances', where({ 'instance-state-name': 'stopped', 'vpc-id': '{vpc}' })],
      answers: { Reservations: [{ Instances: [{ InstanceId: '{one}', State: { Code: 80 } }] }] },
    },
    {
      name: 'its type is modified now',
      call: [
        'ModifyInstanceAttribute',
        { InstanceId: '{one}', InstanceType: { Value: 't3.small' } },
      ],
    },
    {
      name: 'StartInstances starts it',
      call: ['StartInstances', { InstanceIds: ['{one}'] }],
      answers: {
        StartingInstances: [
          {
            CurrentState: { Code: 0, Name: 'pending' },
            PreviousState: { Code: 80, Name: 'stopped' },
          },
        ],
      },
    },
    { name: 'RebootInstances reboots it', call: ['RebootInstances', { InstanceIds: ['{one}'] }] },
    {
      name: 'protection from termination',
      call: [
        'ModifyInstanceAttribute',
        { InstanceId: '{two}', DisableApiTermination: { Value: true } },
      ],
    },
    {
      name: 'refuses termination',
      call: ['TerminateInstances', { InstanceIds: ['{two}'] }],
      refused: ['OperationNotPermitted', /disableApiTermination/],
    },
    {
      name: 'and is lifted',
      call: [
        'ModifyInstanceAttribute',
        { InstanceId: '{two}', DisableApiTermination: { Value: false } },
      ],
    },
    {
      name: 'metadata options are modified',
      call: [
        'ModifyInstanceMetadataOptions',
        { InstanceId: '{node}', HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      ],
      answers: {
        InstanceId: '{node}',
        InstanceMetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      },
    },
    {
      name: 'a hop limit above 64 is refused',
      call: [
        'ModifyInstanceMetadataOptions',
        { InstanceId: '{node}', HttpPutResponseHopLimit: 65 },
      ],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'a group that an instance wears is not deleted',
      call: ['DeleteSecurityGroup', { GroupId: '{group}' }],
      refused: ['DependencyViolation', 'resource {group} has a dependent object'],
    },
    {
      name: 'TerminateInstances answers both states',
      call: ['TerminateInstances', { InstanceIds: ['{node}', '{one}', '{two}'] }],
      answers: {
        TerminatingInstances: having({
          InstanceId: '{node}',
          CurrentState: { Code: 32, Name: 'shutting-down' },
          PreviousState: { Code: 16, Name: 'running' },
        }),
      },
    },
    {
      name: 'terminated instances stay listed, without interfaces',
      call: ['DescribeInstances', { InstanceIds: ['{node}'] }],
      answers: {
        Reservations: [
          { Instances: [{ State: { Code: 48, Name: 'terminated' }, NetworkInterfaces: [] }] },
        ],
      },
    },
    {
      name: 'interfaces with DeleteOnTermination went, others stay',
      call: ['DescribeNetworkInterfaces', where({ 'vpc-id': '{vpc}' })],
      answers: {
        NetworkInterfaces: exactly(
          { NetworkInterfaceId: '{second}', Status: 'available' },
          { NetworkInterfaceId: '{third}', PrivateIpAddresses: count(9) },
        ),
      },
    },
    {
      name: 'a terminated instance does not start',
      call: ['StartInstances', { InstanceIds: ['{node}'] }],
      refused: ['IncorrectInstanceState'],
    },
    ...['{second}', '{third}'].map((id) => ({
      name: `the ${id.slice(1, -1)} interface goes`,
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: id }] as const,
    })),
    { name: 'the group goes', call: ['DeleteSecurityGroup', { GroupId: '{group}' }] },
    { name: 'the subnet goes', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};

import { blob } from '../client.ts';
import { ABSENT, count, exactly, having } from '../match.ts';
import { where, type Story } from '../story.ts';

const PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@laptop';

/** Reachability of one interface from another, and flow logs. */
export const INSIGHTS: Story = {
  title: 'Network insights and flow logs',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.110.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.110.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'a group of clients',
      call: ['CreateSecurityGroup', { GroupName: 'c', Description: 'c', VpcId: '{vpc}' }],
      save: { client: 'GroupId' },
    },
    {
      name: 'a group of servers',
      call: ['CreateSecurityGroup', { GroupName: 's', Description: 's', VpcId: '{vpc}' }],
      save: { server: 'GroupId' },
    },
    {
      name: 'an interface of a client',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['{client}'] }],
      save: { from: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'an interface of a server',
      call: ['CreateNetworkInterface', { SubnetId: '{subnet}', Groups: ['{server}'] }],
      save: { to: 'NetworkInterface.NetworkInterfaceId' },
    },
    {
      name: 'CreateNetworkInsightsPath names both ends and the port',
      call: [
        'CreateNetworkInsightsPath',
        { Source: '{from}', Destination: '{to}', Protocol: 'tcp', DestinationPort: 5432 },
      ],
      answers: {
        NetworkInsightsPath: {
          NetworkInsightsPathId: /^nip-[0-9a-f]{17}$/,
          NetworkInsightsPathArn: /:network-insights-path\/nip-/,
          Source: '{from}',
          Destination: '{to}',
          Protocol: 'tcp',
          DestinationPort: 5432,
        },
      },
      save: { path: 'NetworkInsightsPath.NetworkInsightsPathId' },
    },
    {
      name: 'paths are found by source, protocol and port',
      call: [
        'DescribeNetworkInsightsPaths',
        where({ source: '{from}', protocol: 'tcp', 'destination-port': '5432' }),
      ],
      answers: { NetworkInsightsPaths: [{ NetworkInsightsPathId: '{path}' }] },
    },
    {
      name: 'StartNetworkInsightsAnalysis answers an analysis',
      call: ['StartNetworkInsightsAnalysis', { NetworkInsightsPathId: '{path}' }],
      answers: {
        NetworkInsightsAnalysis: {
          NetworkInsightsAnalysisId: /^nia-[0-9a-f]{17}$/,
          NetworkInsightsPathId: '{path}',
          Status: /^(running|succeeded)$/,
        },
      },
      save: { analysis: 'NetworkInsightsAnalysis.NetworkInsightsAnalysisId' },
    },
    {
      name: 'which finds no path and explains why',
      call: ['DescribeNetworkInsightsAnalyses', { NetworkInsightsAnalysisIds: ['{analysis}'] }],
      answers: {
        NetworkInsightsAnalyses: [
          {
            Status: 'succeeded',
            NetworkPathFound: false,
            Explanations: having({
              ExplanationCode: 'ENI_SG_RULES_MISMATCH',
              Direction: 'ingress',
            }),
          },
        ],
      },
    },
    {
      name: 'the server lets clients in',
      call: [
        'AuthorizeSecurityGroupIngress',
        {
          GroupId: '{server}',
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 5432,
              ToPort: 5432,
              UserIdGroupPairs: [{ GroupId: '{client}' }],
            },
          ],
        },
      ],
    },
    {
      name: 'a second analysis',
      call: ['StartNetworkInsightsAnalysis', { NetworkInsightsPathId: '{path}' }],
      save: { second: 'NetworkInsightsAnalysis.NetworkInsightsAnalysisId' },
    },
    {
      name: 'finds the path, component by component',
      call: ['DescribeNetworkInsightsAnalyses', where({ 'path-found': 'true' })],
      answers: {
        NetworkInsightsAnalyses: [
          {
            NetworkInsightsAnalysisId: '{second}',
            NetworkPathFound: true,
            ForwardPathComponents: having(
              { SequenceNumber: 1, Component: { Id: '{from}' } },
              { Component: { Id: '{to}' } },
              { SecurityGroupRule: { Direction: 'ingress' } },
            ),
          },
        ],
      },
    },
    {
      name: 'a path that is analysed is not deleted',
      call: ['DeleteNetworkInsightsPath', { NetworkInsightsPathId: '{path}' }],
      refused: ['AnalysisExistsForNetworkInsightsPath'],
    },
    ...['{analysis}', '{second}'].map((id) => ({
      name: `the ${id.slice(1, -1)} is deleted`,
      call: ['DeleteNetworkInsightsAnalysis', { NetworkInsightsAnalysisId: id }] as const,
      answers: { NetworkInsightsAnalysisId: id },
    })),
    {
      name: 'then the path is',
      call: ['DeleteNetworkInsightsPath', { NetworkInsightsPathId: '{path}' }],
      answers: { NetworkInsightsPathId: '{path}' },
    },
    {
      name: 'an unknown path is refused',
      call: ['StartNetworkInsightsAnalysis', { NetworkInsightsPathId: '{path}' }],
      refused: ['InvalidNetworkInsightsPathId.NotFound'],
    },
    {
      name: 'an unknown analysis is refused',
      call: ['DescribeNetworkInsightsAnalyses', { NetworkInsightsAnalysisIds: ['{analysis}'] }],
      refused: ['InvalidNetworkInsightsAnalysisId.NotFound'],
    },
    {
      name: 'a protocol that nobody has is refused',
      call: ['CreateNetworkInsightsPath', { Source: '{from}', Destination: '{to}', Protocol: 'x' }],
      refused: ['InvalidParameterValue'],
    },
    {
      name: 'CreateFlowLogs answers ids, and what went wrong beside them',
      call: [
        'CreateFlowLogs',
        {
          ResourceIds: ['{to}', 'eni-0123456789abcdef0'],
          ResourceType: 'NetworkInterface',
          TrafficType: 'REJECT',
          LogDestinationType: 's3',
          LogDestination: 'arn:aws:s3:::flows',
          MaxAggregationInterval: 60,
        },
      ],
      answers: {
        FlowLogIds: [/^fl-[0-9a-f]{17}$/],
        Unsuccessful: [
          {
            ResourceId: 'eni-0123456789abcdef0',
            Error: { Code: 'InvalidNetworkInterfaceID.NotFound' },
          },
        ],
      },
      save: { log: 'FlowLogIds.0' },
    },
    {
      name: 'the same log again is refused',
      call: [
        'CreateFlowLogs',
        {
          ResourceIds: ['{to}'],
          ResourceType: 'NetworkInterface',
          TrafficType: 'REJECT',
          LogDestinationType: 's3',
          LogDestination: 'arn:aws:s3:::flows',
          MaxAggregationInterval: 60,
        },
      ],
      refused: [
        'FlowLogAlreadyExists',
        'Error. There is an existing Flow Log with the same configuration and log destination.',
      ],
    },
    {
      name: 'logs are found by resource',
      call: ['DescribeFlowLogs', { Filter: [{ Name: 'resource-id', Values: ['{to}'] }] }],
      answers: {
        FlowLogs: [
          {
            FlowLogId: '{log}',
            FlowLogStatus: 'ACTIVE',
            ResourceId: '{to}',
            TrafficType: 'REJECT',
            LogDestinationType: 's3',
            MaxAggregationInterval: 60,
          },
        ],
      },
    },
    ...(
      [
        ['an aggregation interval of 61', { MaxAggregationInterval: 61 }, 'InvalidParameter'],
        ['an unknown type of traffic', { TrafficType: 'SOME' }, 'InvalidParameterValue'],
        ['an unknown type of resource', { ResourceType: 'Planet' }, 'InvalidParameterValue'],
      ] as const
    ).map(([what, params, code]) => ({
      name: `${what} is refused`,
      call: [
        'CreateFlowLogs',
        {
          ResourceIds: ['{vpc}'],
          ResourceType: 'VPC',
          TrafficType: 'ALL',
          LogDestinationType: 's3',
          LogDestination: 'arn:aws:s3:::flows',
          ...params,
        },
      ] as const,
      refused: [code] as const,
    })),
    {
      name: 'DeleteFlowLogs answers what it could not delete',
      call: ['DeleteFlowLogs', { FlowLogIds: ['{log}'] }],
      answers: { Unsuccessful: [] },
    },
    {
      name: 'no log is left',
      call: ['DescribeFlowLogs', { Filter: [{ Name: 'resource-id', Values: ['{to}'] }] }],
      answers: { FlowLogs: count(0) },
    },
    {
      name: 'a key pair',
      call: ['CreateKeyPair', { KeyName: 'k', KeyType: 'ed25519' }],
      answers: {
        KeyName: 'k',
        KeyPairId: /^key-[0-9a-f]{17}$/,
        KeyFingerprint: /./,
        KeyMaterial: /^-----BEGIN/,
      },
      varies: true,
      save: { key: 'KeyPairId' },
    },
    {
      name: 'a name is taken once',
      call: ['CreateKeyPair', { KeyName: 'k' }],
      refused: ['InvalidKeyPair.Duplicate', /^The keypair 'k' already exists/],
    },
    {
      name: 'key pairs are listed without their key',
      call: ['DescribeKeyPairs', { KeyNames: ['k'] }],
      answers: { KeyPairs: [{ KeyPairId: '{key}', KeyType: 'ed25519', PublicKey: ABSENT }] },
      varies: true,
    },
    {
      name: 'an unknown key pair is refused',
      call: ['DescribeKeyPairs', { KeyNames: ['nobody'] }],
      refused: ['InvalidKeyPair.NotFound', /nobody/],
    },
    { name: 'the key pair goes', call: ['DeleteKeyPair', { KeyName: 'k' }] },
    {
      name: 'ImportKeyPair takes the public half of a key',
      call: ['ImportKeyPair', { KeyName: 'i', PublicKeyMaterial: blob(PUBLIC_KEY) }],
      answers: { KeyName: 'i', KeyFingerprint: /./ },
    },
    {
      name: 'what is no key is refused',
      call: ['ImportKeyPair', { KeyName: 'j', PublicKeyMaterial: blob('no key') }],
      refused: ['InvalidKeyPair.Format'],
    },
    { name: 'the imported one goes', call: ['DeleteKeyPair', { KeyName: 'i' }] },
    {
      name: 'zones have ids',
      call: ['DescribeAvailabilityZones', where({ state: 'available' })],
      answers: {
        AvailabilityZones: having({
          ZoneName: '{region}a',
          RegionName: '{region}',
          ZoneType: 'availability-zone',
        }),
      },
      varies: true,
    },
    {
      name: 'an unknown zone is refused',
      call: ['DescribeAvailabilityZones', { ZoneNames: ['mars-1a'] }],
      refused: ['InvalidParameterValue', /mars-1a/],
    },
    {
      name: 'regions are listed',
      call: ['DescribeRegions', { RegionNames: ['{region}'] }],
      answers: { Regions: [{ RegionName: '{region}', Endpoint: 'ec2.{region}.amazonaws.com' }] },
    },
    {
      name: 'attributes of the account',
      call: ['DescribeAccountAttributes', { AttributeNames: ['default-vpc'] }],
      answers: {
        AccountAttributes: exactly({
          AttributeName: 'default-vpc',
          AttributeValues: [{ AttributeValue: /^vpc-/ }],
        }),
      },
    },
    ...['{from}', '{to}'].map((id) => ({
      name: `the interface ${id.slice(1, -1)} goes`,
      call: ['DeleteNetworkInterface', { NetworkInterfaceId: id }] as const,
    })),
    ...['{server}', '{client}'].map((id) => ({
      name: `the group ${id.slice(1, -1)} goes`,
      call: ['DeleteSecurityGroup', { GroupId: id }] as const,
    })),
    { name: 'the subnet goes', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};

/** A managed policy of AWS, as far as it concerns us. */
export interface AwsPolicy {
  readonly name: string;
  readonly arn: string;
  /** ARN path: `/` for most. */
  readonly path: string;
  readonly uniqueId: string;
  readonly versionId: string;
  readonly createdAt: string;
  readonly document: string;
}

type Rules = readonly Readonly<Record<string, unknown>>[];

/** Which resources a controller makes is marked by a tag of this key. */
const OWNER_TAG = 'ec2:ResourceTag/eks:eni:owner';

const CNI_ACTIONS = [
  'AssignPrivateIpAddresses',
  'AttachNetworkInterface',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeInstances',
  'DescribeTags',
  'DescribeNetworkInterfaces',
  'DescribeInstanceTypes',
  'DescribeSubnets',
  'DescribeSecurityGroups',
  'DetachNetworkInterface',
  'ModifyNetworkInterfaceAttribute',
  'UnassignPrivateIpAddresses',
];

const RESOURCE_CONTROLLER_ACTIONS = [
  'CreateNetworkInterface',
  'DetachNetworkInterface',
  'ModifyNetworkInterfaceAttribute',
  'DeleteNetworkInterface',
  'AttachNetworkInterface',
  'UnassignPrivateIpAddresses',
  'AssignPrivateIpAddresses',
];

const CLUSTER_ACTIONS = [
  'AttachVolume',
  'AuthorizeSecurityGroupIngress',
  'CreateRoute',
  'CreateSecurityGroup',
  'CreateTags',
  'CreateVolume',
  'DeleteRoute',
  'DeleteSecurityGroup',
  'DeleteVolume',
  'DescribeInstances',
  'DescribeRouteTables',
  'DescribeSecurityGroups',
  'DescribeSubnets',
  'DescribeVolumes',
  'DescribeVolumesModifications',
  'DescribeVpcs',
  'DescribeDhcpOptions',
  'DescribeNetworkInterfaces',
  'DescribeAvailabilityZones',
  'DetachVolume',
  'ModifyInstanceAttribute',
  'ModifyVolume',
  'RevokeSecurityGroupIngress',
  'DescribeAccountAttributes',
  'DescribeAddresses',
  'DescribeInternetGateways',
  'DescribeInstanceTopology',
];

const WORKER_ACTIONS = [
  'DescribeInstances',
  'DescribeInstanceTypes',
  'DescribeRouteTables',
  'DescribeSecurityGroups',
  'DescribeSubnets',
  'DescribeVolumes',
  'DescribeVolumesModifications',
  'DescribeVpcs',
];

const REGISTRY_READ_ACTIONS = [
  'GetAuthorizationToken',
  'BatchCheckLayerAvailability',
  'GetDownloadUrlForLayer',
  'GetRepositoryPolicy',
  'DescribeRepositories',
  'ListImages',
  'DescribeImages',
  'BatchGetImage',
  'GetLifecyclePolicy',
  'GetLifecyclePolicyPreview',
  'ListTagsForResource',
  'DescribeImageScanFindings',
];

/**
 * The managed policies that EKS' guide and the article name, with the statements of their current
 * versions on AWS; statements about services that do not exist here are left out.
 */
export const AWS_POLICIES: readonly AwsPolicy[] = [
  policy('AdministratorAccess', 'v1', '2015-02-06T18:39:46Z', [allow(['*'])]),
  policy('AmazonEC2FullAccess', 'v5', '2018-11-27T02:16:56Z', [allow(['ec2:*'])]),
  policy('AmazonEC2ReadOnlyAccess', 'v2', '2024-02-14T15:17:04Z', [
    { Sid: 'EC2', ...allow(['ec2:Describe*', 'ec2:Get*']) },
  ]),
  policy('AmazonEC2ContainerRegistryReadOnly', 'v3', '2019-12-10T20:56:32Z', [
    allow(prefixed('ecr', REGISTRY_READ_ACTIONS)),
  ]),
  policy('AmazonEKSClusterPolicy', 'v9', '2026-02-11T22:21:13Z', [
    {
      Sid: 'AmazonEKSClusterPolicy',
      ...allow([...prefixed('ec2', CLUSTER_ACTIONS), 'kms:DescribeKey']),
    },
    {
      Sid: 'AmazonEKSClusterPolicyENIDelete',
      ...allow(['ec2:DeleteNetworkInterface']),
      Condition: { StringEquals: { [OWNER_TAG]: 'amazon-vpc-cni' } },
    },
  ]),
  policy('AmazonEKSVPCResourceController', 'v1', '2020-08-12T00:55:34Z', [
    {
      ...allow(['ec2:CreateNetworkInterfacePermission']),
      Condition: { 'ForAnyValue:StringEquals': { [OWNER_TAG]: 'eks-vpc-resource-controller' } },
    },
    allow(prefixed('ec2', RESOURCE_CONTROLLER_ACTIONS)),
  ]),
  policy('AmazonEKSWorkerNodePolicy', 'v3', '2023-11-27T00:06:13Z', [
    {
      Sid: 'WorkerNodePermissions',
      ...allow([
        ...prefixed('ec2', WORKER_ACTIONS),
        'eks:DescribeCluster',
        'eks-auth:AssumeRoleForPodIdentity',
      ]),
    },
  ]),
  policy('AmazonEKS_CNI_Policy', 'v6', '2026-03-04T19:12:00Z', [
    { Sid: 'AmazonEKSCNIPolicy', ...allow(prefixed('ec2', CNI_ACTIONS)) },
    {
      Sid: 'AmazonEKSCNIPolicyENITag',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: ['arn:aws:ec2:*:*:network-interface/*'],
    },
  ]),
];

const BY_ARN: ReadonlyMap<string, AwsPolicy> = new Map(
  AWS_POLICIES.map((each) => [each.arn, each]),
);

/** AWS's managed policy with this ARN. */
export function awsPolicy(arn: string): AwsPolicy | undefined {
  return BY_ARN.get(arn);
}

function allow(actions: readonly string[]): Readonly<Record<string, unknown>> {
  return { Effect: 'Allow', Action: actions.length === 1 ? actions[0] : actions, Resource: '*' };
}

function prefixed(service: string, actions: readonly string[]): string[] {
  return actions.map((action) => `${service}:${action}`);
}

function policy(name: string, versionId: string, createdAt: string, rules: Rules): AwsPolicy {
  return {
    name,
    arn: `arn:aws:iam::aws:policy/${name}`,
    path: '/',
    uniqueId: `ANPA${name
      .toUpperCase()
      .replace(/[^A-Z0-9]/g, '')
      .padEnd(17, 'A')
      .slice(-17)}`,
    versionId,
    createdAt,
    document: JSON.stringify({ Version: '2012-10-17', Statement: rules }),
  };
}

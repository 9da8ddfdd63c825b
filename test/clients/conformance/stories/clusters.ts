import { having } from '../match.ts';
import type { Story } from '../story.ts';

/** The slice of EKS that controllers and scripts need. */
export const CLUSTERS: Story = {
  title: 'EKS clusters and add-ons',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.130.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a subnet',
      call: [
        'CreateSubnet',
        { VpcId: '{vpc}', CidrBlock: '10.130.1.0/24', AvailabilityZone: '{region}a' },
      ],
      save: { a: 'Subnet.SubnetId' },
    },
    {
      name: 'a subnet in another zone',
      call: [
        'CreateSubnet',
        { VpcId: '{vpc}', CidrBlock: '10.130.2.0/24', AvailabilityZone: '{region}b' },
      ],
      save: { b: 'Subnet.SubnetId' },
    },
    {
      name: 'an unknown cluster is refused',
      call: ['eks:DescribeCluster', { name: 'demo' }],
      status: 404,
      refused: ['ResourceNotFoundException', 'No cluster found for name: demo.'],
    },
    {
      name: 'CreateCluster answers the cluster, being created',
      call: [
        'eks:CreateCluster',
        {
          name: 'demo',
          roleArn: 'arn:aws:iam::{account}:role/eks',
          resourcesVpcConfig: { subnetIds: ['{a}', '{b}'] },
          tags: { team: 'pods' },
        },
      ],
      answers: {
        cluster: {
          name: 'demo',
          arn: 'arn:aws:eks:{region}:{account}:cluster/demo',
          status: /^(CREATING|ACTIVE)$/,
          roleArn: 'arn:aws:iam::{account}:role/eks',
          resourcesVpcConfig: { vpcId: '{vpc}', subnetIds: ['{a}', '{b}'] },
          kubernetesNetworkConfig: { ipFamily: 'ipv4' },
          tags: { team: 'pods' },
        },
      },
      varies: true,
    },
    {
      name: 'DescribeCluster has what scripts read',
      call: ['eks:DescribeCluster', { name: 'demo' }],
      answers: {
        cluster: {
          status: 'ACTIVE',
          version: /^1\.\d+$/,
          platformVersion: /^eks\./,
          identity: { oidc: { issuer: /^https:/ } },
          resourcesVpcConfig: { clusterSecurityGroupId: /^sg-[0-9a-f]{17}$/, securityGroupIds: [] },
          kubernetesNetworkConfig: { serviceIpv4Cidr: /^(10\.100|172\.20)\.0\.0\/16$/ },
        },
      },
      save: { clusterGroup: 'cluster.resourcesVpcConfig.clusterSecurityGroupId' },
      varies: true,
    },
    {
      name: 'the cluster has a group of its own, that lets itself in',
      call: ['DescribeSecurityGroups', { GroupIds: ['{clusterGroup}'] }],
      answers: {
        SecurityGroups: [
          {
            GroupName: /^eks-cluster-sg-demo-\d+$/,
            VpcId: '{vpc}',
            IpPermissions: [
              { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: '{clusterGroup}' }] },
            ],
            Tags: having({ Key: 'kubernetes.io/cluster/demo', Value: 'owned' }),
          },
        ],
      },
      varies: true,
    },
    {
      name: 'a name is taken once',
      call: [
        'eks:CreateCluster',
        {
          name: 'demo',
          roleArn: 'arn:aws:iam::{account}:role/eks',
          resourcesVpcConfig: { subnetIds: ['{a}', '{b}'] },
        },
      ],
      status: 409,
      refused: ['ResourceInUseException', /demo/],
    },
    {
      name: 'a cluster without subnets is refused',
      call: [
        'eks:CreateCluster',
        {
          name: 'none',
          roleArn: 'arn:aws:iam::{account}:role/eks',
          resourcesVpcConfig: { subnetIds: [] },
        },
      ],
      refused: ['InvalidParameterException'],
    },
    {
      name: 'clusters are listed',
      call: ['eks:ListClusters'],
      answers: { clusters: ['demo'] },
    },
    {
      name: 'CreateAddon takes the configuration of the CNI',
      call: [
        'eks:CreateAddon',
        {
          clusterName: 'demo',
          addonName: 'vpc-cni',
          configurationValues: '{"env":{"ENABLE_POD_ENI":"true"}}',
        },
      ],
      answers: {
        addon: { addonName: 'vpc-cni', clusterName: 'demo', status: /^(CREATING|ACTIVE)$/ },
      },
      varies: true,
    },
    {
      name: 'DescribeAddon shows it',
      call: ['eks:DescribeAddon', { clusterName: 'demo', addonName: 'vpc-cni' }],
      answers: {
        addon: {
          status: 'ACTIVE',
          addonVersion: /^v1\./,
          configurationValues: '{"env":{"ENABLE_POD_ENI":"true"}}',
        },
      },
      varies: true,
    },
    {
      name: 'an add-on is made once',
      call: ['eks:CreateAddon', { clusterName: 'demo', addonName: 'vpc-cni' }],
      status: 409,
      refused: ['ResourceInUseException'],
    },
    {
      name: 'an unknown add-on is refused',
      call: ['eks:DescribeAddon', { clusterName: 'demo', addonName: 'coredns' }],
      status: 404,
      refused: ['ResourceNotFoundException', /coredns/],
    },
    {
      name: 'UpdateAddon answers an update',
      call: [
        'eks:UpdateAddon',
        { clusterName: 'demo', addonName: 'vpc-cni', configurationValues: '{"env":{}}' },
      ],
      answers: { update: { id: /./, type: 'AddonUpdate' } },
      varies: true,
    },
    {
      name: 'resources are tagged by ARN, slashes and all',
      call: [
        'eks:TagResource',
        { resourceArn: 'arn:aws:eks:{region}:{account}:cluster/demo', tags: { more: 'x&y' } },
      ],
    },
    {
      name: 'and list their tags',
      call: [
        'eks:ListTagsForResource',
        { resourceArn: 'arn:aws:eks:{region}:{account}:cluster/demo' },
      ],
      answers: { tags: { team: 'pods', more: 'x&y' } },
    },
    {
      name: 'the add-on goes',
      call: ['eks:DeleteAddon', { clusterName: 'demo', addonName: 'vpc-cni' }],
      varies: true,
    },
    { name: 'the cluster goes', call: ['eks:DeleteCluster', { name: 'demo' }], varies: true },
    {
      name: 'none is left',
      call: ['eks:ListClusters'],
      answers: { clusters: [] },
    },
    ...['{a}', '{b}'].map((id) => ({
      name: `the subnet ${id.slice(1, -1)} goes`,
      call: ['DeleteSubnet', { SubnetId: id }] as const,
    })),
    {
      name: 'the group of the cluster went with it',
      call: ['DescribeSecurityGroups', { GroupIds: ['{clusterGroup}'] }],
      refused: ['InvalidGroup.NotFound'],
    },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};

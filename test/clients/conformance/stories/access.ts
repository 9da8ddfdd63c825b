import { having } from '../match.ts';
import type { Keys, Params, Story } from '../story.ts';

const USER: Keys = { accessKeyId: '{key}', secretAccessKey: '{secret}' };
const SESSION: Keys = {
  accessKeyId: '{sessionKey}',
  secretAccessKey: '{sessionSecret}',
  sessionToken: '{sessionToken}',
};

/** Policy documents are texts; a name in braces in them is a variable of the story. */
function policy(...statements: readonly Params[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

const TRUST = policy({
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::{account}:root' },
  Action: 'sts:AssumeRole',
});

/** Users, roles and policies, and what they may do. */
export const ACCESS: Story = {
  title: 'Access: STS, IAM and authorisation',
  steps: [
    {
      name: 'GetCallerIdentity needs no permission',
      call: ['sts:GetCallerIdentity'],
      answers: { Account: '{account}', Arn: /^arn:aws:iam::\d{12}:/, UserId: /./ },
    },
    {
      name: 'an unknown key is refused by EC2',
      as: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' },
      call: ['DescribeVpcs'],
      status: 401,
      refused: ['AuthFailure', 'AWS was not able to validate the provided access credentials'],
    },
    {
      name: 'a wrong secret is refused by EC2',
      as: { accessKeyId: 'AKIATEST', secretAccessKey: 'wrong' },
      call: ['DescribeVpcs'],
      status: 401,
      refused: ['AuthFailure', 'AWS was not able to validate the provided access credentials'],
    },
    {
      name: 'an unknown key is refused by STS',
      as: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' },
      call: ['sts:GetCallerIdentity'],
      status: 403,
      refused: ['InvalidClientTokenId', 'The security token included in the request is invalid.'],
    },
    {
      name: 'a wrong secret is refused by IAM',
      as: { accessKeyId: 'AKIATEST', secretAccessKey: 'wrong' },
      call: ['iam:ListRoles'],
      status: 403,
      refused: ['SignatureDoesNotMatch'],
    },
    {
      name: 'CreateUser answers the user',
      call: ['iam:CreateUser', { UserName: '{client}-user' }],
      answers: {
        User: {
          UserName: '{client}-user',
          Path: '/',
          Arn: 'arn:aws:iam::{account}:user/{client}-user',
          UserId: /^AIDA/,
        },
      },
    },
    {
      name: 'a name is taken once',
      call: ['iam:CreateUser', { UserName: '{client}-user' }],
      status: 409,
      refused: ['EntityAlreadyExists', 'User with name {client}-user already exists.'],
    },
    {
      name: 'an access key of the user',
      call: ['iam:CreateAccessKey', { UserName: '{client}-user' }],
      answers: { AccessKey: { UserName: '{client}-user', Status: 'Active', AccessKeyId: /^AKIA/ } },
      save: { key: 'AccessKey.AccessKeyId', secret: 'AccessKey.SecretAccessKey' },
      varies: true,
    },
    {
      name: 'the user knows who it is',
      as: USER,
      call: ['sts:GetCallerIdentity'],
      answers: { Arn: 'arn:aws:iam::{account}:user/{client}-user' },
    },
    {
      name: 'without a policy it may do nothing',
      as: USER,
      call: ['DescribeVpcs'],
      status: 403,
      refused: [
        'UnauthorizedOperation',
        /^You are not authorized to perform this operation\. User: arn:aws:iam::\d+:user\/by-\w+-user is not authorized to perform: ec2:DescribeVpcs .*Encoded authorization failure message: \S+$/s,
      ],
    },
    {
      name: 'not even dry',
      as: USER,
      call: ['CreateVpc', { CidrBlock: '10.120.0.0/16', DryRun: true }],
      status: 403,
      refused: ['UnauthorizedOperation'],
    },
    {
      name: 'IAM says AccessDenied',
      as: USER,
      call: ['iam:ListRoles'],
      status: 403,
      refused: ['AccessDenied', /is not authorized to perform: iam:ListRoles/],
    },
    {
      name: 'a policy of its own',
      call: [
        'iam:PutUserPolicy',
        {
          UserName: '{client}-user',
          PolicyName: 'vpc',
          PolicyDocument: policy(
            {
              Effect: 'Allow',
              Action: ['ec2:Describe*', 'ec2:CreateVpc', 'ec2:CreateTags', 'ec2:DeleteVpc'],
              Resource: '*',
            },
            { Effect: 'Deny', Action: 'ec2:DescribeInstances', Resource: '*' },
            {
              Effect: 'Deny',
              Action: 'ec2:DeleteVpc',
              Resource: '*',
              Condition: { StringEquals: { 'aws:ResourceTag/keep': 'yes' } },
            },
          ),
        },
      ],
    },
    {
      name: 'documents come back as they were',
      call: ['iam:GetUserPolicy', { UserName: '{client}-user', PolicyName: 'vpc' }],
      answers: { UserName: '{client}-user', PolicyName: 'vpc' },
      varies: true,
    },
    { name: 'allows what it names', as: USER, call: ['DescribeVpcs'] },
    {
      name: 'denies what it denies',
      as: USER,
      call: ['DescribeInstances'],
      status: 403,
      refused: ['UnauthorizedOperation', /with an explicit deny/],
    },
    {
      name: 'and says nothing of the rest',
      as: USER,
      call: ['CreateSecurityGroup', { GroupName: 'x', Description: 'x' }],
      status: 403,
      refused: ['UnauthorizedOperation', /ec2:CreateSecurityGroup/],
    },
    {
      name: 'a dry run of what is allowed would succeed',
      as: USER,
      call: ['CreateVpc', { CidrBlock: '10.120.0.0/16', DryRun: true }],
      status: 412,
      refused: ['DryRunOperation'],
    },
    {
      name: 'the user makes a VPC that must stay',
      as: USER,
      call: [
        'CreateVpc',
        {
          CidrBlock: '10.120.0.0/16',
          TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'keep', Value: 'yes' }] }],
        },
      ],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a condition on tags of the resource denies its end',
      as: USER,
      call: ['DeleteVpc', { VpcId: '{vpc}' }],
      status: 403,
      refused: ['UnauthorizedOperation', /ec2:DeleteVpc/],
    },
    {
      name: 'the administrator takes the tag away',
      call: ['DeleteTags', { Resources: ['{vpc}'], Tags: [{ Key: 'keep' }] }],
    },
    { name: 'and the user the VPC', as: USER, call: ['DeleteVpc', { VpcId: '{vpc}' }] },
    {
      name: 'CreateRole answers the role with its trust policy',
      call: [
        'iam:CreateRole',
        {
          RoleName: '{client}-role',
          AssumeRolePolicyDocument: TRUST,
          Description: 'a <role>',
          Tags: [{ Key: 'a', Value: 'b' }],
        },
      ],
      answers: {
        Role: {
          RoleName: '{client}-role',
          Arn: 'arn:aws:iam::{account}:role/{client}-role',
          RoleId: /^AROA/,
          Description: 'a <role>',
          MaxSessionDuration: 3600,
          Tags: [{ Key: 'a', Value: 'b' }],
        },
      },
      varies: true,
    },
    {
      name: 'a malformed trust policy is refused',
      call: ['iam:CreateRole', { RoleName: '{client}-bad', AssumeRolePolicyDocument: '<no json>' }],
      refused: ['MalformedPolicyDocument'],
    },
    {
      name: 'an unknown role is refused',
      call: ['iam:GetRole', { RoleName: '{client}-nobody' }],
      status: 404,
      refused: ['NoSuchEntity', 'The role with name {client}-nobody cannot be found.'],
    },
    {
      name: 'a managed policy of EKS is attached',
      call: [
        'iam:AttachRolePolicy',
        {
          RoleName: '{client}-role',
          PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKSVPCResourceController',
        },
      ],
    },
    {
      name: 'and listed',
      call: ['iam:ListAttachedRolePolicies', { RoleName: '{client}-role' }],
      answers: {
        AttachedPolicies: [{ PolicyName: 'AmazonEKSVPCResourceController' }],
        IsTruncated: false,
      },
    },
    {
      name: 'an unknown policy is not attached',
      call: [
        'iam:AttachRolePolicy',
        { RoleName: '{client}-role', PolicyArn: 'arn:aws:iam::aws:policy/Nothing' },
      ],
      status: 404,
      refused: ['NoSuchEntity', /Nothing/],
    },
    {
      name: 'AssumeRole answers temporary keys',
      call: [
        'sts:AssumeRole',
        {
          RoleArn: 'arn:aws:iam::{account}:role/{client}-role',
          RoleSessionName: 'tests',
          DurationSeconds: 900,
        },
      ],
      answers: {
        Credentials: {
          AccessKeyId: /^ASIA/,
          SecretAccessKey: /./,
          SessionToken: /./,
          Expiration: /^20/,
        },
        AssumedRoleUser: { Arn: 'arn:aws:sts::{account}:assumed-role/{client}-role/tests' },
      },
      save: {
        sessionKey: 'Credentials.AccessKeyId',
        sessionSecret: 'Credentials.SecretAccessKey',
        sessionToken: 'Credentials.SessionToken',
      },
      varies: true,
    },
    {
      name: 'the session is the role',
      as: SESSION,
      call: ['sts:GetCallerIdentity'],
      answers: { Arn: 'arn:aws:sts::{account}:assumed-role/{client}-role/tests' },
    },
    {
      name: 'the role creates interface permissions, as the managed policy allows',
      as: SESSION,
      call: [
        'CreateNetworkInterfacePermission',
        {
          NetworkInterfaceId: 'eni-0123456789abcdef0',
          Permission: 'INSTANCE-ATTACH',
          DryRun: true,
        },
      ],
      status: 403,
      refused: ['UnauthorizedOperation'],
    },
    {
      name: 'the role describes interfaces',
      as: SESSION,
      call: ['CreateNetworkInterface', { SubnetId: 'subnet-0123456789abcdef0', DryRun: true }],
      status: 412,
      refused: ['DryRunOperation'],
    },
    {
      name: 'the role does not create VPCs',
      as: SESSION,
      call: ['CreateVpc', { CidrBlock: '10.120.0.0/16' }],
      status: 403,
      refused: ['UnauthorizedOperation', /assumed-role/],
    },
    {
      name: 'temporary keys without their token are refused',
      as: { accessKeyId: '{sessionKey}', secretAccessKey: '{sessionSecret}' },
      call: ['DescribeVpcs'],
      status: 401,
      refused: ['AuthFailure'],
    },
    {
      name: 'a session of 5 minutes is too short',
      call: [
        'sts:AssumeRole',
        {
          RoleArn: 'arn:aws:iam::{account}:role/{client}-role',
          RoleSessionName: 'tests',
          DurationSeconds: 300,
        },
      ],
      refused: ['ValidationError', /durationSeconds|DurationSeconds/],
    },
    {
      name: 'a session name of one character is too short',
      call: [
        'sts:AssumeRole',
        { RoleArn: 'arn:aws:iam::{account}:role/{client}-role', RoleSessionName: 'x' },
      ],
      refused: ['ValidationError', /roleSessionName|RoleSessionName/],
    },
    {
      name: 'an unknown role is not assumed',
      call: [
        'sts:AssumeRole',
        { RoleArn: 'arn:aws:iam::{account}:role/nobody', RoleSessionName: 'tests' },
      ],
      status: 403,
      refused: [
        'AccessDenied',
        /is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::\d+:role\/nobody/,
      ],
    },
    {
      name: 'GetSessionToken answers keys of the user',
      as: USER,
      call: ['sts:GetSessionToken', { DurationSeconds: 900 }],
      answers: { Credentials: { AccessKeyId: /^ASIA/ } },
      varies: true,
    },
    {
      name: 'a made-up authorization message is refused',
      call: ['sts:DecodeAuthorizationMessage', { EncodedMessage: 'made-up' }],
      refused: ['InvalidAuthorizationMessageException'],
    },
    {
      name: 'an instance profile',
      call: ['iam:CreateInstanceProfile', { InstanceProfileName: '{client}-profile' }],
      answers: { InstanceProfile: { InstanceProfileName: '{client}-profile', Roles: [] } },
    },
    {
      name: 'with the role',
      call: [
        'iam:AddRoleToInstanceProfile',
        { InstanceProfileName: '{client}-profile', RoleName: '{client}-role' },
      ],
    },
    {
      name: 'of one role',
      call: [
        'iam:AddRoleToInstanceProfile',
        { InstanceProfileName: '{client}-profile', RoleName: '{client}-role' },
      ],
      status: 409,
      refused: ['LimitExceeded'],
    },
    {
      name: 'profiles of a role are listed',
      call: ['iam:ListInstanceProfilesForRole', { RoleName: '{client}-role' }],
      answers: {
        InstanceProfiles: [
          { InstanceProfileName: '{client}-profile', Roles: having({ RoleName: '{client}-role' }) },
        ],
      },
      varies: true,
    },
    {
      name: 'a role in use is not deleted',
      call: ['iam:DeleteRole', { RoleName: '{client}-role' }],
      status: 409,
      refused: ['DeleteConflict'],
    },
    {
      name: 'the profile lets it go',
      call: [
        'iam:RemoveRoleFromInstanceProfile',
        { InstanceProfileName: '{client}-profile', RoleName: '{client}-role' },
      ],
    },
    {
      name: 'the profile goes',
      call: ['iam:DeleteInstanceProfile', { InstanceProfileName: '{client}-profile' }],
    },
    {
      name: 'the policy is detached',
      call: [
        'iam:DetachRolePolicy',
        {
          RoleName: '{client}-role',
          PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKSVPCResourceController',
        },
      ],
    },
    { name: 'the role goes', call: ['iam:DeleteRole', { RoleName: '{client}-role' }] },
    {
      name: 'an inactive key',
      call: [
        'iam:UpdateAccessKey',
        { UserName: '{client}-user', AccessKeyId: '{key}', Status: 'Inactive' },
      ],
    },
    {
      name: 'opens nothing',
      as: USER,
      call: ['DescribeVpcs'],
      status: 401,
      refused: ['AuthFailure'],
    },
    {
      name: 'a user with keys is not deleted',
      call: ['iam:DeleteUser', { UserName: '{client}-user' }],
      status: 409,
      refused: ['DeleteConflict'],
    },
    {
      name: 'the key goes',
      call: ['iam:DeleteAccessKey', { UserName: '{client}-user', AccessKeyId: '{key}' }],
    },
    {
      name: 'the policy goes',
      call: ['iam:DeleteUserPolicy', { UserName: '{client}-user', PolicyName: 'vpc' }],
    },
    { name: 'and the user', call: ['iam:DeleteUser', { UserName: '{client}-user' }] },
    {
      name: 'who is unknown',
      call: ['iam:GetUser', { UserName: '{client}-user' }],
      status: 404,
      refused: ['NoSuchEntity', 'The user with name {client}-user cannot be found.'],
    },
  ],
};

import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  RunInstancesCommand,
  type EC2Client,
  type IpPermission,
  type TagSpecification,
} from '@aws-sdk/client-ec2';
import { NODE_ROLE_NAME } from '../../vpc/iam/node-role.ts';
import { must } from '../../base/assert.ts';

/** A host of the lab: an instance that stands in its own pair of namespaces. */
export interface SeededInstance {
  /** Host name, also the Kubernetes node name. */
  readonly name: string;
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly privateIp: string;
  /** Whether a kubelet runs on it. */
  readonly isNode: boolean;
}

/** What the lab's VPC holds before any pod exists. */
export interface SeededVpc {
  readonly vpcId: string;
  readonly groups: { readonly node: string; readonly payments: string; readonly rds: string };
  readonly instances: readonly SeededInstance[];
}

interface HostPlan {
  readonly name: string;
  readonly instanceType: string;
  readonly subnet: 'a' | 'b';
  readonly group: 'node' | 'rds';
  readonly isNode: boolean;
}

const HOSTS: readonly HostPlan[] = [
  { name: 'node-1', instanceType: 'm5.large', subnet: 'a', group: 'node', isNode: true },
  { name: 'node-2', instanceType: 'm5.large', subnet: 'b', group: 'node', isNode: true },
  { name: 'rds', instanceType: 'm5.large', subnet: 'b', group: 'rds', isNode: false },
];
const SUBNETS = {
  a: { cidr: '10.0.0.0/24', zone: 'us-east-1a' },
  b: { cidr: '10.0.1.0/24', zone: 'us-east-1b' },
} as const;
/** Port on which the pods of the lab answer, and the kubelet probes them. */
const APP_PORT = 8080;
const POSTGRES_PORT = 5432;
const DNS_PORT = 53;

/**
 * Makes the lab's VPC, subnets, groups and instances over the EC2 wire, as a user would with the
 * AWS CLI. Idempotent by Name tag and group name, so that a restarted lab finds its world again.
 */
export async function seedVpc(ec2: EC2Client): Promise<SeededVpc> {
  const vpcId = await ensureVpc(ec2);
  const subnets = {
    a: await ensureSubnet(ec2, vpcId, SUBNETS.a),
    b: await ensureSubnet(ec2, vpcId, SUBNETS.b),
  };
  const groups = await ensureGroups(ec2, vpcId);
  const instances: SeededInstance[] = [];
  for (const host of HOSTS) {
    const placement = { subnetId: subnets[host.subnet], groupId: groups[host.group] };
    instances.push(await ensureInstance(ec2, host, placement));
  }
  return { vpcId, groups, instances };
}

async function ensureVpc(ec2: EC2Client): Promise<string> {
  const found = await ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: 'tag:Name', Values: ['trunkline-lab'] }] }),
  );
  const existing = found.Vpcs?.[0]?.VpcId;
  if (existing) return existing;
  const made = await ec2.send(
    new CreateVpcCommand({
      CidrBlock: '10.0.0.0/16',
      TagSpecifications: named('vpc', 'trunkline-lab'),
    }),
  );
  return must(made.Vpc?.VpcId, () => 'CreateVpc answered without a VpcId');
}

async function ensureSubnet(
  ec2: EC2Client,
  vpcId: string,
  plan: { cidr: string; zone: string },
): Promise<string> {
  const found = await ec2.send(
    new DescribeSubnetsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [vpcId] },
        { Name: 'cidr-block', Values: [plan.cidr] },
      ],
    }),
  );
  const existing = found.Subnets?.[0]?.SubnetId;
  if (existing) return existing;
  const made = await ec2.send(
    new CreateSubnetCommand({
      VpcId: vpcId,
      CidrBlock: plan.cidr,
      AvailabilityZone: plan.zone,
      TagSpecifications: named('subnet', `trunkline-lab-${plan.zone}`),
    }),
  );
  return must(made.Subnet?.SubnetId, () => 'CreateSubnet answered without a SubnetId');
}

async function ensureGroups(ec2: EC2Client, vpcId: string): Promise<SeededVpc['groups']> {
  const node = await ensureGroup(ec2, vpcId, { name: 'node', about: 'Nodes and plain pods' });
  const payments = await ensureGroup(ec2, vpcId, { name: 'payments', about: 'Payment pods' });
  const rds = await ensureGroup(ec2, vpcId, { name: 'rds', about: 'The database' });
  await ensureIngress(ec2, node, { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: node }] });
  // CoreDNS stands on plain pods; pods with groups of their own must be let in.
  await ensureIngress(ec2, node, tcpFrom(DNS_PORT, payments), udpFrom(DNS_PORT, payments));
  await ensureIngress(ec2, payments, tcpFrom(APP_PORT, node));
  await ensureIngress(ec2, rds, tcpFrom(POSTGRES_PORT, payments));
  return { node, payments, rds };
}

/** One TCP port from the members of a group. */
export function tcpFrom(port: number, groupId: string): IpPermission {
  return {
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    UserIdGroupPairs: [{ GroupId: groupId }],
  };
}

function udpFrom(port: number, groupId: string): IpPermission {
  return { ...tcpFrom(port, groupId), IpProtocol: 'udp' };
}

async function ensureGroup(
  ec2: EC2Client,
  vpcId: string,
  plan: { name: string; about: string },
): Promise<string> {
  const found = await ec2.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [vpcId] },
        { Name: 'group-name', Values: [plan.name] },
      ],
    }),
  );
  const existing = found.SecurityGroups?.[0]?.GroupId;
  if (existing) return existing;
  const made = await ec2.send(
    new CreateSecurityGroupCommand({
      VpcId: vpcId,
      GroupName: plan.name,
      Description: plan.about,
      TagSpecifications: named('security-group', plan.name),
    }),
  );
  return must(made.GroupId, () => 'CreateSecurityGroup answered without a GroupId');
}

async function ensureIngress(
  ec2: EC2Client,
  groupId: string,
  ...permissions: readonly IpPermission[]
): Promise<void> {
  try {
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: groupId,
        IpPermissions: [...permissions],
      }),
    );
  } catch (error) {
    if ((error as Error).name !== 'InvalidPermission.Duplicate') throw error;
  }
}

async function ensureInstance(
  ec2: EC2Client,
  host: HostPlan,
  placement: { subnetId: string; groupId: string },
): Promise<SeededInstance> {
  const found = await ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: 'tag:Name', Values: [host.name] },
        { Name: 'instance-state-name', Values: ['pending', 'running'] },
      ],
    }),
  );
  const instance =
    found.Reservations?.[0]?.Instances?.[0] ?? (await runInstance(ec2, host, placement));
  return {
    name: host.name,
    instanceType: host.instanceType,
    zone: SUBNETS[host.subnet].zone,
    isNode: host.isNode,
    instanceId: must(instance.InstanceId, () => 'An instance without an InstanceId'),
    privateIp: must(instance.PrivateIpAddress, () => 'An instance without a private address'),
  };
}

async function runInstance(
  ec2: EC2Client,
  host: HostPlan,
  placement: { subnetId: string; groupId: string },
): Promise<{ InstanceId?: string | undefined; PrivateIpAddress?: string | undefined }> {
  const made = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-00000000000000000',
      InstanceType: host.instanceType as 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: placement.subnetId,
      SecurityGroupIds: [placement.groupId],
      // As managed node groups have it: pods must not get the node's credentials.
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      ...(host.isNode && { IamInstanceProfile: { Name: NODE_ROLE_NAME } }),
      TagSpecifications: named('instance', host.name),
    }),
  );
  return must(made.Instances?.[0], () => 'RunInstances answered without an instance');
}

function named(type: TagSpecification['ResourceType'], name: string): TagSpecification[] {
  return [{ ResourceType: type, Tags: [{ Key: 'Name', Value: name }] }];
}

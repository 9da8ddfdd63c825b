/** What the benchmarks of the VPC API ask for, the same of every server. */
import {
  call,
  element,
  freshToken,
  measure,
  sign,
  type Signed,
  type AccessKey,
  type Target,
} from './vpc-api-client.ts';

/** Rules of a group are limited to 60 per direction. */
const RULES_PER_GROUP = 50;

/** Where requests are about. */
export interface World {
  readonly vpc: string;
  readonly subnet: string;
  readonly group: string;
}

/** Makes a VPC with one subnet and one group. */
export async function makeWorld(target: Target, cidr = '10.0.0.0/16'): Promise<World> {
  const made = await call(target, { Action: 'CreateVpc', CidrBlock: cidr });
  const vpc = element(made, 'vpcId');
  const subnet = await call(target, {
    Action: 'CreateSubnet',
    VpcId: vpc,
    CidrBlock: cidr,
    AvailabilityZone: 'us-east-1a',
  });
  return { vpc, subnet: element(subnet, 'subnetId'), group: await makeGroup(target, vpc) };
}

async function makeGroup(target: Target, vpc: string): Promise<string> {
  const made = await call(target, {
    Action: 'CreateSecurityGroup',
    VpcId: vpc,
    GroupName: freshToken(),
    GroupDescription: 'bench',
  });
  return element(made, 'groupId');
}

/** A request that makes one interface. */
export function creation(target: Target, { subnet, group }: World, accessKey?: AccessKey): Signed {
  const params = {
    Action: 'CreateNetworkInterface',
    SubnetId: subnet,
    'SecurityGroupId.1': group,
    ClientToken: freshToken(),
  };
  return sign(target.url.host, params, accessKey);
}

/** Requests that add one rule each, to new groups. */
export async function ruleRequests(target: Target, vpc: string, count: number): Promise<Signed[]> {
  const requests: Signed[] = [];
  while (requests.length < count) {
    const GroupId = await makeGroup(target, vpc);
    for (let port = 1; port <= RULES_PER_GROUP; port += 1)
      requests.push(
        sign(target.url.host, {
          Action: 'AuthorizeSecurityGroupIngress',
          GroupId,
          'IpPermissions.1.IpProtocol': 'tcp',
          'IpPermissions.1.FromPort': String(port),
          'IpPermissions.1.ToPort': String(port),
          'IpPermissions.1.IpRanges.1.CidrIp': '10.0.0.0/8',
        }),
      );
  }
  return requests.slice(0, count);
}

/** So many requests, one made after the other. */
export function many(count: number, make: () => Signed): Signed[] {
  return Array.from({ length: count }, make);
}

/** Creates so many interfaces. */
export async function fill(target: Target, world: World, missing: number): Promise<void> {
  const requests = many(Math.max(0, missing), () => creation(target, world));
  await measure(target, requests, { connections: 16, durationMs: Infinity });
}

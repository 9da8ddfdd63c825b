import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from './testing.fake.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;

async function whyNot(command: string, args: string[]): Promise<string | undefined> {
  return run(command, args).then(
    () => undefined,
    (error: unknown) => String((error as NodeJS.ErrnoException).code ?? error),
  );
}

const noCli = await whyNot('aws', ['--version']);
const noBoto = await whyNot('python3', ['-c', 'import boto3']);
if (noCli !== undefined) process.stdout.write(`Skipped: no aws CLI on PATH (${noCli})\n`);
if (noBoto !== undefined) process.stdout.write(`Skipped: no boto3 (${noBoto})\n`);

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: api.endpoint,
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };
}

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

async function aws(...args: string[]): Promise<Json> {
  const { stdout } = await run('aws', [...args, '--output', 'json'], { env: environment() });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}

async function awsText(...args: string[]): Promise<string> {
  const { stdout } = await run('aws', [...args, '--output', 'text'], { env: environment() });
  return stdout.trim();
}

async function awsError(...args: string[]): Promise<string> {
  return aws(...args).then(
    () => 'no error',
    (error: unknown) => (error as { stderr: string }).stderr.trim(),
  );
}

describe.skipIf(noCli !== undefined)('the aws CLI', { timeout: TIMEOUT_MS }, () => {
  const ids: Record<string, string> = {};
  const id = (name: string): string => ids[name] ?? '';

  test('knows who it is', async () => {
    expect(await aws('sts', 'get-caller-identity')).toMatchObject({
      Account: '111122223333',
      Arn: 'arn:aws:iam::111122223333:user/admin',
    });
  });

  test('creates a VPC, a subnet and groups', async () => {
    const tag = 'ResourceType=vpc,Tags=[{Key=Name,Value="a <b> & c"}]';
    const made = await aws(
      'ec2',
      'create-vpc',
      '--cidr-block',
      '10.0.0.0/16',
      '--tag-specifications',
      tag,
    );
    expect(made.Vpc.Tags).toEqual([{ Key: 'Name', Value: 'a <b> & c' }]);
    ids['vpc'] = made.Vpc.VpcId;
    ids['subnet'] = await awsText(
      'ec2',
      'create-subnet',
      '--vpc-id',
      id('vpc'),
      '--cidr-block',
      '10.0.1.0/24',
      '--availability-zone',
      'us-east-1b',
      '--query',
      'Subnet.SubnetId',
    );
    for (const name of ['payments', 'rds'])
      ids[name] = await awsText(
        'ec2',
        'create-security-group',
        '--group-name',
        name,
        '--description',
        name,
        '--vpc-id',
        id('vpc'),
        '--query',
        'GroupId',
      );
    expect(id('rds')).toMatch(/^sg-[0-9a-f]{17}$/);
  });

  test('authorizes, describes and revokes a rule that refers to a group', async () => {
    const rule = ['--protocol', 'tcp', '--port', '5432', '--source-group', id('payments')];
    const group = ['--group-id', id('rds')];
    const made = await aws('ec2', 'authorize-security-group-ingress', ...group, ...rule);
    expect(made).toMatchObject({
      Return: true,
      SecurityGroupRules: [{ IpProtocol: 'tcp', FromPort: 5432, IsEgress: false }],
    });
    expect(await awsError('ec2', 'authorize-security-group-ingress', ...group, ...rule)).toContain(
      `(InvalidPermission.Duplicate) when calling the AuthorizeSecurityGroupIngress operation: the specified rule "peer: ${id('payments')}, TCP, from port: 5432, to port: 5432, ALLOW" already exists`,
    );
    const { SecurityGroups } = await aws(
      'ec2',
      'describe-security-groups',
      '--group-ids',
      id('rds'),
    );
    expect(SecurityGroups[0].IpPermissions).toEqual([
      {
        IpProtocol: 'tcp',
        FromPort: 5432,
        ToPort: 5432,
        UserIdGroupPairs: [{ UserId: '111122223333', GroupId: id('payments') }],
        IpRanges: [],
        Ipv6Ranges: [],
        PrefixListIds: [],
      },
    ]);
    expect(SecurityGroups[0].IpPermissionsEgress).toMatchObject([
      { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
    ]);
    expect(SecurityGroups[0]).not.toHaveProperty('Tags');
    const revoked = await aws('ec2', 'revoke-security-group-ingress', ...group, ...rule);
    expect(revoked.RevokedSecurityGroupRules[0].SecurityGroupRuleId).toBe(
      made.SecurityGroupRules[0].SecurityGroupRuleId,
    );
    expect(await awsError('ec2', 'revoke-security-group-ingress', ...group, ...rule)).toContain(
      'InvalidPermission.NotFound',
    );
  });

  test('runs an instance and finds its interface by filters', async () => {
    const { Instances } = await aws(
      'ec2',
      'run-instances',
      '--image-id',
      'ami-0123456789abcdef0',
      '--instance-type',
      'm5.large',
      '--subnet-id',
      id('subnet'),
      '--security-group-ids',
      id('payments'),
      '--user-data',
      'hello',
    );
    ids['instance'] = Instances[0].InstanceId;
    const { NetworkInterfaces } = await aws(
      'ec2',
      'describe-network-interfaces',
      '--filters',
      `Name=attachment.instance-id,Values=${id('instance')}`,
      'Name=availability-zone,Values=us-east-1?',
      'Name=status,Values=in-use,available',
    );
    expect(NetworkInterfaces).toHaveLength(1);
    expect(NetworkInterfaces[0]).toMatchObject({
      InterfaceType: 'interface',
      Groups: [{ GroupId: id('payments'), GroupName: 'payments' }],
      TagSet: [],
      PrivateIpAddress: '10.0.1.4',
    });
  });

  test('associates a branch with a trunk and lists it by type', async () => {
    const create = ['ec2', 'create-network-interface', '--subnet-id', id('subnet')];
    const query = ['--query', 'NetworkInterface.NetworkInterfaceId'];
    ids['trunk'] = await awsText(...create, '--interface-type', 'trunk', ...query);
    ids['branch'] = await awsText(...create, '--groups', id('rds'), ...query);
    await aws(
      'ec2',
      'attach-network-interface',
      '--instance-id',
      id('instance'),
      '--network-interface-id',
      id('trunk'),
      '--device-index',
      '1',
    );
    const made = await aws(
      'ec2',
      'associate-trunk-interface',
      '--branch-interface-id',
      id('branch'),
      '--trunk-interface-id',
      id('trunk'),
      '--vlan-id',
      '7',
    );
    expect(made.InterfaceAssociation).toMatchObject({ VlanId: 7, InterfaceProtocol: 'VLAN' });
    const filter = 'Name=interface-type,Values=branch';
    const listed = await aws('ec2', 'describe-network-interfaces', '--filters', filter);
    expect(listed.NetworkInterfaces).toMatchObject([
      { NetworkInterfaceId: id('branch'), Status: 'in-use', InterfaceType: 'branch' },
    ]);
    const association = made.InterfaceAssociation.AssociationId;
    await aws('ec2', 'disassociate-trunk-interface', '--association-id', association);
  });

  test('pages through results by itself', async () => {
    const { NetworkInterfaces } = await aws(
      'ec2',
      'describe-network-interfaces',
      '--page-size',
      '5',
    );
    expect(NetworkInterfaces).toHaveLength(3);
  });

  test('shows the texts that other tools match on', async () => {
    const eni = 'eni-0123456789abcdef0';
    const ask = ['ec2', 'describe-network-interfaces', '--network-interface-ids', eni];
    expect(await awsError(...ask)).toContain(
      `(InvalidNetworkInterfaceID.NotFound) when calling the DescribeNetworkInterfaces operation: The networkInterface ID '${eni}' does not exist`,
    );
    expect(
      await awsError('ec2', 'create-vpc', '--cidr-block', '10.0.0.0/16', '--dry-run'),
    ).toContain(
      '(DryRunOperation) when calling the CreateVpc operation: Request would have succeeded, but DryRun flag is set.',
    );
    expect(await awsError('ec2', 'describe-spot-fleet-requests')).toContain(
      '(UnsupportedOperation) when calling the DescribeSpotFleetRequests operation: The action DescribeSpotFleetRequests is not supported.',
    );
  });
});

describe.skipIf(noBoto !== undefined)('boto3', { timeout: TIMEOUT_MS }, () => {
  test('replays a presigned GetCallerIdentity, as an EKS token does', async () => {
    const script = [
      'import boto3',
      "c = boto3.client('sts')",
      "print(c.generate_presigned_url('get_caller_identity', ExpiresIn=60, HttpMethod='GET'))",
    ].join('\n');
    const { stdout } = await run('python3', ['-c', script], { env: environment() });
    const url = stdout.trim();
    const answer = await fetch(url);
    expect(await answer.text()).toContain('<Account>111122223333</Account>');
    const tampered = await fetch(url.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000'));
    expect([tampered.status, await tampered.text()]).toEqual([
      403,
      expect.stringContaining('<Code>SignatureDoesNotMatch</Code>'),
    ]);
  });

  test('gives empty lists where clients index them, and no key for absent tags', async () => {
    const script = [
      'import boto3, json',
      "c = boto3.client('ec2')",
      "v = c.create_vpc(CidrBlock='10.9.0.0/16')['Vpc']",
      "g = c.create_security_group(GroupName='x', Description='x', VpcId=v['VpcId'])",
      "g = c.describe_security_groups(GroupIds=[g['GroupId']])['SecurityGroups'][0]",
      "p = c.get_paginator('describe_security_groups')",
      'n = sum(len(x["SecurityGroups"]) for x in p.paginate(PaginationConfig={"PageSize": 5}))',
      'print(json.dumps([sorted(v), sorted(g), g["IpPermissions"], n]))',
    ].join('\n');
    const { stdout } = await run('python3', ['-c', script], { env: environment() });
    const [vpc, group, permissions, count] = JSON.parse(stdout) as [string[], string[], [], number];
    expect(vpc).not.toContain('Tags');
    expect(vpc).toContain('Ipv6CidrBlockAssociationSet');
    expect(group).not.toContain('Tags');
    expect(permissions).toEqual([]);
    expect(count).toBe(
      api.kube.calls.filter((call) => call.verb === 'create' && call.resource === 'securitygroups')
        .length,
    );
  });
});

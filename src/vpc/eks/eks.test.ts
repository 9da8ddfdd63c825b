import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as ec2 from '@aws-sdk/client-ec2';
import * as eks from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

const run = promisify(execFile);
const ROLE = 'arn:aws:iam::111122223333:role/eks';
const noCli = await run('aws', ['--version']).then(
  () => false,
  () => true,
);

let api: TestApi;
let client: eks.EKSClient;
let subnetIds: string[];
let vpcId: string;

beforeAll(async () => {
  api = await startTestApi();
  client = clientOf(TEST_KEY);
  const vpc = await api.client().send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = vpc.Vpc?.VpcId ?? '';
  subnetIds = await Promise.all(
    ['a', 'b'].map(async (zone, i) => {
      const made = await api.client().send(
        new ec2.CreateSubnetCommand({
          VpcId: vpcId,
          CidrBlock: `10.0.${i}.0/24`,
          AvailabilityZone: `us-east-1${zone}`,
        }),
      );
      return made.Subnet?.SubnetId ?? '';
    }),
  );
});
afterAll(() => api.close());

function clientOf(credentials: { accessKeyId: string; secretAccessKey: string }): eks.EKSClient {
  return new eks.EKSClient({
    endpoint: api.endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
}

function create(name: string, more: Partial<eks.CreateClusterRequest> = {}) {
  return client.send(
    new eks.CreateClusterCommand({
      name,
      roleArn: ROLE,
      resourcesVpcConfig: { subnetIds },
      ...more,
    }),
  );
}

describe('clusters', () => {
  test('are created with their security group, described, listed and deleted', async () => {
    const { cluster } = await create('Demo', { version: '1.32', tags: { a: 'b' } });
    expect(cluster).toMatchObject({
      name: 'Demo',
      arn: 'arn:aws:eks:us-east-1:111122223333:cluster/Demo',
      status: 'ACTIVE',
      version: '1.32',
      roleArn: ROLE,
      resourcesVpcConfig: { vpcId, subnetIds },
      kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.0/16', ipFamily: 'ipv4' },
      tags: { a: 'b' },
    });
    expect(cluster?.createdAt).toBeInstanceOf(Date);
    const groupId = cluster?.resourcesVpcConfig?.clusterSecurityGroupId ?? '';
    const groups = await api
      .client()
      .send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [groupId] }));
    expect(groups.SecurityGroups).toMatchObject([
      {
        GroupName: expect.stringMatching(/^eks-cluster-sg-Demo-\d+$/),
        IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupId }] }],
      },
    ]);
    const described = await client.send(new eks.DescribeClusterCommand({ name: 'Demo' }));
    expect(described.cluster).toEqual(cluster);
    await create('alpha');
    const first = await client.send(new eks.ListClustersCommand({ maxResults: 1 }));
    expect(first.clusters).toEqual(['Demo']);
    const second = await client.send(new eks.ListClustersCommand({ nextToken: first.nextToken }));
    expect([second.clusters, second.nextToken]).toEqual([['alpha'], undefined]);
    expect((await clientOf(OTHER_KEY).send(new eks.ListClustersCommand({}))).clusters).toEqual([]);
    for (const name of ['Demo', 'alpha']) {
      const gone = await client.send(new eks.DeleteClusterCommand({ name }));
      expect(gone.cluster?.status).toBe('DELETING');
    }
    const left = api.client().send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [groupId] }));
    await expect(left).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
  });

  test('keep their group while an interface wears it', async () => {
    const { cluster } = await create('worn');
    const groupId = cluster?.resourcesVpcConfig?.clusterSecurityGroupId ?? '';
    await api
      .client()
      .send(new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetIds[0], Groups: [groupId] }));
    await client.send(new eks.DeleteClusterCommand({ name: 'worn' }));
    const groups = await api
      .client()
      .send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [groupId] }));
    expect(groups.SecurityGroups).toHaveLength(1);
  });

  test('are the same for the same token, and refused for other parameters', async () => {
    const token = { clientRequestToken: 'once' };
    const made = await Promise.all([create('retried', token), create('retried', token)]);
    expect(made[0].cluster).toEqual(made[1].cluster);
    await expect(create('retried', { ...token, version: '1.30' })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
    await expect(create('retried', { clientRequestToken: 'twice' })).rejects.toMatchObject({
      name: 'ResourceInUseException',
      $metadata: { httpStatusCode: 409 },
    });
  });

  test.each<[string, string, Partial<eks.CreateClusterRequest>, RegExp]>([
    ['a bad name', '-x', {}, /cluster name '-x'/],
    ['no role', 'x', { roleArn: 'x' }, /Role with arn: x/],
    ['no subnets', 'x', { resourcesVpcConfig: { subnetIds: [] } }, /no subnets/],
    [
      'an unknown subnet',
      'x',
      { resourcesVpcConfig: { subnetIds: ['subnet-01234567'] } },
      /The subnet ID 'subnet-01234567' does not exist/,
    ],
    [
      'an unknown group',
      'x',
      { resourcesVpcConfig: { securityGroupIds: ['sg-01234567'] } },
      /security group 'sg-01234567'/,
    ],
  ])('refuse %s', async (_what, name, more, message) => {
    const network = { subnetIds, ...more.resourcesVpcConfig };
    const refused = create(name, { ...more, resourcesVpcConfig: network });
    await expect(refused).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(message),
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('refuse subnets of one zone', async () => {
    const network = { subnetIds: subnetIds.slice(0, 1) };
    await expect(create('x', { resourcesVpcConfig: network })).rejects.toMatchObject({
      message: expect.stringContaining('two different AZs'),
    });
  });
});

describe('add-ons', () => {
  const addonOf = { clusterName: 'addons', addonName: 'vpc-cni' };
  const configurationValues = '{"env":{"ENABLE_POD_ENI":"true"}}';

  test('are created, configured, listed and deleted', async () => {
    await create('addons');
    const made = await client.send(new eks.CreateAddonCommand(addonOf));
    expect(made.addon).toMatchObject({ status: 'ACTIVE', addonVersion: expect.any(String) });
    const { update } = await client.send(
      new eks.UpdateAddonCommand({ ...addonOf, configurationValues }),
    );
    expect(update).toMatchObject({
      status: 'Successful',
      params: [{ type: 'ConfigurationValues', value: configurationValues }],
    });
    const updateAsked = new eks.DescribeUpdateCommand({ name: 'addons', updateId: update?.id });
    expect((await client.send(updateAsked)).update).toEqual(update);
    const { addon } = await client.send(new eks.DescribeAddonCommand(addonOf));
    expect(addon).toMatchObject({
      configurationValues,
      addonVersion: made.addon?.addonVersion,
    });
    const list = new eks.ListAddonsCommand({ clusterName: 'addons' });
    expect((await client.send(list)).addons).toEqual(['vpc-cni']);
    await client.send(new eks.DeleteAddonCommand(addonOf));
    expect((await client.send(list)).addons).toEqual([]);
  });

  test('come in versions', async () => {
    const { addons } = await client.send(
      new eks.DescribeAddonVersionsCommand({ addonName: 'vpc-cni', kubernetesVersion: '1.33' }),
    );
    const versions = addons?.[0]?.addonVersions ?? [];
    expect(versions.map((each) => each.compatibilities?.[0]?.defaultVersion).slice(0, 2)).toEqual([
      true,
      false,
    ]);
    await client.send(
      new eks.CreateAddonCommand({ ...addonOf, addonVersion: versions[1]?.addonVersion }),
    );
  });

  test('of other kinds come in versions that fit the cluster', async () => {
    const ask = async (input: eks.DescribeAddonVersionsRequest): Promise<eks.AddonInfo[]> =>
      (await client.send(new eks.DescribeAddonVersionsCommand(input))).addons ?? [];
    expect((await ask({})).map((each) => each.addonName)).toEqual([
      'coredns',
      'eks-pod-identity-agent',
      'kube-proxy',
      'vpc-cni',
    ]);
    expect((await ask({ types: ['security'] })).map((each) => each.addonName)).toEqual([
      'eks-pod-identity-agent',
    ]);
    const proxies = await ask({ addonName: 'kube-proxy', kubernetesVersion: '1.32' });
    const versions = proxies[0]?.addonVersions ?? [];
    expect(versions.every(({ addonVersion }) => addonVersion?.startsWith('v1.32.'))).toBe(true);
    const defaults = versions.map((each) => each.compatibilities?.[0]?.defaultVersion);
    expect(defaults).toEqual([true, ...versions.slice(1).map(() => false)]);
    expect(await ask({ kubernetesVersion: '1.2' })).toEqual([]);
    const page = new eks.DescribeAddonVersionsCommand({ maxResults: 3 });
    const { nextToken } = await client.send(page);
    expect((await ask({ nextToken })).map((each) => each.addonName)).toEqual(['vpc-cni']);
    const clusterName = 'addons';
    for (const addonName of ['coredns', 'kube-proxy', 'eks-pod-identity-agent'])
      await client.send(new eks.CreateAddonCommand({ clusterName, addonName }));
    const addonVersion = 'v1.30.14-eksbuild.8';
    await expect(
      client.send(
        new eks.UpdateAddonCommand({ clusterName, addonName: 'kube-proxy', addonVersion }),
      ),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test.each<[string, Partial<eks.UpdateAddonRequest>, string]>([
    ['an unknown version', { addonVersion: 'v0' }, 'InvalidParameterException'],
    ['values that are no object', { configurationValues: '[]' }, 'InvalidParameterException'],
    ['an unknown add-on', { addonName: 'x' }, 'ResourceNotFoundException'],
    ['an unknown cluster', { clusterName: 'x' }, 'ResourceNotFoundException'],
  ])('refuse %s', async (_what, change, name) => {
    const refused = client.send(new eks.UpdateAddonCommand({ ...addonOf, ...change }));
    await expect(refused).rejects.toMatchObject({ name });
  });
});

describe('tags', () => {
  test('are put on clusters and add-ons by ARN, and taken off', async () => {
    const { cluster } = await create('tagged');
    const clusterAddon = { clusterName: 'tagged', addonName: 'vpc-cni' };
    const { addon } = await client.send(new eks.CreateAddonCommand(clusterAddon));
    for (const resourceArn of [cluster?.arn, addon?.addonArn]) {
      await client.send(new eks.TagResourceCommand({ resourceArn, tags: { a: '1', b: '<2>' } }));
      await client.send(new eks.UntagResourceCommand({ resourceArn, tagKeys: ['a', 'x'] }));
      const { tags } = await client.send(new eks.ListTagsForResourceCommand({ resourceArn }));
      expect(tags).toEqual({ b: '<2>' });
    }
    const resourceArn = 'arn:aws:eks:us-east-1:111122223333:cluster/none';
    const unknown = client.send(new eks.ListTagsForResourceCommand({ resourceArn }));
    await expect(unknown).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('requests that cannot be answered', () => {
  test('name the missing cluster', async () => {
    const missing = client.send(new eks.DescribeClusterCommand({ name: 'none' }));
    await expect(missing).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'No cluster found for name: none.',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('say which action is not supported', async () => {
    const unsupported = client.send(new eks.ListNodegroupsCommand({ clusterName: 'x' }));
    await expect(unsupported).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'The action ListNodegroups is not supported.',
    });
  });

  test('need a signature with the right secret', async () => {
    const guessed = clientOf({ ...TEST_KEY, secretAccessKey: 'guess' });
    await expect(guessed.send(new eks.ListClustersCommand({}))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
    const unsigned = await fetch(`${api.endpoint}/clusters`);
    expect([unsigned.status, unsigned.headers.get('x-amzn-errortype')]).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
    expect((await fetch(`${api.endpoint}/nowhere`)).status).toBe(404);
  });
});

describe.skipIf(noCli)('tokens of aws eks get-token', () => {
  async function getToken(clusterName: string): Promise<string> {
    const { stdout } = await run('aws', ['eks', 'get-token', '--cluster-name', clusterName], {
      env: {
        PATH: process.env['PATH'],
        HOME: '/nonexistent',
        AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
        AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ENDPOINT_URL_STS: api.endpoint,
      },
    });
    return (JSON.parse(stdout) as { status: { token: string } }).status.token;
  }

  async function review(
    spec: unknown,
    cluster = 'demo',
    url = api.endpoint,
  ): Promise<Record<string, unknown>> {
    const answer = await fetch(`${url}/_trunkline/token-review?cluster=${cluster}`, {
      method: 'POST',
      body: JSON.stringify({ kind: 'TokenReview', spec }),
    });
    return ((await answer.json()) as { status: Record<string, unknown> }).status;
  }

  test('name their user to a Kubernetes API, for their cluster and our host only', async () => {
    const token = await getToken('demo');
    const arn = 'arn:aws:iam::111122223333:user/admin';
    expect(await review({ token })).toEqual({
      authenticated: true,
      user: { username: arn, uid: arn },
    });
    expect(await review({ token }, 'other')).toMatchObject({ authenticated: false });
    const elsewhere = api.endpoint.replace('127.0.0.1', 'localhost');
    expect(await review({ token }, 'demo', elsewhere)).toMatchObject({
      authenticated: false,
      error: expect.stringContaining('The token is for the host'),
    });
  });

  const wrap = (url: string): string => `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
  const query = 'Action=GetCallerIdentity&X-Amz-Expires=60';
  test.each([
    ['nothing', undefined],
    ['', 'not one of aws eks get-token'],
    ['k8s-aws-v1.???', 'not one of aws eks get-token'],
    [wrap('nonsense'), 'not one of aws eks get-token'],
    [wrap('http://HOST/?Action=AssumeRole'), 'not for GetCallerIdentity'],
    [wrap(`http://HOST/?${query}&X-Amz-SignedHeaders=host`), 'names no cluster'],
    [wrap(`http://HOST/?${query}0000&X-Amz-SignedHeaders=host;x-k8s-aws-id`), 'lives too long'],
  ])('are refused when they are something else: %s', async (text, problem) => {
    const { host } = new URL(api.endpoint);
    const decoded = Buffer.from(text.slice('k8s-aws-v1.'.length), 'base64url').toString();
    const token = decoded.includes('HOST') ? wrap(decoded.replace('HOST', host)) : text;
    expect(await review(problem === undefined ? {} : { token })).toEqual({
      authenticated: false,
      error: expect.stringContaining(problem ?? 'not a TokenReview'),
    });
  });
});

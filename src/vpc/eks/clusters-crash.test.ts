import * as ec2 from '@aws-sdk/client-ec2';
import * as eks from '@aws-sdk/client-eks';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import { KubeError } from '../../api/kube-error.ts';
import { EKS_CLUSTERS } from '../../api/vpc/eks-cluster.ts';
import { SECURITY_GROUPS } from '../../api/vpc/security-group.ts';
import { dieAt, FAULTS, heal } from '../store/crash.fake.ts';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

const WRITES = [1, 2];
const CASES = FAULTS.flatMap((fault) => WRITES.map((n) => [n, fault] as const));

let running: TestApi[] = [];
afterEach(async () => {
  for (const api of running) await api.close();
  running = [];
});

async function start(kube: FakeKube): Promise<{ api: TestApi; client: eks.EKSClient }> {
  const api = await startTestApi({ kube });
  running.push(api);
  const options = { endpoint: api.endpoint, region: 'us-east-1', maxAttempts: 1 };
  return { api, client: new eks.EKSClient({ ...options, credentials: TEST_KEY }) };
}

async function network({ api }: { api: TestApi }): Promise<string[]> {
  const client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  return Promise.all(
    ['a', 'b'].map(async (zone, i) => {
      const made = await client.send(
        new ec2.CreateSubnetCommand({
          VpcId: Vpc?.VpcId,
          CidrBlock: `10.0.${i}.0/24`,
          AvailabilityZone: `us-east-1${zone}`,
        }),
      );
      return made.Subnet?.SubnetId ?? '';
    }),
  );
}

function creation(subnetIds: string[], name = 'demo'): eks.CreateClusterCommand {
  const roleArn = 'arn:aws:iam::111122223333:role/eks';
  return new eks.CreateClusterCommand({ name, roleArn, resourcesVpcConfig: { subnetIds } });
}

/** Groups that EKS made, and the ones that clusters have. */
function groups(kube: FakeKube): { made: string[]; owned: (string | undefined)[] } {
  const made = kube
    .peekAll(SECURITY_GROUPS)
    .filter(({ spec }) => spec.groupName.startsWith('eks-cluster-sg-'));
  return {
    made: made.map(({ metadata }) => metadata.name),
    owned: kube.peekAll(EKS_CLUSTERS).map(({ spec }) => spec.clusterSecurityGroupId),
  };
}

describe('a crash', () => {
  test.each(CASES)('at write %i of CreateCluster (%s) leaves no group alone', async (n, fault) => {
    const kube = createFakeKube();
    const first = await start(kube);
    const subnets = await network(first);
    const death = dieAt(kube, n, fault);
    await expect(first.client.send(creation(subnets))).rejects.toThrow();
    expect(death.hit).toBe(true);
    heal(kube);

    const second = await start(kube);
    const after = groups(kube);
    expect(after.made).toEqual(after.owned);
    const clusters = (await second.client.send(new eks.ListClustersCommand({}))).clusters ?? [];
    if (clusters.length === 0) await second.client.send(creation(subnets));
    expect(groups(kube).made).toHaveLength(1);
    expect(groups(kube).made).toEqual(groups(kube).owned);
  });

  test.each(CASES)('at write %i of DeleteCluster (%s) leaves no group alone', async (n, fault) => {
    const kube = createFakeKube();
    const first = await start(kube);
    const subnets = await network(first);
    await first.client.send(creation(subnets));
    const death = dieAt(kube, n, fault);
    await first.client.send(new eks.DeleteClusterCommand({ name: 'demo' })).catch(() => {});
    expect(death.hit).toBe(true);
    heal(kube);
    await start(kube);
    expect(groups(kube).made).toEqual(groups(kube).owned);
  });
});

test('a cluster that Kubernetes refuses leaves no group, and those of users stay', async () => {
  const kube = createFakeKube();
  const { api, client } = await start(kube);
  const subnets = await network({ api });
  const own = await api.client().send(
    new ec2.CreateSecurityGroupCommand({
      VpcId: (await api.client().send(new ec2.DescribeVpcsCommand({}))).Vpcs?.[0]?.VpcId,
      GroupName: 'eks-cluster-sg-mine',
      Description: 'x',
    }),
  );
  kube.beforeCall = ({ verb, resource }) => {
    if (verb === 'create' && resource === EKS_CLUSTERS.plural)
      throw new KubeError('Forbidden', 'no', { status: 403 });
  };
  await expect(client.send(creation(subnets))).rejects.toThrow();
  heal(kube);
  expect(groups(kube).made).toEqual([own.GroupId]);
  await start(kube);
  expect(groups(kube).made).toEqual([own.GroupId]);
});

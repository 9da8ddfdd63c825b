import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CNI_NODE_CRD, CNI_NODES } from '../api/cni-node.ts';
import type { KubeClient } from '../api/client.ts';
import { EVENTS } from '../api/core/event.ts';
import { NODES } from '../api/core/node.ts';
import { PODS, type Pod } from '../api/core/pod.ts';
import { crdManifest, type CustomResourceDefinition } from '../api/custom-resource.ts';
import type { KubeObject } from '../api/meta.ts';
import { POD_ENI } from '../api/names.ts';
import { resource } from '../api/resource.ts';
import {
  SECURITY_GROUP_POLICIES,
  SECURITY_GROUP_POLICY_CRD,
  type SecurityGroupPolicy,
} from '../api/security-group-policy.ts';
import { VPC_OBJECT_CRDS } from '../api/vpc/all.ts';
import { NETWORK_INTERFACES } from '../api/vpc/network-interface.ts';
import { MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS } from '../api/admission.ts';
import { silentLog } from '../base/log.ts';
import { systemClock } from '../io/clock.ts';
import { createEc2Client } from '../io/ec2-client.ts';
import { createInformers } from '../io/informer.ts';
import { createKubeClient } from '../io/kube-client.ts';
import { cryptoRandom } from '../io/random.ts';
import { serveJson } from '../io/webhook-server.ts';
import { startKubeApi } from '../lab/kube/api/server.ts';
import { createPki } from '../lab/kube/pki.ts';
import { startVpcApi } from '../vpc/server.ts';
import { startController } from './controller.ts';
import { parseAnnotation } from './pod/annotation.ts';
import { webhookConfigurations } from './webhook/configurations.ts';
import { startWebhook } from './webhook/webhook.ts';

/*
 * Everything over its real wire: the embedded Kubernetes API over TLS with its admission, the VPC
 * API over signed HTTP, the controller and the webhook. No fakes.
 */

const ACCOUNT = '111122223333';
const KEY = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
const CRDS = resource<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});
const base = { clock: systemClock, random: cryptoRandom, log: silentLog };
const listeners = [{ host: '127.0.0.1', port: 0 }];
const closers: (() => Promise<void> | void)[] = [];
let user: KubeClient;
let payments: string;
let nodeGroup: string;

beforeAll(async () => {
  const pki = await createPki({});
  const api = await startKubeApi({
    ...base,
    listeners,
    pki,
    dataFile: ':memory:',
    serverNames: ['127.0.0.1'],
    podRuntime: () => undefined,
  });
  const as = async (name: string): Promise<KubeClient> => {
    const certificate = await api.issueClientCertificate({
      user: name,
      groups: ['system:masters'],
    });
    const server = `https://127.0.0.1:${api.port}`;
    const client = createKubeClient({ server, caPem: api.caPem, ...certificate });
    closers.push(() => client.close());
    return client;
  };
  user = await as('admin');
  const kube = await as('eks:vpc-resource-controller');
  for (const crd of [...VPC_OBJECT_CRDS, CNI_NODE_CRD, SECURITY_GROUP_POLICY_CRD]) {
    await user.create(CRDS, crdManifest(crd));
  }
  const stop = new AbortController();
  const informers = createInformers({ ...base, kube, signal: stop.signal });
  const accounts = [{ accountId: ACCOUNT, userName: 'admin', ...KEY }];
  const vpc = await startVpcApi({ ...base, listeners, kube, informers, accounts });
  const endpoint = `http://127.0.0.1:${vpc.port}`;
  const ec2 = createEc2Client({ endpoint, region: 'us-east-1', credentials: KEY });
  const made = await makeInstance(endpoint);
  payments = made.payments;
  nodeGroup = made.nodeGroup;
  const webhook = await startWebhook({
    kube,
    ec2,
    log: silentLog,
    serve: serveJson,
    listen: { host: '127.0.0.1', port: 0 },
    tls: await pki.serverCertificate(['127.0.0.1']),
  });
  const url = `https://127.0.0.1:${webhook.port}`;
  const [mutating, validating] = webhookConfigurations({ url, caPem: pki.caPem });
  if (mutating) await user.create(MUTATING_WEBHOOKS, mutating);
  if (validating) await user.create(VALIDATING_WEBHOOKS, validating);
  const controller = await startController({
    ...base,
    kube,
    informers,
    ec2,
    clusterName: 'trunkline-lab',
    vpcId: made.vpcId,
    accountId: ACCOUNT,
    coolDownMs: 200,
    minimumCoolDownMs: 100,
  });
  closers.unshift(
    () => controller.close(),
    () => webhook.close(),
    () => ec2.close(),
    () => vpc.close(),
    () => stop.abort(),
  );
  closers.push(() => api.close());
  await user.create(NODES, {
    metadata: { name: 'n1', labels: { 'kubernetes.io/os': 'linux' } },
    spec: { providerID: `aws:///us-east-1a/${made.instanceId}` },
  });
  // The controller makes the CNINode; the agent adds the feature.
  await until(() => user.get(CNI_NODES, { name: 'n1' }));
  await user.patch(
    CNI_NODES,
    { name: 'n1' },
    {
      type: 'merge',
      body: { spec: { features: [{ name: 'SecurityGroupsForPods', value: '' }] } },
    },
  );
}, 30_000);

afterAll(async () => {
  for (const close of closers) await close();
});

async function makeInstance(endpoint: string): Promise<{
  vpcId: string;
  payments: string;
  nodeGroup: string;
  instanceId: string;
}> {
  const aws = new EC2Client({ endpoint, region: 'us-east-1', credentials: KEY });
  const vpcId =
    (await aws.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId ?? '';
  const subnet = await aws.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.0.1.0/24' }),
  );
  const group = async (GroupName: string): Promise<string> => {
    const command = new CreateSecurityGroupCommand({ GroupName, Description: 'x', VpcId: vpcId });
    return (await aws.send(command)).GroupId ?? '';
  };
  const made = { payments: await group('payments'), nodeGroup: await group('node') };
  const run = await aws.send(
    new RunInstancesCommand({
      ImageId: 'ami-00000000000000001',
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnet.Subnet?.SubnetId,
      SecurityGroupIds: [made.nodeGroup],
    }),
  );
  aws.destroy();
  return { vpcId, ...made, instanceId: run.Instances?.[0]?.InstanceId ?? '' };
}

/** The first answer that is not undefined or false, within five seconds. */
async function until<T>(read: () => Promise<T | undefined | false>): Promise<T> {
  const untilMs = performance.now() + 5_000;
  for (;;) {
    const answer = await read();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > untilMs) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function newPod(name: string, labels: Record<string, string>): Pod {
  const containers = [{ name: 'c', image: 'example.com/c:1' }];
  return { metadata: { name, namespace: 'default', labels }, spec: { nodeName: 'n1', containers } };
}

function newPolicy(name: string, spec: SecurityGroupPolicy['spec'] & object): SecurityGroupPolicy {
  return { metadata: { name, namespace: 'default' }, spec };
}

const podOf = (name: string): Promise<Pod | undefined> =>
  user.get(PODS, { name, namespace: 'default' });
const annotated = async (name: string): Promise<string | undefined> =>
  (await podOf(name))?.metadata.annotations?.[POD_ENI];
const eventsOf = async (name: string): Promise<readonly string[]> =>
  (await user.list(EVENTS)).items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason }) => reason);

test('the node advertises the branches of its type', async () => {
  const capacity = await until(async () => {
    const node = await user.get(NODES, { name: 'n1' });
    return node?.status?.capacity?.[POD_ENI];
  });
  expect(capacity).toBe('9');
});

test('a pod of a policy gets the resource, a branch, the annotation and the events', async () => {
  const podSelector = { matchLabels: { role: 'payments' } };
  await user.create(
    SECURITY_GROUP_POLICIES,
    newPolicy('payments', { podSelector, securityGroups: { groupIds: [payments] } }),
  );
  const created = await user.create(PODS, newPod('checkout', { role: 'payments' }));
  expect(created.spec.containers[0]?.resources).toEqual({
    limits: { [POD_ENI]: '1' },
    requests: { [POD_ENI]: '1' },
  });
  const [branch] = parseAnnotation(await until(() => annotated('checkout')));
  const stored = await user.get(NETWORK_INTERFACES, { name: branch?.eniId ?? '' });
  expect(stored?.spec).toMatchObject({
    interfaceType: 'branch',
    groups: [payments],
    description: 'aws-k8s-branch-eni',
    trunkAssociation: { vlanId: branch?.vlanId, associationId: branch?.associationID },
  });
  expect(branch?.subnetCidr).toBe('10.0.1.0/24');
  const events = await until(async () => {
    const reasons = await eventsOf('checkout');
    return reasons.length >= 2 && reasons;
  });
  expect(events).toEqual(expect.arrayContaining(['SecurityGroupRequested', 'ResourceAllocated']));
});

test('a pod that no policy matches is left alone', async () => {
  const created = await user.create(PODS, newPod('catalog', { role: 'catalog' }));
  expect(created.spec.containers[0]?.resources?.requests?.[POD_ENI]).toBeUndefined();
});

test('nobody but the controller writes the annotation', async () => {
  const body = { metadata: { annotations: { [POD_ENI]: '[]' } } };
  const key = { name: 'catalog', namespace: 'default' };
  await expect(user.patch(PODS, key, { type: 'merge', body })).rejects.toThrow(
    'annotation is not set by vpc-resource-controller',
  );
});

test('a policy with a bad selector is refused with its field', async () => {
  const podSelector = { matchExpressions: [{ key: 'a', operator: 'Is' }] };
  const bad = newPolicy('bad', { podSelector, securityGroups: { groupIds: [payments] } });
  await expect(user.create(SECURITY_GROUP_POLICIES, bad)).rejects.toThrow(
    'spec.podSelector.matchExpressions[0].operator: "Is" is not an operator',
  );
});

test('a policy with an unknown group: a clear event and nothing half done', async () => {
  const unknown = 'sg-0123456789abcdef0';
  const podSelector = { matchLabels: { role: 'lost' } };
  await user.create(
    SECURITY_GROUP_POLICIES,
    newPolicy('lost', { podSelector, securityGroups: { groupIds: [unknown] } }),
  );
  const before = (await user.list(NETWORK_INTERFACES)).items.length;
  await user.create(PODS, newPod('lost', { role: 'lost' }));
  const message = await until(async () => {
    const { items } = await user.list(EVENTS);
    const found = items.find(({ reason }) => reason === 'BranchAllocationFailed');
    return found?.message;
  });
  expect(message).toContain(unknown);
  expect((await user.list(NETWORK_INTERFACES)).items.length).toBe(before);
  await user.delete(PODS, { name: 'lost', namespace: 'default' }, { gracePeriodSeconds: 0 });
});

test('a change of the policy reaches the running pod in place', async () => {
  const [branch] = parseAnnotation(await annotated('checkout'));
  await user.patch(
    SECURITY_GROUP_POLICIES,
    { name: 'payments', namespace: 'default' },
    {
      type: 'merge',
      body: { spec: { securityGroups: { groupIds: [payments, nodeGroup] } } },
    },
  );
  const groups = await until(async () => {
    const eni = await user.get(NETWORK_INTERFACES, { name: branch?.eniId ?? '' });
    return eni?.spec.groups.length === 2 && eni.spec.groups;
  });
  expect(groups).toEqual([payments, nodeGroup]);
});

test('a pod that goes gives its branch back after the cool-down', async () => {
  const [branch] = parseAnnotation(await annotated('checkout'));
  const key = { name: branch?.eniId ?? '' };
  await user.delete(PODS, { name: 'checkout', namespace: 'default' }, { gracePeriodSeconds: 0 });
  const gone = await until(async () => {
    const found: KubeObject | undefined = await user.get(NETWORK_INTERFACES, key);
    return found === undefined && 'gone';
  });
  expect(gone).toBe('gone');
});

test('while the webhook is down no pod comes in without its groups', async () => {
  const webhookCloser = closers[1];
  await webhookCloser?.();
  await expect(user.create(PODS, newPod('late', { role: 'payments' }))).rejects.toThrow(
    'mpod.vpc.k8s.aws',
  );
});

import {
  DescribeNetworkInterfacesCommand,
  TerminateInstancesCommand,
  type Filter,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CNI_NODES } from '../../src/api/cni-node.ts';
import { CONFIG_MAPS } from '../../src/api/core/config-map.ts';
import { EVENTS } from '../../src/api/core/event.ts';
import { NODES } from '../../src/api/core/node.ts';
import { PODS, type Pod } from '../../src/api/core/pod.ts';
import { POD_ENI, TAG_INSTANCE_ID } from '../../src/api/names.ts';
import { SECURITY_GROUP_POLICIES } from '../../src/api/security-group-policy.ts';
import { paymentsPolicy, pod as shopPod } from '../../src/lab/scenarios/two-pods/manifests.ts';
import { UPSTREAM_CONTROLLER, whyMissing } from './programs.ts';
import { until } from './until.ts';
import {
  CONTROLLER_USER,
  controllerArgs,
  relayWebhook,
  startUpstreamLab,
  type RunningProgram,
  type UpstreamLab,
} from './upstream-lab.ts';

/**
 * amazon-vpc-resource-controller-k8s as it is, in the place of Trunkline's controller and webhook: on
 * a node of the lab, with nothing but the node role's credentials from the metadata service.
 */
const missing = whyMissing(UPSTREAM_CONTROLLER);
if (missing !== undefined) process.stdout.write(`Skipped: ${missing}\n`);

/** The shortest that upstream allows. */
const COOL_DOWN_SECONDS = 30;
const NODE = 'node-1';
/** So that a second one soon takes over. */
const LEASE = [
  '--leader-lease-duration-seconds=5',
  '--leader-lease-renew-deadline=3',
  '--leader-lease-retry-period=1',
];

let upstream: UpstreamLab;
let controller: RunningProgram;
let relay: { close(): void };

function start(): RunningProgram {
  return upstream.run(NODE, {
    name: 'controller',
    path: UPSTREAM_CONTROLLER,
    args: [...controllerArgs(upstream.lab), '--leader-elect=true', ...LEASE],
    kubeUser: CONTROLLER_USER,
  });
}

function eventually<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  const limitMs = (COOL_DOWN_SECONDS + 60) * 1000;
  const output = (): string => controller.output().slice(-4000);
  const alive = async (): Promise<T | undefined> => {
    if (controller.exitCode() !== null) throw new Error(`It ended: ${output()}`);
    return find();
  };
  return until(what, alive, { limitMs, explain: output });
}

async function interfaces(...filters: Filter[]): Promise<readonly NetworkInterface[]> {
  const command = new DescribeNetworkInterfacesCommand({ Filters: filters });
  return (await upstream.lab.plane.sdk.send(command)).NetworkInterfaces ?? [];
}

const ofType = (type: string) => interfaces({ Name: 'interface-type', Values: [type] });

/** A pod of the policy once it asks for a branch: the webhook first has to hear of the policy. */
async function payingPod(name: string, node = NODE): Promise<Pod> {
  const { kube } = upstream.lab.plane;
  const databaseHost = upstream.lab.seeded.instances.find((one) => one.name === 'rds')?.privateIp;
  const plan = { node, labels: { role: 'payments' }, databaseHost: databaseHost ?? '' };
  let attempt = 0;
  const made = await eventually('a pod that asks for a branch', async () => {
    const wanted = shopPod({ ...plan, name: `${name}-${attempt++}` });
    const pod = await kube.create(PODS, wanted).catch(() => undefined);
    const asks = pod?.spec.containers.some((each) => each.resources?.limits?.[POD_ENI] === '1');
    if (pod && !asks) await kube.delete(PODS, refOf(pod));
    return asks ? pod : undefined;
  });
  return eventually('a running pod', async () => {
    const found = await kube.get(PODS, refOf(made));
    return found?.status?.phase === 'Running' ? found : undefined;
  });
}

function refOf({ metadata }: Pod): { name: string; namespace: string } {
  return { name: metadata.name, namespace: metadata.namespace ?? 'default' };
}

interface Branch {
  readonly eniId: string;
  readonly privateIp: string;
  readonly vlanId: number;
  readonly associationID: string;
}

function branchOf(pod: Pod): Branch {
  const [branch] = JSON.parse(pod.metadata.annotations?.[POD_ENI] ?? '[]') as readonly Branch[];
  if (branch === undefined) throw new Error('The pod has no branch');
  return branch;
}

async function untilGone(branch: Branch): Promise<void> {
  await eventually('the end of the branch', async () => {
    const left = await interfaces({ Name: 'network-interface-id', Values: [branch.eniId] });
    return left.length === 0 ? true : undefined;
  });
}

async function remove(pod: Pod): Promise<void> {
  const { kube } = upstream.lab.plane;
  await kube.delete(PODS, refOf(pod));
  await eventually('the end of the pod', async () =>
    (await kube.get(PODS, refOf(pod))) ? undefined : true,
  );
}

describe.skipIf(missing !== undefined)(
  'the upstream controller',
  () => {
    beforeAll(async () => {
      upstream = await startUpstreamLab();
      await upstream.lab.plane.kube.create(CONFIG_MAPS, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'amazon-vpc-cni', namespace: 'kube-system' },
        data: { 'branch-eni-cooldown': String(COOL_DOWN_SECONDS) },
      });
      relay = await relayWebhook(upstream, NODE);
      controller = start();
    });
    afterAll(async () => {
      relay?.close();
      await upstream?.close();
    });

    test('makes a CNINode of every node, a trunk once asked, and tells the scheduler', async () => {
      const { kube } = upstream.lab.plane;
      for (const name of ['node-1', 'node-2']) {
        const cniNode = await eventually('the CNINode', () => kube.get(CNI_NODES, { name }));
        expect(cniNode.metadata.finalizers).toEqual(['networking.k8s.aws/resource-cleanup']);
        const node = await eventually('the capacity', async () => {
          const found = await kube.get(NODES, { name });
          return found?.status?.allocatable?.[POD_ENI] === undefined ? undefined : found;
        });
        // m5.large: nine branches.
        expect(node.status?.capacity?.[POD_ENI]).toBe('9');
      }
      const trunks = await ofType('trunk');
      expect(trunks).toHaveLength(2);
      for (const trunk of trunks)
        expect(trunk).toMatchObject({
          Description: 'aws-k8s-trunk-eni',
          Status: 'in-use',
          Attachment: { Status: 'attached', DeleteOnTermination: true },
        });
    });

    test('gives a pod of a policy a branch, which is wired and filtered, and takes it back', async () => {
      const { lab } = upstream;
      const { kube } = lab.plane;
      const groupId = lab.seeded.groups.payments;
      await kube.create(SECURITY_GROUP_POLICIES, paymentsPolicy(groupId));
      const pod = await payingPod('pay');
      const branch = branchOf(pod);
      expect(branch.associationID).toMatch(/^trunk-assoc-/);
      expect(pod.status?.podIP).toBe(branch.privateIp);
      expect(
        await interfaces({ Name: 'network-interface-id', Values: [branch.eniId] }),
      ).toMatchObject([
        {
          InterfaceType: 'branch',
          Groups: [{ GroupId: groupId }],
          Description: 'aws-k8s-branch-eni',
        },
      ]);
      const events = await kube.list(EVENTS, { namespace: 'default' });
      expect(events.items.map(({ reason }) => reason)).toContain('ResourceAllocated');
      // Only the group of the policy may reach the database.
      const name = pod.metadata.name;
      const sql = ['psql', '-t', '-A', '-c', 'select 1'];
      const asked = await lab.exec({ name, namespace: 'default', label: name } as never, sql);
      expect(asked).toMatchObject({ code: 0, stdout: '1\n' });

      await remove(pod);
      const removedMs = Date.now();
      expect(await ofType('branch')).toHaveLength(1);
      await untilGone(branch);
      expect(Date.now() - removedMs).toBeGreaterThan((COOL_DOWN_SECONDS - 5) * 1000);
    });

    test('started again, finds what it made, and deletes what lost its pod meanwhile', async () => {
      const kept = await payingPod('kept');
      const lost = await payingPod('lost');
      await controller.close();
      await remove(lost);
      controller = start();
      await untilGone(branchOf(lost));
      const left = await ofType('branch');
      expect(left.map((eni) => eni.NetworkInterfaceId)).toEqual([branchOf(kept).eniId]);
      expect(await ofType('trunk')).toHaveLength(2);
    });

    test('cleans up after an instance that was terminated', async () => {
      const { kube, sdk } = upstream.lab.plane;
      const name = 'node-2';
      const instance = upstream.lab.seeded.instances.find((one) => one.name === name);
      const orphan = branchOf(await payingPod('orphan', name));
      await sdk.send(new TerminateInstancesCommand({ InstanceIds: [instance?.instanceId ?? ''] }));
      // Its trunk went with it; its branches are nobody's now.
      expect(await ofType('trunk')).toHaveLength(1);
      // What upstream cleans by; this version does not write it itself.
      const tags = { [TAG_INSTANCE_ID]: instance?.instanceId };
      await kube.patch(CNI_NODES, { name }, { type: 'merge', body: { spec: { tags } } });
      // Its cleanup is left out when it hears of the CNINode's end before that of the node.
      await kube.delete(NODES, { name }, { propagationPolicy: 'Orphan' });
      await eventually('the news', async () =>
        controller.output().includes('"node removed from data store","node name":"node-2"')
          ? true
          : undefined,
      );
      await kube.delete(CNI_NODES, { name });
      await eventually('the end of the CNINode', async () =>
        (await kube.get(CNI_NODES, { name })) ? undefined : true,
      );
      await untilGone(orphan);
    });

    test('meets no error of the API on the way', () => {
      expect(controller.exitCode()).toBeNull();
      const lines = controller.output().split('\n');
      expect(
        lines.filter((line) => /api error|StatusCode: [45]|KubeAPIWarning/.test(line)),
      ).toEqual([]);
    });
  },
  300_000,
);

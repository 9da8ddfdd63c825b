import { join } from 'node:path';
import { DescribeNetworkInterfacesCommand, type NetworkInterface } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CNI_NODES } from '../../src/api/cni-node.ts';
import { PODS, type Pod } from '../../src/api/core/pod.ts';
import { must } from '../../src/base/assert.ts';
import { runInNetns } from '../../src/io/netns-exec.ts';
import { pod as shopPod } from '../../src/lab/scenarios/two-pods/manifests.ts';
import { LAB_CLUSTER } from '../../src/lab/world/control-plane.ts';
import { UPSTREAM_CONTROLLER, UPSTREAM_IPAMD, UPSTREAM_PLUGIN, whyMissing } from './programs.ts';
import { until } from './until.ts';
import {
  AGENT_USER,
  CONTROLLER_USER,
  controllerArgs,
  hostOf,
  relayWebhook,
  startUpstreamLab,
  usePlugin,
  type RunningProgram,
  type UpstreamLab,
} from './upstream-lab.ts';

/**
 * The VPC CNI as it is, agent and plugin, on a node of the lab beside the controller as it is. Of
 * Trunkline only the fabric serves that node: the plugin of its agent is not called.
 */
const missing = [UPSTREAM_CONTROLLER, UPSTREAM_IPAMD, UPSTREAM_PLUGIN]
  .map(whyMissing)
  .find(Boolean);
if (missing !== undefined) process.stdout.write(`Skipped: ${missing}\n`);

const NODE = 'node-1';
/** Secondary addresses that an interface of m5.large takes. */
const PER_INTERFACE = 9;

let upstream: UpstreamLab;
let ipamd: RunningProgram;
let relay: { close(): void };

interface Pool {
  readonly TotalIPs: number;
  readonly AssignedIPs: number;
  readonly ENIs: Readonly<
    Record<
      string,
      {
        readonly IsPrimary: boolean;
        readonly DeviceNumber: number;
        readonly AvailableIPv4Cidrs: Readonly<Record<string, object>>;
      }
    >
  >;
}

function eventually<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  return until(what, find, { explain: () => ipamd.output().slice(-4000) });
}

/** What the agent says of its addresses at its introspection endpoint. */
async function pool(): Promise<Pool | undefined> {
  const script = `exec 3<>/dev/tcp/127.0.0.1/61679 && printf 'GET /v1/enis HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
  const command = ['timeout', '2', 'bash', '-c', script] as const;
  const { stdout } = await runInNetns(hostOf(upstream.lab, NODE), command);
  const [, body] = stdout.split('\r\n\r\n');
  return body === undefined ? undefined : (JSON.parse(body) as { readonly '0': Pool })['0'];
}

async function attached(): Promise<readonly NetworkInterface[]> {
  const instance = upstream.lab.seeded.instances.find(({ name }) => name === NODE);
  const Values = [must(instance, () => 'no instance').instanceId];
  const Filters = [{ Name: 'attachment.instance-id', Values }];
  const command = new DescribeNetworkInterfacesCommand({ Filters });
  return (await upstream.lab.plane.sdk.send(command)).NetworkInterfaces ?? [];
}

/** Secondary addresses as the VPC API has them. */
function secondaries({ PrivateIpAddresses }: NetworkInterface): readonly string[] {
  return (PrivateIpAddresses ?? [])
    .filter(({ Primary }) => Primary !== true)
    .map(({ PrivateIpAddress = '' }) => PrivateIpAddress);
}

async function runPod(name: string, node: string): Promise<Pod> {
  const { kube } = upstream.lab.plane;
  await eventually('the webhook', () =>
    kube.create(PODS, shopPod({ name, node, labels: {}, databaseHost: '' })).catch(() => undefined),
  );
  return eventually(`pod ${name}`, async () => {
    const found = await kube.get(PODS, { name, namespace: 'default' });
    const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.status === 'True' ? found : undefined;
  });
}

function exec(pod: Pod, ...command: readonly string[]): Promise<{ readonly stdout: string }> {
  const { name } = pod.metadata;
  return upstream.lab.exec({ name, namespace: 'default', label: name } as never, command);
}

describe.skipIf(missing !== undefined)(
  'the upstream CNI',
  () => {
    beforeAll(async () => {
      upstream = await startUpstreamLab();
      relay = await relayWebhook(upstream, NODE);
      upstream.run(NODE, {
        name: 'controller',
        path: UPSTREAM_CONTROLLER,
        args: controllerArgs(upstream.lab),
        kubeUser: CONTROLLER_USER,
      });
      ipamd = upstream.run(NODE, {
        name: 'ipamd',
        path: UPSTREAM_IPAMD,
        args: [],
        kubeUser: AGENT_USER,
        env: {
          MY_NODE_NAME: NODE,
          CLUSTER_NAME: LAB_CLUSTER,
          ENABLE_IPv4: 'true',
          ENABLE_POD_ENI: 'true',
          WARM_ENI_TARGET: '1',
          AWS_VPC_K8S_CNI_EXTERNALSNAT: 'true',
          AWS_VPC_K8S_CNI_LOG_FILE: 'stdout',
          AWS_VPC_K8S_CNI_BACKING_STORE: join(upstream.folder, 'ipam.json'),
          VPC_CNI_VERSION: 'v1.23.2',
          DISABLE_METRICS: 'true',
        },
      });
      usePlugin(upstream, NODE, {
        path: UPSTREAM_PLUGIN,
        config: {
          vethPrefix: 'eni',
          mtu: '9001',
          podSGEnforcingMode: 'strict',
          pluginLogFile: join(upstream.folder, 'plugin.log'),
          pluginLogLevel: 'DEBUG',
          capabilities: { 'io.kubernetes.cri.pod-annotations': true },
        },
      });
    });
    afterAll(async () => {
      relay?.close();
      await upstream?.close();
    });

    test('finds its interfaces by the metadata service and fills the primary one', async () => {
      const found = await eventually('a pool', async () => {
        const now = await pool().catch(() => undefined);
        return (now?.TotalIPs ?? 0) >= PER_INTERFACE ? now : undefined;
      });
      const primary = must(
        (await attached()).find((eni) => eni.Attachment?.DeviceIndex === 0),
        () => 'no eth0',
      );
      const [id, mine] = must(
        Object.entries(found.ENIs).find(([, eni]) => eni.IsPrimary),
        () => 'no primary',
      );
      expect(id).toBe(primary.NetworkInterfaceId);
      expect(Object.keys(mine.AvailableIPv4Cidrs).toSorted()).toEqual(
        secondaries(primary)
          .map((address) => `${address}/32`)
          .toSorted(),
      );
      const feature = await eventually('the feature', async () => {
        const node = await upstream.lab.plane.kube.get(CNI_NODES, { name: NODE });
        return node?.spec?.features?.find(({ name }) => name === 'SecurityGroupsForPods');
      });
      expect(feature).toBeDefined();
    });

    test('wires a pod with one of them, which the fabric carries to another host and back', async () => {
      const here = await runPod('here', NODE);
      const there = await runPod('there', 'node-2');
      const now = must(await pool(), () => 'no pool');
      expect(now.AssignedIPs).toBe(1);
      const primary = must(
        (await attached()).find((eni) => eni.Attachment?.DeviceIndex === 0),
        () => 'no eth0',
      );
      expect(secondaries(primary)).toContain(here.status?.podIP);
      const reach = (from: Pod, to: Pod) => exec(from, 'tcp-probe', to.status?.podIP ?? '', '8080');
      expect((await reach(there, here)).stdout).toMatch(/:8080 open/);
      expect((await reach(here, there)).stdout).toMatch(/:8080 open/);
      // Its group is the node's, which the database does not know.
      const database =
        upstream.lab.seeded.instances.find(({ name }) => name === 'rds')?.privateIp ?? '';
      expect((await exec(here, 'tcp-probe', database, '5432', '1')).stdout).toMatch(/timed out/);
    });

    test('attaches a warm interface beside the trunk and fills it', async () => {
      const warm = await eventually('a warm interface', async () =>
        (await attached()).find(
          (eni) => eni.Description?.startsWith('aws-K8S-i-') && secondaries(eni).length > 0,
        ),
      );
      expect(warm).toMatchObject({
        InterfaceType: 'interface',
        Attachment: { Status: 'attached' },
      });
      expect(secondaries(warm)).toHaveLength(PER_INTERFACE);
      expect(warm.TagSet?.map(({ Key }) => Key)).toContain('node.k8s.amazonaws.com/instance_id');
      const kinds = (await attached()).map((eni) => String(eni.InterfaceType)).toSorted();
      expect(kinds).toEqual(['interface', 'interface', 'trunk']);
      const all = await eventually('both in the pool', async () => {
        const now = await pool();
        return now?.TotalIPs === 2 * PER_INTERFACE ? now : undefined;
      });
      expect(Object.keys(all.ENIs)).toContain(warm.NetworkInterfaceId);
    });

    test('gives the address back when the pod ends', async () => {
      const { kube } = upstream.lab.plane;
      await kube.delete(PODS, { name: 'here', namespace: 'default' });
      await eventually('the end of the pod', async () =>
        (await kube.get(PODS, { name: 'here', namespace: 'default' })) ? undefined : true,
      );
      expect((await pool())?.AssignedIPs).toBe(0);
    });

    test('meets no error of the API on the way', () => {
      expect(ipamd.exitCode()).toBeNull();
      const lines = ipamd.output().split('\n');
      expect(lines.filter((line) => /api error|StatusCode: [45]/.test(line))).toEqual([]);
    });
  },
  300_000,
);

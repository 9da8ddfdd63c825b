import { performance } from 'node:perf_hooks';
import type { TestHost, TestWorld } from '../src/node/agent/hosts.fake.ts';
import type { AgentRequest } from '../src/node/cni/wire.ts';
import { askSocket } from './ask-socket.ts';

/** How fast an agent serves many pods at once. */
export interface Burst {
  /** From the first ADD to the answer of the last. */
  readonly addMs: number;
  readonly podsPerSecond: number;
  /** From the first DEL to the answer of the last. */
  readonly delMs: number;
  /** The same, until no link of a pod is left either. */
  readonly goneMs: number;
}

/** Wires `count` pods on branches of one node at once and takes them down at once. */
export async function burst(
  world: TestWorld,
  node: TestHost,
  { count, group }: { readonly count: number; readonly group: string },
): Promise<Burst> {
  const requests: AgentRequest[] = [];
  for (let vlanId = 1; vlanId <= count; vlanId++)
    requests.push(await podRequest(world, node, { vlanId, group }));
  // The controller has written the annotations well before the kubelet calls.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const addMs = await timed(() => all(node, requests));
  const dels = requests.map((one): AgentRequest => ({ ...one, command: 'DEL' }));
  const started = performance.now();
  const delMs = await timed(() => all(node, dels));
  while (await hasPodLinks(world, node)) await new Promise((resolve) => setTimeout(resolve, 5));
  const goneMs = performance.now() - started;
  return { addMs, podsPerSecond: (1000 * count) / addMs, delMs, goneMs };
}

async function podRequest(
  world: TestWorld,
  node: TestHost,
  { vlanId, group }: { readonly vlanId: number; readonly group: string },
): Promise<AgentRequest> {
  const name = `burst-${vlanId}`;
  const pod = world.pod(node, name, { branch: world.branch(node, vlanId, [group]) });
  const { socketPath } = node;
  return {
    command: 'ADD',
    containerId: name,
    netns: await world.podNetns(name),
    ifName: 'eth0',
    args: {
      K8S_POD_NAMESPACE: 'default',
      K8S_POD_NAME: name,
      K8S_POD_UID: pod.metadata.uid ?? '',
    },
    config: { cniVersion: '0.4.0', name: 'aws-cni', type: 'aws-cni', socketPath },
  };
}

async function all(node: TestHost, requests: readonly AgentRequest[]): Promise<void> {
  const answers = await Promise.all(requests.map((one) => askSocket(node.socketPath, one)));
  for (const answer of answers) if (!answer.ok) throw new Error(JSON.stringify(answer.error));
}

async function timed(action: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

async function hasPodLinks(world: TestWorld, node: TestHost): Promise<boolean> {
  const links = await world.network.links(node.hostNetns);
  return links.some(({ name }) => name.startsWith('vlan'));
}

import { must } from '../../base/assert.ts';
import { flowSourceHere } from '../../io/flow-source.ts';
import { createNetwork } from '../../io/network.ts';
import { nftBatchHere } from '../../io/nft-batch.ts';
import { createNft } from '../../io/nft.ts';
import { cryptoRandom } from '../../io/random.ts';
import { startAgent, type Agent } from '../../node/agent/agent.ts';
import { buildCniPlugin } from '../../node/cni/build.ts';
import { writeCniConfig } from '../../node/cni/config.ts';
import { createHosts, type LabHost, type LabHosts } from '../hosts/hosts.ts';
import { startKubelet, type Kubelet } from '../kube/kubelet/kubelet.ts';
import { startProxy } from '../kube/proxy/proxy.ts';
import type { PodRuntime } from '../kube/pod-runtime.ts';
import { FLOW_SOCKET, type LabRuntime } from '../launch/runtime.ts';
import { LAB_CLUSTER, type ControlPlane } from './control-plane.ts';
import { CLUSTER_DNS } from './cluster-dns.ts';
import { serveHost } from './host-services.ts';
import type { Running } from './component.ts';
import type { SeededInstance } from './seed-vpc.ts';

/** Pods that a node of the lab takes: EKS's default for m5.large (spec: eks-behaviour 4.2). */
const MAX_PODS = 29;

/** One instance with its namespaces, its agent and, on nodes, its kubelet. */
export interface FleetHost {
  readonly instance: SeededInstance;
  readonly host: LabHost;
  readonly agent: Agent;
  readonly kubelet: Kubelet | undefined;
  /** The metadata service, the ways to both APIs and, on nodes, the rules of Services. */
  readonly services: Running;
}

/** All hosts of the lab. */
export interface Fleet {
  readonly hosts: readonly FleetHost[];
  /** Notices worth one line each, such as the link driver's fallback. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** Kubelets by node name, filled while the fleet starts; the API server asks it for logs and exec. */
export class KubeletDirectory {
  readonly #kubelets = new Map<string, Kubelet>();

  add(nodeName: string, kubelet: Kubelet): void {
    this.#kubelets.set(nodeName, kubelet);
  }

  runtimeOf(nodeName: string): PodRuntime | undefined {
    return this.#kubelets.get(nodeName)?.runtime;
  }
}

interface FleetDeps {
  readonly runtime: LabRuntime;
  readonly plane: ControlPlane;
  readonly directory: KubeletDirectory;
}

/** Gives every instance its namespaces and agent, and every node its kubelet. */
export async function startFleet(
  deps: FleetDeps,
  instances: readonly SeededInstance[],
): Promise<Fleet> {
  const network = createNetwork();
  const plugin = await buildCniPlugin({ outDir: `${deps.runtime.root}/node_modules/.cache/cni` });
  const hosts = await createHosts({
    network,
    prefix: 'tl',
    names: instances.map((instance) => instance.name),
  });
  const fleet = await Promise.all(
    instances.map((instance) => startHost(deps, hosts, instance, plugin.path)),
  );
  return {
    hosts: fleet,
    notes: [...new Set(fleet.flatMap(({ agent }) => agent.notes))],
    close: () => closeFleet(fleet, hosts),
  };
}

async function startHost(
  deps: FleetDeps,
  hosts: LabHosts,
  instance: SeededInstance,
  pluginPath: string,
): Promise<FleetHost> {
  const host = must(hosts.get(instance.name), () => `No namespaces for ${instance.name}`);
  const socketPath = `${deps.runtime.runDir}/${instance.name}.sock`;
  const agent = await startHostAgent(deps, instance, { host, socketPath });
  const services = await serveHost(deps.plane, instance, host);
  if (!instance.isNode) return { instance, host, agent, services, kubelet: undefined };
  const proxy = await startHostProxy(deps, instance.name, host);
  const confDir = `${deps.runtime.runDir}/${instance.name}.net.d`;
  writeCniConfig({ confDir, socketPath });
  const binDir = pluginPath.slice(0, pluginPath.lastIndexOf('/'));
  const kubelet = await startHostKubelet(deps, instance, { host, cni: { binDir, confDir } });
  deps.directory.add(instance.name, kubelet);
  return { instance, host, agent, services: both(services, proxy), kubelet };
}

function both(...running: readonly Running[]): Running {
  return {
    close: async () => {
      await Promise.all(running.map((each) => each.close()));
    },
  };
}

function startHostProxy(
  { runtime, plane }: FleetDeps,
  nodeName: string,
  { hostNetns }: LabHost,
): Promise<Running> {
  return startProxy({
    nodeName,
    hostNetns,
    informers: plane.informers,
    network: createNetwork(),
    nft: createNft(),
    clock: runtime.clock,
    log: runtime.log.child({ component: 'kube-proxy', host: nodeName }),
  });
}

async function startHostAgent(
  { runtime, plane }: FleetDeps,
  instance: SeededInstance,
  place: { host: LabHost; socketPath: string },
): Promise<Agent> {
  const source = flowSourceHere();
  return startAgent({
    ...(instance.isNode && { nodeName: instance.name }),
    instanceId: instance.instanceId,
    hostNetns: place.host.hostNetns,
    fabricNetns: place.host.fabricNetns,
    underlay: place.host.underlay,
    socketPath: place.socketPath,
    linkDriver: runtime.linkDriver,
    clusterName: LAB_CLUSTER,
    config: { enablePodEni: true, enforcingMode: 'strict', disableTcpEarlyDemux: true },
    kube: await plane.signIn('system:serviceaccount:kube-system:aws-node'),
    informers: plane.informers,
    ec2: plane.ec2,
    network: createNetwork(),
    nft: createNft(),
    nftBatch: nftBatchHere(),
    flows: source && {
      source,
      mode: 'flow-logs',
      folder: `${runtime.dataDir}/flows-${instance.name}`,
      socketPath: `${runtime.runDir}/${instance.name}${FLOW_SOCKET}`,
    },
    clock: runtime.clock,
    random: cryptoRandom,
    log: runtime.log.child({ component: 'agent', host: instance.name }),
  });
}

async function startHostKubelet(
  { runtime, plane }: FleetDeps,
  instance: SeededInstance,
  place: { host: LabHost; cni: { binDir: string; confDir: string } },
): Promise<Kubelet> {
  return startKubelet({
    nodeName: instance.name,
    instanceId: instance.instanceId,
    instanceType: instance.instanceType,
    zone: instance.zone,
    nodeIp: instance.privateIp,
    labels: {},
    hostNetns: place.host.hostNetns,
    cni: place.cni,
    maxPods: MAX_PODS,
    dns: CLUSTER_DNS,
    stateDir: `${runtime.runDir}/${instance.name}`,
    kube: await plane.signIn(`system:node:${instance.name}`),
    informers: plane.informers,
    clock: runtime.clock,
    random: cryptoRandom,
    log: runtime.log.child({ component: 'kubelet', host: instance.name }),
  });
}

async function closeFleet(fleet: readonly FleetHost[], hosts: LabHosts): Promise<void> {
  await Promise.all(fleet.map(async ({ kubelet }) => kubelet?.close()));
  await Promise.all(fleet.map(({ services }) => services.close()));
  await Promise.all(fleet.map(({ agent }) => agent.close()));
  await hosts.close();
}

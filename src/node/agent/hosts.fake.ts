import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import { PODS, type Pod } from '../../api/core/pod.ts';
import { POD_ENI } from '../../api/names.ts';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../api/vpc/network-interface.ts';
import { keepSlices } from '../../api/vpc/slices/slice-keeper.fake.ts';
import { interfaceLabels } from '../../api/vpc/slices/slice-of.ts';
import { SECURITY_GROUPS, type SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { SUBNETS } from '../../api/vpc/subnet.ts';
import { VPCS } from '../../api/vpc/vpc.ts';
import { must } from '../../base/assert.ts';
import { silentLog } from '../../base/log.ts';
import type { Network, Nft } from '../../base/network.ts';
import { createFakeEc2 } from '../../ec2/client.fake.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Ec2Client } from '../../ec2/client.ts';
import { systemClock } from '../../io/clock.ts';
import { createInformers } from '../../io/informer.ts';
import { runInNetns, type Finished } from '../../io/netns-exec.ts';
import { inNetns } from '../../io/netns.ts';
import { createNetwork } from '../../io/network.ts';
import { createNftBatch } from '../../io/nft-batch.ts';
import { createNft } from '../../io/nft.ts';
import { cryptoRandom } from '../../io/random.ts';
import { startAgent, type Agent, type AgentOptions } from './agent.ts';

/**
 * Hosts for kernel tests and benchmarks: real namespaces, an underlay bridge, real agents and plugin
 * processes, over an in-memory Kubernetes API and EC2. Needs the sandbox; one world per process.
 */

const VPC = 'vpc-00000000000000001';
const ACCOUNT = '111122223333';
const TIME = '2026-01-01T00:00:00Z';
/** Strict mode as it works for TCP between a node and its pods. */
const STRICT_CONFIG = {
  enablePodEni: true,
  enforcingMode: 'strict',
  disableTcpEarlyDemux: true,
} as const;
/** Secondary addresses that an interface may have in this world. */
const SECONDARY_MAX = 10;

/** A host of the world: an instance, its namespaces, and an agent once started. */
export interface TestHost {
  readonly number: number;
  readonly nodeName: string;
  readonly instanceId: string;
  readonly hostNetns: string;
  readonly fabricNetns: string;
  readonly socketPath: string;
  readonly trunkId: string;
  /** Address of the primary interface. */
  readonly address: string;
}

/** How a CNI call ended. */
export interface CniOutcome {
  readonly status: number;
  readonly output: Record<string, unknown>;
}

export class TestWorld {
  readonly kube: FakeKube = createFakeKube({ statusSubresources: ['instances'] });
  readonly network: Network = createNetwork();
  readonly nft: Nft = createNft();
  readonly #nftBatch = createNftBatch();
  readonly ec2: Ec2Client;
  readonly #stop = new AbortController();
  readonly #agents: Agent[] = [];
  readonly #namespaces: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'trunkline-hosts-'));
  #serial = 10;

  constructor() {
    this.ec2 = {
      ...createFakeEc2(),
      assignPrivateIpAddresses: async (request) =>
        this.#assign(request.NetworkInterfaceId ?? '', request.SecondaryPrivateIpAddressCount ?? 1),
    };
    const { kube } = this;
    const { signal } = this.#stop;
    keepSlices(kube, createInformers({ kube, clock: systemClock, log: silentLog, signal }));
    this.kube.seed(VPCS, {
      metadata: { name: VPC },
      spec: {
        account: ACCOUNT,
        region: 'us-east-1',
        cidrBlocks: [{ associationId: 'a', cidr: '10.0.0.0/16' }],
        isDefault: false,
      },
    });
  }

  /** Two or more hosts, each in a subnet of its own, joined by an underlay bridge. */
  async addHosts(count: number): Promise<TestHost[]> {
    const { network } = this;
    const spine = await this.#namespace('spine');
    await network.apply(spine, [{ op: 'link-add-bridge', name: 'br0', up: true }]);
    const hosts: TestHost[] = [];
    for (let number = 1; number <= count; number++) {
      const fabricNetns = await this.#namespace(`fabric-${number}`);
      const hostNetns = await this.#namespace(`host-${number}`);
      await network.apply(spine, [
        {
          op: 'link-add-veth',
          name: `h${number}`,
          mtu: 9100,
          up: true,
          peer: { name: 'underlay0', netns: fabricNetns, mtu: 9100 },
        },
        { op: 'link-set', name: `h${number}`, master: 'br0' },
      ]);
      await network.apply(fabricNetns, [
        { op: 'link-set', name: 'underlay0', up: true },
        { op: 'address-add', link: 'underlay0', address: `192.0.2.${10 + number}`, prefixBits: 24 },
      ]);
      hosts.push(this.#seedHost(number, { hostNetns, fabricNetns }));
    }
    return hosts;
  }

  /** Starts the agent of a host, or starts it again. */
  async start(host: TestHost, options: Partial<AgentOptions> = {}): Promise<Agent> {
    const { kube, network, nft, ec2 } = this;
    const signal = this.#stop.signal;
    const agent = await startAgent({
      nodeName: host.nodeName,
      instanceId: host.instanceId,
      hostNetns: host.hostNetns,
      fabricNetns: host.fabricNetns,
      underlay: { link: 'underlay0', address: `192.0.2.${10 + host.number}` },
      socketPath: host.socketPath,
      linkDriver: 'auto',
      clusterName: 'test',
      config: STRICT_CONFIG,
      kube,
      informers: createInformers({ kube, clock: systemClock, log: silentLog, signal }),
      ec2,
      network,
      nft,
      nftBatch: this.#nftBatch,
      clock: systemClock,
      random: cryptoRandom,
      log: silentLog,
      ...options,
    });
    this.#agents.push(agent);
    return agent;
  }

  /** A group with the given rules; ids are `sg-` plus the name padded. */
  group(name: string, rules: readonly SecurityGroupRuleSpec[]): string {
    const id = `sg-${Buffer.from(name).toString('hex').padStart(17, '0').slice(-17)}`;
    this.kube.seed(SECURITY_GROUPS, {
      metadata: { name: id },
      spec: { account: ACCOUNT, vpcId: VPC, groupName: name, description: name, rules },
    });
    return id;
  }

  /** A branch of the host's trunk. */
  branch(host: TestHost, vlanId: number, groups: readonly string[]): NetworkInterface {
    const item = this.#interface(host.number, 'branch', groups);
    const trunkAssociation = {
      associationId: `trunk-assoc-${vlanId}`,
      trunkInterfaceId: host.trunkId,
      vlanId,
    };
    return this.#seedInterface({ ...item, spec: { ...item.spec, trunkAssociation } });
  }

  /** A pod on the host; with a branch it has the resource and, unless told otherwise, the annotation. */
  pod(
    host: TestHost,
    name: string,
    options: {
      branch?: NetworkInterface;
      annotate?: boolean;
      labels?: Record<string, string>;
    } = {},
  ): Pod {
    const { branch, annotate = true, labels = {} } = options;
    const limits = branch ? { resources: { limits: { [POD_ENI]: '1' } } } : {};
    const annotations = branch && annotate ? { [POD_ENI]: annotationOf(branch) } : {};
    this.#serial += 1;
    return this.kube.seed(PODS, {
      metadata: {
        name,
        namespace: 'default',
        uid: `uid-${name}-${this.#serial}`,
        labels,
        annotations,
      },
      spec: { nodeName: host.nodeName, containers: [{ name: 'main', ...limits }] },
    });
  }

  /** A pod's namespace, as a runtime makes it. */
  podNetns(name: string): Promise<string> {
    return this.#namespace(`pod-${name}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()));
    this.#stop.abort();
    for (const name of this.#namespaces) await this.network.deleteNamespace(name);
    this.#nftBatch.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #namespace(name: string): Promise<string> {
    const path = await this.network.createNamespace(name);
    this.#namespaces.push(name);
    return path;
  }

  #seedHost(number: number, namespaces: { hostNetns: string; fabricNetns: string }): TestHost {
    const instanceId = `i-${String(number).padStart(17, '0')}`;
    const subnetId = subnetOf(number);
    this.kube.seed(SUBNETS, {
      metadata: { name: subnetId },
      spec: {
        account: ACCOUNT,
        vpcId: VPC,
        cidr: `10.0.${number}.0/24`,
        availabilityZone: 'us-east-1a',
      },
    });
    this.kube.seed(INSTANCES, {
      metadata: { name: instanceId },
      spec: {
        account: ACCOUNT,
        vpcId: VPC,
        subnetId,
        instanceType: 'm5.large',
        imageId: 'ami-1',
        state: 'running',
        launchTime: TIME,
      },
    });
    const node = this.group('node', [
      { ruleId: 'sgr-node-in', isEgress: false, ipProtocol: '-1', cidrIpv4: '10.0.0.0/16' },
      { ruleId: 'sgr-node-out', isEgress: true, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
    ]);
    const primary = this.#attached(number, 0, [node]);
    const trunk = this.#attached(number, 1, [node]);
    return {
      number,
      nodeName: `node-${number}`,
      instanceId,
      ...namespaces,
      socketPath: join(this.#folder, `agent-${number}.sock`),
      trunkId: trunk.metadata.name,
      address: primary.spec.privateIps[0] ?? '',
    };
  }

  #attached(number: number, deviceIndex: number, groups: readonly string[]): NetworkInterface {
    const item = this.#interface(number, deviceIndex === 0 ? 'interface' : 'trunk', groups);
    const attachment = {
      attachmentId: `eni-attach-${number}${deviceIndex}`,
      instanceId: `i-${String(number).padStart(17, '0')}`,
      deviceIndex,
      networkCardIndex: 0,
      deleteOnTermination: true,
      attachTime: TIME,
    };
    return this.#seedInterface({ ...item, spec: { ...item.spec, attachment } });
  }

  #seedInterface(item: NetworkInterface): NetworkInterface {
    const labels = interfaceLabels(item);
    return this.kube.seed(NETWORK_INTERFACES, { ...item, metadata: { ...item.metadata, labels } });
  }

  #interface(
    number: number,
    interfaceType: 'interface' | 'trunk' | 'branch',
    groups: readonly string[],
  ): NetworkInterface {
    this.#serial += 1;
    const hex = this.#serial.toString(16).padStart(2, '0');
    return {
      metadata: { name: `eni-${hex.padStart(17, '0')}` },
      spec: {
        account: ACCOUNT,
        vpcId: VPC,
        subnetId: subnetOf(number),
        availabilityZone: 'us-east-1a',
        description: '',
        interfaceType,
        macAddress: `02:00:00:00:${String(number).padStart(2, '0')}:${hex}`,
        privateIps: [`10.0.${number}.${this.#serial}`],
        groups,
        sourceDestCheck: true,
      },
    };
  }

  #assign(
    eniId: string,
    count: number,
  ): { AssignedPrivateIpAddresses: { PrivateIpAddress: string }[] } {
    const item = must(this.kube.peek(NETWORK_INTERFACES, { name: eniId }), () => `no ${eniId}`);
    const { privateIps } = item.spec;
    if (privateIps.length - 1 + count > SECONDARY_MAX)
      throw new Ec2Error('PrivateIpAddressLimitExceeded', 'too many addresses');
    const base = (privateIps[0] ?? '').split('.').slice(0, 3).join('.');
    const fresh = Array.from({ length: count }, (_, i) => `${base}.${200 + privateIps.length + i}`);
    this.kube.seed(NETWORK_INTERFACES, {
      ...item,
      spec: { ...item.spec, privateIps: [...privateIps, ...fresh] },
    });
    return { AssignedPrivateIpAddresses: fresh.map((PrivateIpAddress) => ({ PrivateIpAddress })) };
  }
}

function subnetOf(number: number): string {
  return `subnet-${String(number).padStart(17, '0')}`;
}

/** The annotation of a branch, as the controller writes it. */
export function annotationOf(branch: NetworkInterface): string {
  const [, , third] = (branch.spec.privateIps[0] ?? '').split('.');
  return JSON.stringify([
    {
      eniId: branch.metadata.name,
      ifAddress: branch.spec.macAddress,
      privateIp: branch.spec.privateIps[0],
      ipv6Addr: '',
      vlanId: branch.spec.trunkAssociation?.vlanId,
      subnetCidr: `10.0.${third}.0/24`,
      subnetV6Cidr: '',
      associationID: branch.spec.trunkAssociation?.associationId,
    },
  ]);
}

/** A CNI call to come. */
export interface CniCall {
  readonly command: string;
  readonly pod: Pod;
  readonly netns: string;
  readonly containerId?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Environment and stdin of a call, as the CNI specification has them. */
export function pluginInput(
  host: TestHost,
  call: CniCall,
): { readonly environment: Record<string, string>; readonly stdin: string } {
  const { metadata } = call.pod;
  const config = {
    cniVersion: '0.4.0',
    name: 'aws-cni',
    type: 'aws-cni',
    socketPath: host.socketPath,
    ...call.config,
  };
  const environment = {
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: call.containerId ?? `container-${metadata.uid}`,
    CNI_NETNS: call.netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${metadata.namespace};K8S_POD_NAME=${metadata.name};K8S_POD_UID=${metadata.uid}`,
  };
  return { environment, stdin: JSON.stringify(config) };
}

/** Runs the plugin as a process. */
export async function callPlugin(
  plugin: string,
  host: TestHost,
  call: CniCall,
): Promise<CniOutcome> {
  const { environment, stdin } = pluginInput(host, call);
  const child = spawn(plugin, [], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(stdin);
  const status = await new Promise<number>((resolve) => {
    child.on('close', (code) => resolve(code ?? -1));
  });
  const text = Buffer.concat(chunks).toString();
  return { status, output: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

/** A TCP server inside a namespace that greets and hangs up. */
export function greet(netns: string, port: number, text = 'hello'): Server {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(text);
  });
  inNetns(netns, () => server.listen(port));
  return server;
}

/** What a TCP client in a namespace reads from an address within a second; '' when it cannot. */
export async function fetchFrom(netns: string, address: string, port: number): Promise<string> {
  const script = `exec 3<>/dev/tcp/${address}/${port} && cat <&3`;
  const done: Finished = await runInNetns(netns, ['timeout', '1', 'bash', '-c', script]);
  return done.stdout;
}

/** How often a connection that must succeed is tried: other hosts learn of a pod by watch. */
const TRIES = 5;

/** The first answer of up to five tries of `fetchFrom`; '' when none got through. */
export async function fetchSoon(netns: string, address: string, port: number): Promise<string> {
  for (let i = 1; i < TRIES; i++) {
    const answer = await fetchFrom(netns, address, port);
    if (answer !== '') return answer;
  }
  return fetchFrom(netns, address, port);
}

import type { KubeClient } from '../../api/client.ts';
import type { Informers } from '../../api/informer.ts';
import type { Clock } from '../../base/clock.ts';
import type { FlowSource } from '../../base/flow-source.ts';
import type { Log } from '../../base/log.ts';
import type { Network, Nft, NftBatch } from '../../base/network.ts';
import type { Random } from '../../base/random.ts';
import type { Ec2Client } from '../../ec2/client.ts';
import { chooseDriver } from '../fabric/driver.ts';
import { readDropCounts, type DropCount } from '../fabric/drop-counts.ts';
import { Fabric } from '../fabric/fabric.ts';
import { tunnelMac } from '../fabric/setup.ts';
import { FlowRecorder, type FlowRecordOptions } from '../flows/recorder.ts';
import { serveFlows } from '../flows/server.ts';
import { DEFAULT_HOST_SETTINGS, type HostSettings } from '../host/settings.ts';
import type { LinkDriver } from '../wiring/steps.ts';
import { publishTunnel, requestSecurityGroups } from './announce.ts';
import { setUpHost } from './host-setup.ts';
import { serveNode } from './node-server.ts';
import { SandboxStore, type Sandbox } from './sandbox.ts';
import { Wirer } from './wirer.ts';

/** What an agent is told about its host. */
export interface AgentOptions {
  /** Absent: a host without Kubernetes, such as the one of a database. */
  readonly nodeName?: string;
  readonly instanceId: string;
  /** Path of the host's namespace; the root namespace of a real node. */
  readonly hostNetns: string;
  /** Path of the fabric's namespace. */
  readonly fabricNetns: string;
  /** Link in the fabric namespace to the other hosts: exists, is up and has the address. */
  readonly underlay: { readonly link: string; readonly address: string };
  /** Unix socket for the CNI plugin; the agent's state is kept next to it. */
  readonly socketPath: string;
  readonly linkDriver: 'auto' | LinkDriver;
  readonly clusterName: string;
  /** Settings of the host; what is left out is as AWS's manifest leaves it. */
  readonly config: Pick<HostSettings, 'enablePodEni' | 'enforcingMode'> & Partial<HostSettings>;
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly ec2: Ec2Client;
  readonly network: Network;
  readonly nft: Nft;
  readonly nftBatch?: NftBatch | undefined;
  /** Absent: flows are not recorded, and nobody can ask for it. */
  readonly flows?: AgentFlows | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How flows are recorded, and where one asks for them. */
export interface AgentFlows extends FlowRecordOptions {
  readonly source: FlowSource;
  /** Unix socket of the HTTP server of records and metrics. */
  readonly socketPath: string;
}

/** A running agent. */
export interface Agent {
  readonly linkDriver: LinkDriver;
  /** One-line notices for the user, such as a fallback. */
  readonly notes: readonly string[];
  status(): object;
  /** Stops the agent. What it wired stays and keeps being filtered. */
  close(): Promise<void>;
}

/**
 * Starts the agent of one host: the fabric, and with a node name the CNI socket. Resolves when the
 * interfaces that the VPC's objects name so far are in place and filtered.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { network, random, clock, log, kube, nodeName } = options;
  const stop = new AbortController();
  const { driver, notes } = await chooseDriver(options.linkDriver, { network, random });
  for (const note of notes) log.info('Link driver', { note });
  const store = new SandboxStore(`${options.socketPath}.sandboxes`);
  const wired = (): ReadonlySet<string> => store.wiredBranches();
  const flows = options.flows && flowsOf(options.flows);
  const fabric = new Fabric({ ...options, signal: stop.signal, wired, observer: flows?.recorder });
  const announce = { kube, clock, log, signal: stop.signal };
  const { address } = options.underlay;
  const tunnel = { tunnelAddress: address, tunnelMac: tunnelMac(address) };
  const settings = { ...DEFAULT_HOST_SETTINGS, ...options.config };
  if (nodeName !== undefined) await setUpHost(network, options.hostNetns, settings);
  await flows?.recorder.start();
  await fabric.start();
  const flowServer = await flows?.serve();
  const tasks = [publishTunnel(options.instanceId, tunnel, announce)];
  const wirer = new Wirer({ ...options, fabric, store, driver, signal: stop.signal });
  const served = { ...options, settings, fabric, store, wirer, signal: stop.signal };
  const node = nodeName === undefined ? undefined : await serveNode(nodeName, served);
  if (nodeName !== undefined && options.config.enablePodEni)
    tasks.push(requestSecurityGroups(nodeName, announce));
  return {
    linkDriver: driver,
    notes,
    status: () => ({ linkDriver: driver, pods: store.list().length, ...fabric.status() }),
    async close() {
      await node?.close();
      await flowServer?.close();
      await wirer.flushed();
      stop.abort();
      await Promise.all([node?.stopped(), fabric.close(), ...tasks]);
      await flows?.recorder.close();
      store.close();
    },
  };

  function flowsOf(given: AgentFlows): AgentFlowParts {
    const { nft, fabricNetns, instanceId } = options;
    const shared = { ...options, ...given, nodeName, instanceId };
    const sandboxes = (): readonly Sandbox[] => store.list();
    const switched = (): void => fabric.kick();
    const recorder = new FlowRecorder(given, { ...shared, sandboxes, switched });
    const drops = (): Promise<readonly DropCount[]> => readDropCounts(nft, fabricNetns);
    const interfaceOf = (link: string): string => fabric.interfaceOf(link);
    return { recorder, serve: () => serveFlows({ ...shared, recorder, drops, interfaceOf }) };
  }
}

interface AgentFlowParts {
  readonly recorder: FlowRecorder;
  readonly serve: () => Promise<{ close(): Promise<void> }>;
}

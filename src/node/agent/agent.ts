import type { KubeClient } from '../../api/client.ts';
import type { Informers } from '../../api/informer.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Network, Nft, NftBatch } from '../../base/network.ts';
import type { Random } from '../../base/random.ts';
import type { Ec2Client } from '../../ec2/client.ts';
import { chooseDriver } from '../fabric/driver.ts';
import { Fabric } from '../fabric/fabric.ts';
import { tunnelMac } from '../fabric/setup.ts';
import type { LinkDriver } from '../wiring/steps.ts';
import type { AgentRequest, CniResult } from '../cni/wire.ts';
import { AddressPool } from './address-pool.ts';
import { publishTunnel, requestSecurityGroups } from './announce.ts';
import { check } from './check.ts';
import { add, collect, del, status, type HandlerDeps } from './handlers.ts';
import { removeStaleRules, setUpHost } from './host-setup.ts';
import { NodePods } from './pods.ts';
import { SandboxStore } from './sandbox.ts';
import { serveSocket } from './socket-server.ts';
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
  readonly config: {
    readonly enablePodEni: boolean;
    readonly enforcingMode: 'strict' | 'standard';
  };
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly ec2: Ec2Client;
  readonly network: Network;
  readonly nft: Nft;
  readonly nftBatch?: NftBatch | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
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
  const { network, random, clock, log, kube } = options;
  const stop = new AbortController();
  const { driver, notes } = await chooseDriver(options.linkDriver, { network, random });
  for (const note of notes) log.info('Link driver', { note });
  const store = new SandboxStore(`${options.socketPath}.sandboxes`);
  const wired = (): ReadonlySet<string> => store.wiredBranches();
  const fabric = new Fabric({ ...options, signal: stop.signal, wired });
  const announce = { kube, clock, log, signal: stop.signal };
  const { address } = options.underlay;
  const tunnel = { tunnelAddress: address, tunnelMac: tunnelMac(address) };
  const { nodeName } = options;
  if (nodeName !== undefined)
    await setUpHost(network, options.hostNetns, options.config.enforcingMode);
  await fabric.start();
  const tasks = [publishTunnel(options.instanceId, tunnel, announce)];
  const wirer = new Wirer({ ...options, fabric, store, driver, signal: stop.signal });
  const server = nodeName === undefined ? undefined : await serveNode(nodeName);
  if (nodeName !== undefined && options.config.enablePodEni)
    tasks.push(requestSecurityGroups(nodeName, announce));
  return {
    linkDriver: driver,
    notes,
    status: () => ({ linkDriver: driver, pods: store.list().length, ...fabric.status() }),
    async close() {
      await server?.close();
      await wirer.flushed();
      stop.abort();
      await Promise.all([fabric.close(), ...tasks]);
      store.close();
    },
  };

  async function serveNode(name: string): Promise<{ close(): Promise<void> }> {
    await removeStaleRules(network, options.hostNetns, store.list());
    const pods = new NodePods(name, options);
    await pods.synced();
    const pool = new AddressPool({ ...options, fabric, store });
    const { hostNetns } = options;
    const { enforcingMode } = options.config;
    const shared = { network, clock, log, hostNetns, enforcingMode };
    const deps = { ...shared, pods, fabric, pool, store, wirer };
    return serveSocket(options.socketPath, (request) => dispatch(request, deps), log);
  }
}

async function dispatch(request: AgentRequest, deps: HandlerDeps): Promise<CniResult | undefined> {
  switch (request.command) {
    case 'ADD':
      return add(request, deps);
    case 'DEL':
      return del(request, deps);
    case 'CHECK':
      return check(request, deps);
    case 'GC':
      return collect(request, deps);
    case 'STATUS':
      return status(deps);
  }
}

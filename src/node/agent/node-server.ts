import type { KubeClient } from '../../api/client.ts';
import type { Informers } from '../../api/informer.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Network, Nft } from '../../base/network.ts';
import type { Ec2Client } from '../../ec2/client.ts';
import type { AgentRequest, CniResult } from '../cni/wire.ts';
import type { Fabric } from '../fabric/fabric.ts';
import { HostNat } from '../host/nat.ts';
import type { HostSettings } from '../host/settings.ts';
import { AddressPool } from './address-pool.ts';
import { check } from './check.ts';
import { add, collect, del, status, type HandlerDeps } from './handlers.ts';
import { removeStaleRules } from './host-setup.ts';
import { ModeNotices } from './mode-notices.ts';
import { NodePods } from './pods.ts';
import type { SandboxStore } from './sandbox.ts';
import { serveSocket } from './socket-server.ts';
import type { Wirer } from './wirer.ts';

/** What the part of an agent needs that only Kubernetes nodes have. */
export interface NodeServerOptions {
  readonly instanceId: string;
  readonly hostNetns: string;
  readonly socketPath: string;
  readonly settings: HostSettings;
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly ec2: Ec2Client;
  readonly network: Network;
  readonly nft: Nft;
  readonly fabric: Fabric;
  readonly store: SandboxStore;
  readonly wirer: Wirer;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The running part. */
export interface NodeServer {
  /** Takes no more CNI calls; resolves when those under way are answered. */
  close(): Promise<void>;
  /** Resolves when nothing runs any more, after the signal. */
  stopped(): Promise<void>;
}

/** Sets up the host's NAT and serves the CNI plugin. The host's own rules must be there. */
export async function serveNode(name: string, options: NodeServerOptions): Promise<NodeServer> {
  const { network, hostNetns, store, settings, log } = options;
  await removeStaleRules(network, hostNetns, store.list());
  const nat = new HostNat(options);
  await nat.start();
  const pods = new NodePods(name, options);
  await pods.synced();
  const { enforcingMode } = settings;
  const notices = new ModeNotices({ ...options, nodeName: name, enforcingMode });
  notices.kept(store.list());
  const deps = { ...options, enforcingMode, pods, notices, pool: new AddressPool(options) };
  const server = await serveSocket(options.socketPath, (one) => dispatch(one, deps), log);
  return {
    close: async () => {
      await server.close();
      await notices.flush();
    },
    stopped: () => nat.close(),
  };
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

import type { KubeClient } from '../../../api/client.ts';
import type { Informers } from '../../../api/informer.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Network } from '../../../base/network.ts';
import type { Random } from '../../../base/random.ts';
import type { ClusterDns } from './pod/name-files.ts';

/** What a kubelet needs to be the agent of one node. */
export interface KubeletOptions {
  readonly nodeName: string;
  readonly instanceId: string;
  readonly zone: string;
  readonly instanceType: string;
  /** Primary IPv4 address of the node. */
  readonly nodeIp: string;
  /** Labels besides the well-known ones. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Path of the node's network namespace: probes and host-network pods live there. */
  readonly hostNetns: string;
  readonly cni: {
    /** Folder of plugins; becomes CNI_PATH. */
    readonly binDir: string;
    /** Folder with the *.conflist or *.conf file; read for each sandbox. */
    readonly confDir: string;
    /** CNI_PATH, where it is more than `binDir`. */
    readonly path?: string;
    /** A plugin that answers nothing for this long is killed; a minute when absent. */
    readonly timeoutMs?: number;
  };
  readonly maxPods: number;
  /** Absent: pods resolve names as this machine does. */
  readonly dns?: ClusterDns;
  /** Folder for logs, records of sandboxes and tools; may outlive the kubelet. */
  readonly stateDir: string;
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Default: the kernel's. */
  readonly network?: Network;
}

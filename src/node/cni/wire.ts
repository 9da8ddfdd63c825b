import type { CniErrorBody } from './errors.ts';

/**
 * What the plugin and the agent say to each other over the unix socket: one line of JSON each way.
 * It replaces the gRPC of the AWS CNI (spec 5.3).
 */

/** Verbs that reach the agent; VERSION is answered by the plugin itself. */
export type AgentCommand = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS';

/** The network configuration from stdin, as far as we read it. */
export interface CniConfig {
  readonly cniVersion: string;
  readonly name: string;
  readonly type: string;
  /** Path of the agent's unix socket. */
  readonly socketPath: string;
  readonly vethPrefix?: string;
  /** Text, as in the conflist of EKS. */
  readonly mtu?: string;
  readonly podSGEnforcingMode?: string;
  readonly prevResult?: CniResult;
  readonly 'cni.dev/valid-attachments'?: readonly CniAttachment[];
}

/** An attachment that GC must keep. */
export interface CniAttachment {
  readonly containerID: string;
  readonly ifname: string;
}

/** One call. */
export interface AgentRequest {
  readonly command: AgentCommand;
  readonly containerId: string;
  /** Empty for a DEL after the namespace is gone. */
  readonly netns: string;
  readonly ifName: string;
  /** CNI_ARGS, split. */
  readonly args: Readonly<Record<string, string>>;
  readonly config: CniConfig;
}

/** The answer to one call. */
export type AgentResponse =
  | { readonly ok: true; readonly result?: CniResult }
  | { readonly ok: false; readonly error: CniErrorBody };

/** A CNI result; `version` of an address is there before 1.0.0 only. */
export interface CniResult {
  readonly cniVersion: string;
  readonly interfaces: readonly CniInterface[];
  readonly ips: readonly CniAddress[];
  readonly dns: Readonly<Record<string, never>>;
}

/** An interface of a result. */
export interface CniInterface {
  readonly name: string;
  readonly mac?: string;
  readonly sandbox?: string;
}

/** An address of a result. */
export interface CniAddress {
  readonly version?: '4' | '6';
  readonly interface: number;
  readonly address: string;
  readonly gateway?: string;
}

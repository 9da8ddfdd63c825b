import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of the file, as on EKS: runtimes take the first of the folder. */
export const CONFLIST_NAME = '10-aws.conflist';

/** What may differ between nodes. */
export interface CniConfigOptions {
  readonly confDir: string;
  /** The agent's unix socket. */
  readonly socketPath: string;
  readonly enforcingMode?: 'strict' | 'standard';
  /** MTU of pod links in bytes; default 9001. */
  readonly mtu?: number;
}

/** Writes the conflist (spec 5.4) in one step, so that no runtime reads half of it. */
export function writeCniConfig(options: CniConfigOptions): void {
  const conflist = {
    cniVersion: '0.4.0',
    name: 'aws-cni',
    disableCheck: false,
    plugins: [
      {
        name: 'aws-cni',
        type: 'aws-cni',
        vethPrefix: 'eni',
        mtu: String(options.mtu ?? 9001),
        podSGEnforcingMode: options.enforcingMode ?? 'strict',
        capabilities: { 'io.kubernetes.cri.pod-annotations': true },
        socketPath: options.socketPath,
      },
    ],
  };
  mkdirSync(options.confDir, { recursive: true });
  const path = join(options.confDir, CONFLIST_NAME);
  writeFileSync(`${path}.new`, `${JSON.stringify(conflist, undefined, 2)}\n`);
  renameSync(`${path}.new`, path);
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where build.ts puts the programs of others. */
export const UPSTREAM_FOLDER: string = resolve(
  import.meta.dirname,
  '../../node_modules/.cache/upstream',
);
/** The controller that EKS runs. */
export const UPSTREAM_CONTROLLER: string = resolve(
  UPSTREAM_FOLDER,
  'amazon-vpc-resource-controller-k8s',
);
/** The node agent of the VPC CNI. */
export const UPSTREAM_IPAMD: string = resolve(UPSTREAM_FOLDER, 'aws-k8s-agent');
/** The CNI plugin of the VPC CNI. */
export const UPSTREAM_PLUGIN: string = resolve(UPSTREAM_FOLDER, 'aws-cni');

/** Why a program cannot be tested; undefined when it is there. */
export function whyMissing(path: string): string | undefined {
  return existsSync(path) ? undefined : `${path} is not there: run node test/upstream/build.ts`;
}

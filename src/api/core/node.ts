import type { Condition, KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';
import type { Quantities } from './pod.ts';

/** core/v1 Node, as far as Trunkline reads it. */
export interface Node extends KubeObject {
  readonly spec?: {
    /** `aws:///<zone>/<instance id>`. */
    readonly providerID?: string;
    readonly unschedulable?: boolean;
    readonly taints?: readonly {
      readonly key: string;
      readonly value?: string;
      readonly effect: string;
    }[];
  };
  readonly status?: {
    readonly capacity?: Quantities;
    readonly allocatable?: Quantities;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly Condition[];
    readonly nodeInfo?: Readonly<Record<string, string>>;
    readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port: number } };
  };
}

/** The `nodes` resource. */
export const NODES: Resource<Node> = resource<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
});

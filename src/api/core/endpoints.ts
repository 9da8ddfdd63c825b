import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';

/** Label by which EndpointSlices name their Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** What an endpoint stands for. */
export interface TargetRef {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** discovery.k8s.io/v1 EndpointSlice. */
export interface EndpointSlice extends KubeObject {
  readonly addressType: string;
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: {
      readonly ready?: boolean;
      readonly serving?: boolean;
      readonly terminating?: boolean;
    };
    readonly nodeName?: string;
    readonly targetRef?: TargetRef;
  }[];
  readonly ports?: readonly {
    readonly name: string;
    readonly protocol: string;
    readonly port: number;
  }[];
}

/** The `endpointslices` resource. */
export const ENDPOINT_SLICES: Resource<EndpointSlice> = resource<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
});

/** An address of the older Endpoints kind. */
export interface EndpointAddress {
  readonly ip: string;
  readonly nodeName?: string;
  readonly targetRef?: TargetRef;
}

/** core/v1 Endpoints: what `kubectl describe service` reads. */
export interface Endpoints extends KubeObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly EndpointAddress[];
    readonly notReadyAddresses?: readonly EndpointAddress[];
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly protocol: string;
    }[];
  }[];
}

/** The `endpoints` resource. */
export const ENDPOINTS: Resource<Endpoints> = resource<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  namespaced: true,
});

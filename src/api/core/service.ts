import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';

/** A port of a Service. */
export interface ServicePort {
  readonly name?: string;
  readonly protocol?: string;
  readonly port: number;
  /** Number, or name of a container port; absent means the same as `port`. */
  readonly targetPort?: number | string;
  /** Port on every node, of types NodePort and LoadBalancer. */
  readonly nodePort?: number;
}

/** Which endpoints a node may choose: all, or those on itself only. */
export type TrafficPolicy = 'Cluster' | 'Local';

/** core/v1 Service, as far as endpoints, proxies and DNS need it. */
export interface Service extends KubeObject {
  readonly spec?: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly ServicePort[];
    readonly clusterIP?: string;
    readonly type?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly externalName?: string;
    readonly externalIPs?: readonly string[];
    readonly internalTrafficPolicy?: TrafficPolicy;
    readonly externalTrafficPolicy?: TrafficPolicy;
    readonly sessionAffinity?: 'None' | 'ClientIP';
    readonly sessionAffinityConfig?: {
      readonly clientIP?: { readonly timeoutSeconds?: number };
    };
  };
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
}

/** The `services` resource. */
export const SERVICES: Resource<Service> = resource<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
});

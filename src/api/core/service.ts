import type { KubeObject } from '../meta.ts';
import { resource, type Resource } from '../resource.ts';

/** A port of a Service. */
export interface ServicePort {
  readonly name?: string;
  readonly protocol?: string;
  readonly port: number;
  /** Number, or name of a container port; absent means the same as `port`. */
  readonly targetPort?: number | string;
}

/** core/v1 Service, as far as endpoints need it. */
export interface Service extends KubeObject {
  readonly spec?: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly ServicePort[];
    readonly clusterIP?: string;
    readonly type?: string;
    readonly publishNotReadyAddresses?: boolean;
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

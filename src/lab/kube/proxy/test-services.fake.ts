import { SERVICE_NAME_LABEL, type EndpointSlice } from '../../../api/core/endpoints.ts';
import type { Service } from '../../../api/core/service.ts';

/** A Service of one port in namespace `default`, with whatever else its spec shall have. */
export function testService(
  name: string,
  clusterIP: string,
  spec: Partial<NonNullable<Service['spec']>> = {},
): Service {
  return {
    metadata: { name, namespace: 'default' },
    spec: { clusterIP, ports: [{ port: 80 }], ...spec },
  };
}

/** An endpoint for `testSlice`: ready unless told otherwise. */
export interface TestEndpoint {
  readonly address: string;
  readonly node?: string;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

/** The slice of a Service: its endpoints on one port. */
export function testSlice(
  service: string,
  port: { readonly port: number; readonly protocol?: string; readonly name?: string },
  endpoints: readonly TestEndpoint[],
): EndpointSlice {
  return {
    metadata: {
      name: `${service}-${port.name ?? ''}${port.port}`,
      namespace: 'default',
      labels: { [SERVICE_NAME_LABEL]: service },
    },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', ...port }],
    endpoints: endpoints.map(({ address, node, ready = true, ...rest }) => ({
      addresses: [address],
      conditions: { ready, serving: rest.serving ?? ready, terminating: rest.terminating ?? false },
      ...(node !== undefined && { nodeName: node }),
    })),
  };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfigError } from './kube-config.ts';
import type { KubeTransportOptions } from './kube-http.ts';

/** Where the kubelet mounts the service account of a pod. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How a pod reaches the API of its own cluster. */
export interface InCluster {
  readonly transport: KubeTransportOptions;
  /** The namespace of the pod. */
  readonly namespace: string;
}

/**
 * Connection options of a pod: the address from its environment, authority and token from its
 * service account. The token is read for each request, for the kubelet renews it.
 */
export function readInCluster(
  env: Readonly<Record<string, string | undefined>>,
  folder: string = SERVICE_ACCOUNT_FOLDER,
): InCluster {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined)
    throw new KubeConfigError('Not in a pod: KUBERNETES_SERVICE_HOST is not set');
  const read = (file: string): string => {
    try {
      return readFileSync(join(folder, file), 'utf8').trim();
    } catch (error) {
      throw new KubeConfigError(`The pod has no service account: ${String(error)}`);
    }
  };
  const address = host.includes(':') ? `[${host}]` : host;
  read('token');
  return {
    transport: {
      server: `https://${address}:${port}`,
      caPem: read('ca.crt'),
      token: () => read('token'),
    },
    namespace: read('namespace'),
  };
}

import { at, listOf, numberAt, textAt } from '../../../../base/json.ts';
import type { Store } from '../store/store.ts';
import type { Endpoint } from './call.ts';
import type { Webhook } from './webhook.ts';

const SLICES = 'endpointslices.discovery.k8s.io';

/**
 * Where a webhook is reached. A service is looked up in its EndpointSlices, because the lab's API
 * server is in no pod network; without ready endpoints its cluster address is tried.
 */
export function endpointOf(webhook: Webhook, store: Store): Endpoint {
  const ca = webhook.caPem === undefined ? {} : { caPem: webhook.caPem };
  if ('url' in webhook.target) {
    const url = new URL(webhook.target.url);
    return {
      host: url.hostname.replaceAll(/^\[|\]$/g, ''),
      port: url.port === '' ? 443 : Number(url.port),
      path: url.pathname + url.search,
      serverName: url.hostname.replaceAll(/^\[|\]$/g, ''),
      url: withTimeout(url.href, webhook),
      ...ca,
    };
  }
  const { namespace, name, path, port } = webhook.target.service;
  const address = serviceAddress(store, { namespace, name, port });
  const serverName = `${name}.${namespace}.svc`;
  return {
    ...address,
    path,
    serverName,
    url: withTimeout(`https://${serverName}:${port}${path}`, webhook),
    ...ca,
  };
}

function withTimeout(url: string, webhook: Webhook): string {
  return `${url}${url.includes('?') ? '&' : '?'}timeout=${webhook.timeoutMs / 1000}s`;
}

function serviceAddress(
  store: Store,
  { namespace, name, port }: { namespace: string; name: string; port: number },
): { host: string; port: number } {
  const service = store.get('services', { namespace, name });
  if (service === undefined) throw new Error(`service "${name}" not found`);
  const declared = listOf(at(service, 'spec', 'ports')).find((each) => at(each, 'port') === port);
  const portName = textAt(declared, 'name');
  for (const slice of store.list(SLICES, namespace)) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    const ready = listOf(slice['endpoints']).find(
      (each) => at(each, 'conditions', 'ready') !== false,
    );
    const [host] = listOf(at(ready, 'addresses'));
    const found = listOf(slice['ports']).find((each) => textAt(each, 'name') === portName);
    const target = numberAt(found, 'port');
    if (typeof host === 'string' && target !== undefined) return { host, port: target };
  }
  return { host: textAt(service, 'spec', 'clusterIP'), port };
}

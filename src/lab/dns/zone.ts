import { SERVICE_NAME_LABEL, type EndpointSlice } from '../../api/core/endpoints.ts';
import type { Service } from '../../api/core/service.ts';
import type { DnsRecord } from './message.ts';

/**
 * What names mean in the cluster, after the DNS specification of Kubernetes (kubernetes/dns,
 * specification.md 1.1.0): records of Services and of the endpoints of headless ones, and hosts of the
 * VPC besides. Plain data, because it is sent to the server's process.
 */
export type Zone = Readonly<Record<string, readonly DnsRecord[]>>;

/** Domain of the cluster. */
export const CLUSTER_DOMAIN = 'cluster.local';

/** What a zone is made from. */
export interface ZoneWorld {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  /** Addresses of other hosts by their whole names, lower case. */
  readonly hosts: Readonly<Record<string, string>>;
}

/** The zone; names in order of the alphabet. Depends on nothing else. */
export function zoneOf({ services, slices, hosts }: ZoneWorld): Zone {
  const byService = Map.groupBy(
    slices.filter(({ addressType }) => addressType === 'IPv4'),
    ({ metadata }) => `${metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}.${metadata.namespace ?? ''}`,
  );
  const records = [
    ...Object.entries(hosts).map(([name, address]) => ({ type: 'A', name, address }) as const),
    ...services.flatMap((service) =>
      serviceRecords(
        service,
        byService.get(`${service.metadata.name}.${service.metadata.namespace ?? ''}`) ?? [],
      ),
    ),
  ];
  const byName = Map.groupBy(unique(records), ({ name }) => name);
  return Object.fromEntries([...byName].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unique(records: readonly DnsRecord[]): readonly DnsRecord[] {
  return [...new Map(records.map((record) => [JSON.stringify(record), record])).values()];
}

function serviceRecords(
  { metadata, spec = {} }: Service,
  slices: readonly EndpointSlice[],
): readonly DnsRecord[] {
  const name = `${metadata.name}.${metadata.namespace ?? ''}.svc.${CLUSTER_DOMAIN}`;
  const { type, externalName = '', clusterIP: address = '', ports = [] } = spec;
  if (type === 'ExternalName') return [{ type: 'CNAME', name, target: externalName.toLowerCase() }];
  if (address === 'None') return slices.flatMap((slice) => headlessRecords(name, slice));
  if (address === '') return [];
  return [
    { type: 'A', name, address },
    { type: 'PTR', name: reverseName(address), target: name },
    ...ports.flatMap((port) => srv(name, port, name)),
  ];
}

/** Each endpoint has a name of its own: its address with hyphens. */
function headlessRecords(service: string, slice: EndpointSlice): readonly DnsRecord[] {
  const ready = slice.endpoints.filter(({ conditions }) => conditions?.ready ?? true);
  return ready.flatMap(({ addresses }) =>
    addresses.flatMap((address): readonly DnsRecord[] => {
      const name = `${address.replaceAll('.', '-')}.${service}`;
      return [
        { type: 'A', name: service, address },
        { type: 'A', name, address },
        { type: 'PTR', name: reverseName(address), target: name },
        ...(slice.ports ?? []).flatMap((port) => srv(service, port, name)),
      ];
    }),
  );
}

function srv(
  service: string,
  { name = '', protocol = 'TCP', port }: { name?: string; protocol?: string; port: number },
  target: string,
): readonly DnsRecord[] {
  if (name === '') return [];
  return [{ type: 'SRV', name: `_${name}._${protocol.toLowerCase()}.${service}`, port, target }];
}

function reverseName(address: string): string {
  return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
}

import { SERVICE_NAME_LABEL, type EndpointSlice } from '../../../api/core/endpoints.ts';
import type { Service, ServicePort as PortSpec } from '../../../api/core/service.ts';
import { keyOf, keyText } from '../../../api/meta.ts';

/** An address and port that a connection to a Service may be led to. */
export interface ProxyEndpoint {
  readonly address: string;
  readonly port: number;
}

/** Where traffic of one kind may go; with nowhere to go it is refused, or dropped in silence. */
export interface Destination {
  readonly endpoints: readonly ProxyEndpoint[];
  /**
   * What becomes of traffic when there is no endpoint: dropped where other nodes have some, as a load
   * balancer shall try those; else refused.
   */
  readonly otherwise: 'reject' | 'drop';
}

/** One port of one Service as one node serves it. */
export interface ProxyPort {
  /** `namespace/service/protocol/port name`. */
  readonly name: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly clusterIp: string;
  readonly port: number;
  readonly nodePort: number | undefined;
  /** Addresses of load balancers, and `externalIPs`. */
  readonly externalIps: readonly string[];
  /** A client stays with its endpoint until it was silent for this long. */
  readonly affinitySeconds: number | undefined;
  /** Of clients that use the cluster address. */
  readonly internal: Destination;
  /** Of clients that come by a node's port or an external address. */
  readonly external: Destination;
  /** Such clients keep their source address, and nodes without an endpoint serve none of them. */
  readonly externalLocal: boolean;
  /** Of programs of the node itself, whichever way they come. */
  readonly cluster: Destination;
}

/** What a node's proxy knows. */
export interface ProxyWorld {
  readonly nodeName: string;
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

/** API default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const AFFINITY_SECONDS = 10_800;

/**
 * The ports that a node serves, in order of their names. Headless Services and those of type ExternalName
 * are left to DNS. Endpoints that end are used only where no other is left and they still serve
 * (KEP 1669).
 */
export function proxyPorts({ nodeName, services, slices }: ProxyWorld): readonly ProxyPort[] {
  const byService = Map.groupBy(slices, sliceOwner);
  return services
    .filter(({ spec }) => isAddress(spec?.clusterIP))
    .flatMap((service) => {
      const own = byService.get(keyText(keyOf(service))) ?? [];
      return (service.spec?.ports ?? []).map((port) => proxyPort({ service, port }, own, nodeName));
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function sliceOwner({ metadata }: EndpointSlice): string {
  const name = metadata.labels?.[SERVICE_NAME_LABEL] ?? '';
  return keyText({
    name,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
  });
}

function isAddress(clusterIp: string | undefined): boolean {
  return clusterIp !== undefined && clusterIp !== '' && clusterIp !== 'None';
}

function proxyPort(
  { service, port }: { readonly service: Service; readonly port: PortSpec },
  slices: readonly EndpointSlice[],
  nodeName: string,
): ProxyPort {
  const { spec = {} } = service;
  const protocol = (port.protocol ?? 'TCP').toLowerCase() as ProxyPort['protocol'];
  const candidates = slices.flatMap((slice) => candidatesOf(slice, port));
  const { cluster, local } = destinations(candidates, nodeName);
  const externalLocal = spec.externalTrafficPolicy === 'Local';
  return {
    name: `${keyText(keyOf(service))}/${protocol}/${port.name ?? ''}`,
    protocol,
    clusterIp: spec.clusterIP ?? '',
    port: port.port,
    nodePort: port.nodePort,
    externalIps: externalIps(service),
    affinitySeconds: affinitySeconds(spec),
    internal: spec.internalTrafficPolicy === 'Local' ? local : cluster,
    external: externalLocal ? local : cluster,
    externalLocal,
    cluster,
  };
}

function destinations(
  candidates: readonly Candidate[],
  nodeName: string,
): { readonly cluster: Destination; readonly local: Destination } {
  const all = usable(candidates);
  const here = candidates.filter((one) => one.nodeName === nodeName);
  return {
    cluster: { endpoints: all, otherwise: 'reject' },
    local: { endpoints: usable(here), otherwise: all.length > 0 ? 'drop' : 'reject' },
  };
}

function externalIps({ spec, status }: Service): readonly string[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  return [...(spec?.externalIPs ?? []), ...ingress.flatMap(({ ip }) => ip ?? [])];
}

function affinitySeconds(spec: NonNullable<Service['spec']>): number | undefined {
  if (spec.sessionAffinity !== 'ClientIP') return undefined;
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
}

interface Candidate extends ProxyEndpoint {
  readonly nodeName: string | undefined;
  readonly ready: boolean;
  readonly lingering: boolean;
}

function candidatesOf(slice: EndpointSlice, { name = '' }: PortSpec): readonly Candidate[] {
  const port = slice.ports?.find((one) => (one.name ?? '') === name)?.port;
  if (port === undefined || slice.addressType !== 'IPv4') return [];
  return slice.endpoints.flatMap(({ addresses, conditions, nodeName }) => {
    const address = addresses[0];
    if (address === undefined) return [];
    // Absent conditions mean a ready endpoint that does not end.
    const { ready = true, serving = ready, terminating = false } = conditions ?? {};
    return [{ address, port, nodeName, ready, lingering: serving && terminating }];
  });
}

function usable(candidates: readonly Candidate[]): readonly ProxyEndpoint[] {
  const ready = candidates.filter((one) => one.ready);
  const chosen = ready.length > 0 ? ready : candidates.filter((one) => one.lingering);
  const unique = new Map(
    chosen.map(({ address, port }) => [`${address} ${port}`, { address, port }]),
  );
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

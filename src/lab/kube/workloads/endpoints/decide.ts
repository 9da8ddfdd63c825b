import {
  SERVICE_NAME_LABEL,
  type EndpointAddress,
  type Endpoints,
  type EndpointSlice,
  type TargetRef,
} from '../../../../api/core/endpoints.ts';
import type { Pod } from '../../../../api/core/pod.ts';
import { SERVICES, type Service, type ServicePort } from '../../../../api/core/service.ts';
import { labelsInclude } from '../../scheduler/node-selector.ts';
import { safeHash } from '../hash.ts';
import { controllerReference } from '../owner.ts';
import { isFinished, isReady, isTerminating } from '../pod-state.ts';

/** Label by which a controller says that a slice is its own. */
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
/** Value of MANAGED_BY_LABEL for slices made here. */
export const MANAGED_BY = 'endpointslice-controller.k8s.io';

interface Port {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

interface Member {
  readonly pod: Pod;
  readonly ip: string;
  readonly ports: readonly Port[];
}

/** The slices and the Endpoints that a Service with a selector should have. */
export interface EndpointsPlan {
  readonly slices: readonly EndpointSlice[];
  readonly endpoints: Endpoints;
}

/** Undefined when the Service has no selector: then its endpoints are somebody else's. */
export function decideEndpoints(service: Service, pods: readonly Pod[]): EndpointsPlan | undefined {
  const selector = service.spec?.selector ?? {};
  if (Object.keys(selector).length === 0) return undefined;
  const members = pods
    .filter((pod) => labelsInclude(pod.metadata.labels ?? {}, selector))
    .flatMap((pod) => member(service, pod))
    .sort((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  const groups = [...Map.groupBy(members, ({ ports }) => JSON.stringify(ports)).values()];
  return {
    slices: (groups.length === 0 ? [[]] : groups).map((group) => sliceOf(service, group)),
    endpoints: endpointsOf(service, groups),
  };
}

function member(service: Service, pod: Pod): readonly Member[] {
  const ip = pod.status?.podIP;
  if (ip === undefined || isFinished(pod)) return [];
  const ports = (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod);
    return number === undefined
      ? []
      : [{ name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: number }];
  });
  return [{ pod, ip, ports }];
}

/** A port by name is looked up in the pod; a pod that does not have it does not serve it. */
function targetPort({ port, targetPort: target = port }: ServicePort, pod: Pod) {
  if (typeof target === 'number') return target;
  const named = pod.spec.containers.flatMap(({ ports = [] }) => ports);
  return named.find(({ name }) => name === target)?.containerPort;
}

function targetRef({ metadata: { name, namespace, uid } }: Pod): TargetRef {
  return {
    kind: 'Pod',
    name,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
  };
}

function sliceOf(service: Service, members: readonly Member[]): EndpointSlice {
  const { name, namespace } = service.metadata;
  const ports = members[0]?.ports ?? [];
  const publish = service.spec?.publishNotReadyAddresses === true;
  return {
    metadata: {
      name: `${name}-${safeHash(ports).slice(0, 5)}`,
      ...(namespace !== undefined && { namespace }),
      labels: { [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [controllerReference(SERVICES, service)],
    },
    addressType: 'IPv4',
    endpoints: members.map(({ pod, ip }) => ({
      addresses: [ip],
      conditions: {
        ready: publish || (isReady(pod) && !isTerminating(pod)),
        serving: isReady(pod),
        terminating: isTerminating(pod),
      },
      ...(pod.spec.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
      targetRef: targetRef(pod),
    })),
    ports,
  };
}

function endpointsOf(service: Service, groups: readonly (readonly Member[])[]): Endpoints {
  const { name, namespace } = service.metadata;
  return {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ownerReferences: [controllerReference(SERVICES, service)],
    },
    subsets: groups.map((group) => subsetOf(service, group)),
  };
}

function subsetOf(service: Service, group: readonly Member[]) {
  const publish = service.spec?.publishNotReadyAddresses === true;
  const staying = group.filter(({ pod }) => publish || !isTerminating(pod));
  const ready = staying.filter(({ pod }) => publish || isReady(pod)).map(addressOf);
  const waiting = staying.filter(({ pod }) => !publish && !isReady(pod)).map(addressOf);
  return {
    ...(ready.length > 0 && { addresses: ready }),
    ...(waiting.length > 0 && { notReadyAddresses: waiting }),
    ports: (group[0]?.ports ?? []).map(({ name, ...rest }) =>
      name === '' ? rest : { name, ...rest },
    ),
  };
}

function addressOf({ ip, pod }: Member): EndpointAddress {
  const { nodeName } = pod.spec;
  return { ip, ...(nodeName !== undefined && { nodeName }), targetRef: targetRef(pod) };
}

/** Whether an existing slice is one that this controller made. */
export function isOurSlice(slice: EndpointSlice, service: Service): boolean {
  const labels = slice.metadata.labels ?? {};
  return (
    slice.metadata.namespace === service.metadata.namespace &&
    labels[SERVICE_NAME_LABEL] === service.metadata.name &&
    labels[MANAGED_BY_LABEL] === MANAGED_BY
  );
}

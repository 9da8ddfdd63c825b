import { ENDPOINT_SLICE, NAMESPACE, NODE } from '../kinds/cluster-kinds.ts';
import { CONFIG_MAP, SECRET } from '../kinds/config-data.ts';
import { WEBHOOK_CONFIGURATION } from '../kinds/webhook-configuration.ts';
import { CUSTOM_RESOURCE_DEFINITION } from '../kinds/crd.ts';
import { EVENT, eventToServed, eventToStored } from '../kinds/events.ts';
import { POD } from '../kinds/pod.ts';
import { SERVICE } from '../kinds/service.ts';
import { DAEMON_SET, DEPLOYMENT, REPLICA_SET } from '../kinds/workload.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { ALL_VERBS, type Behaviour, type Kind, type ScalePaths } from './kind.ts';

const REPLICAS: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};

/** What differs from `plain` below. */
interface Special {
  readonly plural?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly cluster?: boolean;
  readonly status?: boolean;
  readonly scale?: ScalePaths;
  readonly subresources?: readonly string[];
  readonly generations?: boolean;
  readonly behaviour?: Behaviour;
}

/** The built-in resources that keep objects. Reviews and bindings are in verbs/virtual.ts. */
export function builtinKinds(): Kind[] {
  return [...coreKinds(), ...appsKinds(), ...otherKinds()];
}

function coreKinds(): Kind[] {
  const core = (name: string, special: Special): Kind => plain(['', 'v1', name], 'core', special);
  return [
    core('Namespace', {
      shortNames: ['ns'],
      cluster: true,
      status: true,
      subresources: ['finalize'],
      behaviour: NAMESPACE,
    }),
    core('Node', { shortNames: ['no'], cluster: true, status: true, behaviour: NODE }),
    core('Pod', {
      shortNames: ['po'],
      categories: ['all'],
      status: true,
      subresources: ['attach', 'binding', 'eviction', 'exec', 'log', 'portforward'],
      behaviour: POD,
    }),
    core('ServiceAccount', { shortNames: ['sa'], subresources: [] }),
    core('ConfigMap', { shortNames: ['cm'], behaviour: CONFIG_MAP }),
    core('Secret', { behaviour: SECRET }),
    core('Event', { shortNames: ['ev'], behaviour: EVENT }),
    core('Service', {
      shortNames: ['svc'],
      categories: ['all'],
      status: true,
      behaviour: SERVICE,
    }),
    core('Endpoints', { plural: 'endpoints', shortNames: ['ep'] }),
  ];
}

function appsKinds(): Kind[] {
  const apps = (name: string, special: Special): Kind =>
    plain(['apps', 'v1', name], 'apps', { status: true, generations: true, ...special });
  const categories = ['all'];
  return [
    apps('Deployment', {
      shortNames: ['deploy'],
      categories,
      scale: REPLICAS,
      behaviour: DEPLOYMENT,
    }),
    apps('ReplicaSet', { shortNames: ['rs'], categories, scale: REPLICAS, behaviour: REPLICA_SET }),
    apps('DaemonSet', { shortNames: ['ds'], categories, behaviour: DAEMON_SET }),
    apps('ControllerRevision', { status: false, generations: false }),
  ];
}

function otherKinds(): Kind[] {
  const webhooks: Special = {
    cluster: true,
    generations: true,
    categories: ['api-extensions'],
    behaviour: WEBHOOK_CONFIGURATION,
  };
  const admission = 'admissionregistration.k8s.io';
  return [
    {
      ...plain(['events.k8s.io', 'v1', 'Event'], 'events', { shortNames: ['ev'] }),
      storage: 'events',
      behaviour: EVENT,
      toStored: eventToStored,
      toServed: eventToServed,
    },
    plain(['discovery.k8s.io', 'v1', 'EndpointSlice'], 'discovery', { behaviour: ENDPOINT_SLICE }),
    plain(['coordination.k8s.io', 'v1', 'Lease'], 'coordination', {}),
    plain(['apiextensions.k8s.io', 'v1', 'CustomResourceDefinition'], 'apiextensions', {
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      cluster: true,
      status: true,
      generations: true,
      behaviour: CUSTOM_RESOURCE_DEFINITION,
    }),
    plain([admission, 'v1', 'MutatingWebhookConfiguration'], 'admissionregistration', webhooks),
    plain([admission, 'v1', 'ValidatingWebhookConfiguration'], 'admissionregistration', webhooks),
  ];
}

function plain(
  [group, version, kind]: readonly [string, string, string],
  typeGroup: string,
  special: Special,
): Kind {
  const singular = kind.toLowerCase();
  const plural = special.plural ?? `${singular}s`;
  const typeName = `${typeGroup}.v1.${kind}`;
  return {
    group,
    version,
    kind,
    plural,
    singular,
    listKind: `${kind}List`,
    shortNames: special.shortNames ?? [],
    categories: special.categories ?? [],
    namespaced: special.cluster !== true,
    verbs: ALL_VERBS,
    storage: group === '' ? plural : `${plural}.${group}`,
    statusSubresource: special.status ?? false,
    ...(special.scale && { scale: special.scale }),
    subresources: special.subresources ?? [],
    countsGenerations: special.generations ?? false,
    schema: builtinSchema(typeName),
    typeName,
    behaviour: special.behaviour ?? {},
  };
}

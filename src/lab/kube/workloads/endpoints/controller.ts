import { ENDPOINT_SLICES, ENDPOINTS, type EndpointSlice } from '../../../../api/core/endpoints.ts';
import { PODS, type Pod } from '../../../../api/core/pod.ts';
import { SERVICES, type Service } from '../../../../api/core/service.ts';
import { keyOf, keyText, type KubeObject } from '../../../../api/meta.ts';
import type { Resource } from '../../../../api/resource.ts';
import { parseKey, type WorkloadContext } from '../context.ts';
import { labelsInclude } from '../../scheduler/node-selector.ts';
import { canonicalJson } from '../hash.ts';
import { createOwnWrites, type OwnWrites } from '../own-writes.ts';
import { createWorkQueue, type WorkQueue } from '../../../../base/work-queue.ts';
import { decideEndpoints, isOurSlice } from './decide.ts';

/** Keeps EndpointSlices and Endpoints of Services that have a selector. */
export function startEndpointsController(context: WorkloadContext): WorkQueue {
  const { informers, clock, log } = context;
  const services = informers.informer(SERVICES);
  const pods = informers.informer(PODS);
  const slices = informers.informer(ENDPOINT_SLICES);
  const view = createOwnWrites(slices, clock);
  const queue = createWorkQueue({
    name: 'endpoints',
    clock,
    log,
    async run(key) {
      await Promise.all([services.synced, pods.synced, slices.synced]);
      const service = services.get(parseKey(key));
      if (service) await pass({ context, view }, service, pods.list());
      return undefined;
    },
  });
  services.subscribe(({ object }) => queue.add(keyText(keyOf(object))));
  pods.subscribe((change) => {
    for (const service of services.list())
      if (
        isConcerned(service, change.object) ||
        ('before' in change && isConcerned(service, change.before))
      )
        queue.add(keyText(keyOf(service)));
  });
  return queue;
}

function isConcerned({ metadata, spec }: Service, pod: Pod): boolean {
  const selector = spec?.selector ?? {};
  return (
    metadata.namespace === pod.metadata.namespace &&
    Object.keys(selector).length > 0 &&
    labelsInclude(pod.metadata.labels ?? {}, selector)
  );
}

async function pass(
  { context, view }: { readonly context: WorkloadContext; readonly view: OwnWrites<EndpointSlice> },
  service: Service,
  pods: readonly Pod[],
): Promise<void> {
  const { namespace } = service.metadata;
  const plan = decideEndpoints(
    service,
    pods.filter((pod) => pod.metadata.namespace === namespace),
  );
  if (!plan || service.metadata.deletionTimestamp !== undefined) return;
  const existing = view.list().filter((slice) => isOurSlice(slice, service));
  for (const slice of plan.slices) {
    const before = existing.find(({ metadata }) => metadata.name === slice.metadata.name);
    const written = await put(context, ENDPOINT_SLICES, { before, wanted: slice });
    if (written) view.wrote(written);
  }
  const names = new Set(plan.slices.map(({ metadata }) => metadata.name));
  for (const slice of existing) {
    if (names.has(slice.metadata.name)) continue;
    await context.kube.delete(ENDPOINT_SLICES, keyOf(slice));
    view.deleted(slice);
  }
  const before = await context.kube.get(ENDPOINTS, keyOf(service));
  await put(context, ENDPOINTS, { before, wanted: plan.endpoints });
}

/** Creates or replaces, and does nothing when all but the metadata is as wanted. */
async function put<T extends KubeObject>(
  { kube }: WorkloadContext,
  resource: Resource<T>,
  { before, wanted }: { readonly before: T | undefined; readonly wanted: T },
): Promise<T | undefined> {
  if (!before) return kube.create(resource, wanted);
  const content = (object: T): string =>
    canonicalJson({ ...object, metadata: undefined, apiVersion: undefined, kind: undefined });
  if (content(before) === content(wanted)) return undefined;
  return kube.replace(resource, {
    ...wanted,
    metadata: { ...before.metadata, ...wanted.metadata },
  });
}

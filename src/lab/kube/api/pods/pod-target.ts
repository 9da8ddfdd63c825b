import type { Api } from '../api.ts';
import { at, listOf, textAt } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { ApiError, badRequest, notFound } from '../status.ts';
import type { ContainerTarget, PodRuntime } from '../../pod-runtime.ts';

/** A container and the kubelet that runs it. */
export interface PodConnection {
  readonly runtime: PodRuntime;
  readonly target: ContainerTarget;
}

const PODS = { group: '', plural: 'pods', kind: 'Pod' };

/** Finds the kubelet of a pod's container, in the words of the real API server when it cannot. */
export function connectPod(
  api: Api,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  container: string,
): PodConnection {
  const pod = api.store.get('pods', { namespace, name });
  if (pod === undefined) throw notFound(PODS, name);
  const chosen = container || defaultContainer(pod);
  checkContainer(pod, chosen);
  const nodeName = textAt(pod, 'spec', 'nodeName');
  if (nodeName === '') {
    throw badRequest(`pod ${name} does not have a host assigned`);
  }
  const runtime = api.podRuntime(nodeName);
  if (runtime === undefined) {
    const message = `no kubelet of node ${nodeName} is connected`;
    throw new ApiError(503, 'ServiceUnavailable', message);
  }
  return { runtime, target: { namespace, pod: name, container: chosen } };
}

function containersOf(pod: ApiObject, list: string): string[] {
  return listOf(at(pod, 'spec', list)).map((container) => textAt(container, 'name'));
}

function defaultContainer(pod: ApiObject): string {
  const containers = containersOf(pod, 'containers');
  if (containers.length === 1) return containers[0] ?? '';
  const marked = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (marked !== undefined) return marked;
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: ` +
      `[${containers.join(' ')}]`,
  );
}

function checkContainer(pod: ApiObject, container: string): void {
  const known = [
    ...containersOf(pod, 'containers'),
    ...containersOf(pod, 'initContainers'),
    ...containersOf(pod, 'ephemeralContainers'),
  ];
  if (known.includes(container)) return;
  throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name}`);
}

import {
  childOf,
  fieldsOf,
  isFields,
  listOf,
  setDefault,
  textAt,
  type Fields,
} from '../../../../base/json.ts';

/** Fills in a pod template or a pod's spec, as k8s.io/kubernetes/pkg/apis/core/v1/defaults.go. */
export function defaultPodSpec(spec: Fields): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'securityContext', {});
  const account = spec['serviceAccountName'] ?? spec['serviceAccount'];
  if (account !== undefined) {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of listOf(spec[list]).filter(isFields)) {
      defaultContainer(container, spec['hostNetwork'] === true);
    }
  }
  for (const volume of listOf(spec['volumes']).filter(isFields)) defaultVolume(volume);
}

function defaultContainer(container: Fields, hostNetwork: boolean): void {
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'imagePullPolicy', pullPolicy(textAt(container, 'image')));
  childOf(container, 'resources');
  requestsFromLimits(container);
  for (const port of listOf(container['ports']).filter(isFields)) {
    setDefault(port, 'protocol', 'TCP');
    if (hostNetwork) setDefault(port, 'hostPort', port['containerPort']);
  }
  for (const variable of listOf(container['env']).filter(isFields)) {
    const fieldRef = fieldsOf(variable['valueFrom'])['fieldRef'];
    if (isFields(fieldRef)) setDefault(fieldRef, 'apiVersion', 'v1');
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (isFields(probe)) defaultProbe(probe);
  }
}

function pullPolicy(image: string): string {
  const tag = /:([^/@]+)$/.exec(image)?.[1];
  return (tag === undefined && !image.includes('@')) || tag === 'latest'
    ? 'Always'
    : 'IfNotPresent';
}

function requestsFromLimits(container: Fields): void {
  const resources = fieldsOf(container['resources']);
  const limits = fieldsOf(resources['limits']);
  if (Object.keys(limits).length === 0) return;
  const requests = childOf(resources, 'requests');
  for (const [name, quantity] of Object.entries(limits)) setDefault(requests, name, quantity);
}

function defaultProbe(probe: Fields): void {
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  const http = probe['httpGet'];
  if (isFields(http)) {
    setDefault(http, 'path', '/');
    setDefault(http, 'scheme', 'HTTP');
  }
}

/** Volumes whose files get a mode, and the field that says it. */
const FILE_VOLUMES = ['secret', 'configMap', 'downwardAPI', 'projected'];

function defaultVolume(volume: Fields): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume['emptyDir'] = {};
  for (const source of FILE_VOLUMES) {
    const files = volume[source];
    if (isFields(files)) setDefault(files, 'defaultMode', 0o644);
  }
  const hostPath = volume['hostPath'];
  if (isFields(hostPath)) setDefault(hostPath, 'type', '');
}

/** The quality of service of a pod: Guaranteed, Burstable or BestEffort (pkg/apis/core/helper/qos). */
export function qosClassOf(spec: Fields): string {
  const resources = [...listOf(spec['containers']), ...listOf(spec['initContainers'])].map(
    (container) => fieldsOf(fieldsOf(container)['resources']),
  );
  const compute = (part: unknown): Fields => {
    const { cpu, memory } = fieldsOf(part);
    return { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
  };
  const asked = resources.map(({ requests, limits }) => ({
    requests: compute(requests),
    limits: compute(limits),
  }));
  const any = asked.some((each) => count(each.requests) + count(each.limits) > 0);
  if (!any) return 'BestEffort';
  const all = asked.every(
    ({ requests, limits }) =>
      count(limits) === 2 &&
      limits['cpu'] === requests['cpu'] &&
      limits['memory'] === requests['memory'],
  );
  return all ? 'Guaranteed' : 'Burstable';
}

function count(fields: Fields): number {
  return Object.keys(fields).length;
}

import type { Pod } from '../api/core/pod.ts';
import type { Instance } from '../api/vpc/instance.ts';
import type { NetworkInterface } from '../api/vpc/network-interface.ts';
import { parseIp, type Ip } from '../base/ip.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { WorldObjects } from '../policy/world.ts';

/** Everything that an explanation is made from, as it was at one moment. */
export interface ClusterObjects extends WorldObjects {
  readonly pods: readonly Pod[];
  readonly instances: readonly Instance[];
}

/** One end of a packet. */
export interface End {
  /** What it is, in words: `pod default/checkout-1`, `instance rds`. */
  readonly what: string;
  readonly addresses: readonly Ip[];
  /** Which of several was taken, if there was a choice. */
  readonly note?: string;
  /** Set for a pod. */
  readonly pod?: Pod;
}

/**
 * Finds what a name means: an address, an interface id, a pod (`namespace/name`, or a name in
 * `namespace`), an instance by id or Name tag, or a workload, of which the first pod is taken.
 */
export function findEnd(
  objects: ClusterObjects,
  name: string,
  namespace: string,
): Result<End, string> {
  const address = parseIp(name);
  if (address.ok) return ok({ what: `address ${name}`, addresses: [address.value] });
  if (name.startsWith('eni-')) return interfaceEnd(objects, name);
  const [space, podName] = name.includes('/') ? splitOnce(name) : [namespace, name];
  const pods = objects.pods.filter(({ metadata }) => metadata.namespace === space);
  const pod = pods.find(({ metadata }) => metadata.name === podName);
  if (pod) return podEnd(pod);
  const instance = name.includes('/') ? undefined : findInstance(objects, name);
  if (instance) return instanceEnd(objects, instance, name);
  return workloadEnd(pods, podName, name);
}

function splitOnce(name: string): readonly [string, string] {
  const at = name.indexOf('/');
  return [name.slice(0, at), name.slice(at + 1)];
}

function interfaceEnd(objects: ClusterObjects, eniId: string): Result<End, string> {
  const found = objects.interfaces.find((item) => item.metadata.name === eniId);
  if (!found) return err(`There is no network interface ${eniId}`);
  return ok({ what: `interface ${eniId}`, addresses: addressesOf(found) });
}

function addressesOf({ spec }: NetworkInterface): readonly Ip[] {
  return ips([...spec.privateIps, ...(spec.ipv6Addresses ?? [])]);
}

function podEnd(pod: Pod): Result<End, string> {
  const { namespace = '', name } = pod.metadata;
  const { podIP, podIPs = [] } = pod.status ?? {};
  const addresses = ips([...new Set([podIP ?? '', ...podIPs.map(({ ip }) => ip)])]);
  if (addresses.length === 0) return err(`Pod ${namespace}/${name} has no address yet`);
  return ok({ what: `pod ${namespace}/${name}`, addresses, pod });
}

function ips(texts: readonly string[]): readonly Ip[] {
  return texts.flatMap((text) => {
    const ip = parseIp(text);
    return ip.ok ? [ip.value] : [];
  });
}

function findInstance({ instances }: ClusterObjects, name: string): Instance | undefined {
  const alive = instances.filter(({ spec }) => spec.state !== 'terminated');
  return alive.find(({ metadata, spec }) => metadata.name === name || spec.tags?.['Name'] === name);
}

/** The address of an instance is that of its first device. */
function instanceEnd(
  objects: ClusterObjects,
  { metadata }: Instance,
  name: string,
): Result<End, string> {
  const [first] = objects.interfaces
    .filter(({ spec }) => spec.attachment?.instanceId === metadata.name)
    .toSorted(
      (a, b) => (a.spec.attachment?.deviceIndex ?? 0) - (b.spec.attachment?.deviceIndex ?? 0),
    );
  if (!first) return err(`Instance ${name} has no network interface`);
  return ok({ what: `instance ${name}`, addresses: addressesOf(first) });
}

/** Pods of a Deployment, StatefulSet or DaemonSet are named after it. */
function workloadEnd(pods: readonly Pod[], prefix: string, name: string): Result<End, string> {
  const mine = pods
    .filter((pod) => /^-(?:[a-z0-9]{1,10}-)?[a-z0-9]+$/.test(suffix(pod, prefix)))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const [first] = mine;
  if (!first) return err(`There is no pod, instance, interface or address "${name}"`);
  const end = podEnd(first);
  if (!end.ok || mine.length === 1) return end;
  return ok({ ...end.value, note: `${name} has ${mine.length} pods; this is about the first` });
}

function suffix(pod: Pod, prefix: string): string {
  const { name } = pod.metadata;
  return name.startsWith(prefix) ? name.slice(prefix.length) : '';
}

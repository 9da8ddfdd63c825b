import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod, PodSpec } from '../../../../api/core/pod.ts';

/** The name service of a cluster, as `clusterDNS` and `clusterDomain` of a kubelet's configuration. */
export interface ClusterDns {
  readonly address: string;
  /** `cluster.local`. */
  readonly domain: string;
  /** Search domains of the node, which pods get besides. */
  readonly nodeSearches: readonly string[];
}

interface ResolverConfig {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** Limits of glibc that Kubernetes takes over (pkg/apis/core/validation): more are left out. */
const MOST_SERVERS = 3;
const MOST_SEARCHES = 32;

/**
 * Text of a pod's /etc/resolv.conf by its `dnsPolicy` and `dnsConfig`; undefined: it has that of the node.
 * A pod of the host network that asks for ClusterFirst gets Default, as in Kubernetes.
 */
export function resolvConf({ metadata, spec }: Pod, dns: ClusterDns): string | undefined {
  const base = baseConfig(metadata.namespace ?? 'default', spec, dns);
  if (!base) return undefined;
  const { nameservers = [], searches = [], options = [] } = spec.dnsConfig ?? {};
  const byName = [...base.options, ...options.map(optionText)].map(
    (option) => [nameOf(option), option] as const,
  );
  return resolvText({
    nameservers: [...base.nameservers, ...nameservers],
    searches: [...base.searches, ...searches],
    options: [...new Map(byName).values()],
  });
}

/** What the policy says; undefined: the node's. */
function baseConfig(
  namespace: string,
  { dnsPolicy = 'ClusterFirst', hostNetwork = false }: PodSpec,
  dns: ClusterDns,
): ResolverConfig | undefined {
  switch (dnsPolicy) {
    case 'None':
      return NOTHING;
    case 'Default':
      return undefined;
    case 'ClusterFirst':
      return hostNetwork ? undefined : clusterFirst(namespace, dns);
    case 'ClusterFirstWithHostNet':
      return clusterFirst(namespace, dns);
  }
}

const NOTHING: ResolverConfig = { nameservers: [], searches: [], options: [] };

function clusterFirst(namespace: string, { address, domain, nodeSearches }: ClusterDns) {
  return {
    nameservers: [address],
    searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...nodeSearches],
    options: ['ndots:5'],
  };
}

function optionText({ name, value }: { readonly name: string; readonly value?: string }): string {
  return value === undefined ? name : `${name}:${value}`;
}

function nameOf(option: string): string {
  return option.split(':')[0] ?? option;
}

function resolvText({ nameservers, searches, options }: ResolverConfig): string {
  const found = [...new Set(searches)].slice(0, MOST_SEARCHES);
  const lines = [
    ...(found.length > 0 ? [`search ${found.join(' ')}`] : []),
    ...[...new Set(nameservers)].slice(0, MOST_SERVERS).map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Text of a pod's /etc/hosts: itself, and its `hostAliases`. */
export function hostsFile({ metadata, spec }: Pod, podIp: string): string {
  const aliases = (spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => [ip, ...hostnames]);
  const lines = [
    ['127.0.0.1', 'localhost'],
    ['::1', 'localhost ip6-localhost ip6-loopback'],
    [podIp, spec.hostname ?? metadata.name],
    ...aliases,
  ];
  const text = lines.map((words) => words.join('\t')).join('\n');
  return `# Kubernetes-managed hosts file.\n${text}\n`;
}

/**
 * Writes the files that a pod's processes shall find in /etc; answers their folder, or undefined when the
 * pod has those of the node. Pods of the host network keep the node's hosts file.
 */
export async function writeNameFiles(
  pod: Pod,
  folder: string,
  { dns, podIp }: { readonly dns: ClusterDns; readonly podIp: string },
): Promise<string | undefined> {
  const resolv = resolvConf(pod, dns);
  const hosts = pod.spec.hostNetwork === true ? undefined : hostsFile(pod, podIp);
  if (resolv === undefined && hosts === undefined) return undefined;
  await mkdir(folder, { recursive: true });
  if (resolv !== undefined) await writeFile(join(folder, 'resolv.conf'), resolv);
  if (hosts !== undefined) await writeFile(join(folder, 'hosts'), hosts);
  return folder;
}

/** Where named namespaces are mounted, as by `ip netns`. */
export const NETNS_FOLDER = '/run/netns';

/**
 * File of a sysctl. A key with slashes keeps its dots, which link names have:
 * `net/ipv4/conf/vlan.eth.1/rp_filter`; otherwise dots separate the parts.
 */
export function sysctlPath(key: string): string {
  return `/proc/sys/${key.includes('/') ? key : key.replaceAll('.', '/')}`;
}

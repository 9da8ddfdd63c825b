import type { Network } from '../base/network.ts';
import { libcLoads } from './netlink/libc.ts';
import { createIpNetwork } from './network-ip.ts';
import { createNetlinkNetwork } from './network-netlink.ts';

/**
 * The kernel's network: over rtnetlink where koffi's prebuilt library loads (glibc on x64 and arm64),
 * else over iproute2. Both pass `network.contract.ts`.
 */
export function createNetwork(): Network {
  return libcLoads() ? createNetlinkNetwork() : createIpNetwork();
}

import { must } from '../../base/assert.ts';
import { parseIp } from '../../base/ip.ts';
import { TIMEOUTS } from '../../dataplane/timeouts.ts';
import type { LinkInfo, Network } from '../../base/network.ts';

/** The VXLAN device of a fabric. */
export const UPLINK = 'vx0';
const VNI = 4242;
const VXLAN_PORT = 4789;

/** MAC of the VXLAN device: locally administered, from the underlay address, so it needs no store. */
export function tunnelMac(underlayAddress: string): string {
  const ip = parseIp(underlayAddress);
  const value = must(ip.ok ? ip.value : undefined, () => `${underlayAddress} is no address`).value;
  const hex = (value & 0xffff_ffffn).toString(16).padStart(8, '0');
  return `02:74:${hex.match(/../g)?.join(':') ?? ''}`;
}

/**
 * Prepares the fabric namespace. The caller has loaded a filter that drops what it does not know, so
 * forwarding may start. New links inherit the defaults written here: the fabric answers ARP for every
 * address that it has a route for, at once, and never takes a route or a neighbour from a packet. In IPv6
 * nothing is on the link but the router, whose addresses are on each port.
 */
export async function closeFabric(
  fabric: {
    readonly network: Network;
    readonly fabricNetns: string;
    readonly underlay: { readonly address: string };
  },
  carrier: { readonly mtu: number; readonly links: readonly LinkInfo[] },
): Promise<void> {
  const { network, fabricNetns, underlay } = fabric;
  await network.sysctl(fabricNetns, {
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.default.rp_filter': '0',
    'net.ipv4.conf.all.send_redirects': '0',
    'net.ipv4.conf.default.send_redirects': '0',
    'net.ipv4.conf.default.accept_redirects': '0',
    'net.ipv4.conf.default.arp_accept': '0',
    'net.netfilter.nf_conntrack_tcp_timeout_established': String(TIMEOUTS.tcpEstablished),
    'net.netfilter.nf_conntrack_udp_timeout_stream': String(TIMEOUTS.udpStream),
    'net.netfilter.nf_conntrack_udp_timeout': String(TIMEOUTS.udp),
    'net.netfilter.nf_conntrack_generic_timeout': String(TIMEOUTS.other),
    'net.ipv6.conf.all.disable_ipv6': '0',
    'net.ipv6.conf.default.disable_ipv6': '0',
    'net.ipv6.conf.default.accept_ra': '0',
    'net.ipv6.conf.default.accept_redirects': '0',
    'net.ipv6.conf.default.accept_dad': '0',
  });
  const mac = tunnelMac(underlay.address);
  const known = carrier.links.find((link) => link.name === UPLINK);
  if (known?.mac !== mac || known.mtu !== carrier.mtu)
    await network.apply(fabricNetns, [
      { op: 'link-delete', name: UPLINK, ignoreMissing: true },
      {
        op: 'link-add-vxlan',
        name: UPLINK,
        vni: VNI,
        local: underlay.address,
        port: VXLAN_PORT,
        mac,
        mtu: carrier.mtu,
        up: true,
      },
    ]);
  // After the uplink exists: only ports answer ARP for others.
  await network.sysctl(fabricNetns, {
    'net.ipv4.conf.default.proxy_arp': '1',
    'net.ipv4.ip_forward': '1',
    'net.ipv6.conf.all.forwarding': '1',
  });
}

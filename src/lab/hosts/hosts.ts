import type { Network, NetworkStep } from '../../base/network.ts';

/**
 * Hosts of the lab. Each is a pair of network namespaces: what a node sees, and the fabric ("the
 * card"). The fabrics are joined by one bridge in a namespace of its own, the spine, which stands
 * for the physical network under the VPC:
 *
 *   <prefix>-<name>          the host: empty here, the agent adds eth0 and the trunk
 *   <prefix>-<name>-fabric   link `underlay0`, 192.0.2.(10+i)/24, i counted from 1
 *   <prefix>-spine           bridge `underlay`, one link `to-<i>` per fabric
 */
export interface LabHosts {
  /** The host of that name. */
  get(name: string): LabHost | undefined;
  /** Removes all namespaces. */
  close(): Promise<void>;
}

/** One host, ready for its agent. */
export interface LabHost {
  readonly name: string;
  /** Path under /run/netns. */
  readonly hostNetns: string;
  readonly fabricNetns: string;
  readonly underlay: { readonly link: 'underlay0'; readonly address: string };
}

/** Which hosts to make. */
export interface CreateHostsOptions {
  readonly network: Network;
  /** Keeps the names of two labs in one /run apart. */
  readonly prefix: string;
  /** At most 200: the underlay is one /24. */
  readonly names: readonly string[];
}

/** 9001 for jumbo frames of the VPC, 50 for VXLAN, and room to spare. */
const UNDERLAY_MTU = 9216;
const UNDERLAY_PREFIX_BITS = 24;
const FIRST_HOST_OCTET = 11;
const MOST_HOSTS = 200;

/** Makes the spine and all hosts; on failure nothing is left. */
export async function createHosts(options: CreateHostsOptions): Promise<LabHosts> {
  const { network, prefix, names } = options;
  if (names.length > MOST_HOSTS || new Set(names).size < names.length) {
    throw new Error(`Cannot make ${names.length} hosts: at most ${MOST_HOSTS}, each name once`);
  }
  const made: string[] = [];
  const make = (name: string): Promise<string> => {
    made.push(name);
    return network.createNamespace(name);
  };
  const close = async (): Promise<void> => {
    for (const name of made.splice(0).reverse()) await network.deleteNamespace(name);
  };
  try {
    const spine = await make(`${prefix}-spine`);
    await network.apply(spine, [
      { op: 'link-add-bridge', name: 'underlay' },
      { op: 'link-set', name: 'underlay', mtu: UNDERLAY_MTU, up: true },
    ]);
    const hosts = new Map<string, LabHost>();
    for (const [index, name] of names.entries()) {
      const hostNetns = await make(`${prefix}-${name}`);
      const fabricNetns = await make(`${prefix}-${name}-fabric`);
      const address = `192.0.2.${FIRST_HOST_OCTET + index}`;
      await network.apply(spine, spineSteps(`to-${index + 1}`, fabricNetns));
      await network.apply(fabricNetns, fabricSteps(address));
      hosts.set(name, { name, hostNetns, fabricNetns, underlay: { link: 'underlay0', address } });
    }
    return { get: (name) => hosts.get(name), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function spineSteps(link: string, fabricNetns: string): readonly NetworkStep[] {
  const peer = { name: 'underlay0', netns: fabricNetns, mtu: UNDERLAY_MTU };
  return [
    { op: 'link-add-veth', name: link, mtu: UNDERLAY_MTU, peer },
    { op: 'link-set', name: link, master: 'underlay', up: true },
  ];
}

function fabricSteps(address: string): readonly NetworkStep[] {
  return [
    { op: 'link-set', name: 'underlay0', up: true },
    { op: 'address-add', link: 'underlay0', address, prefixBits: UNDERLAY_PREFIX_BITS },
  ];
}

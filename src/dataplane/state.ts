import type { Cidr } from '../base/cidr.ts';
import type { EniId, GroupId } from '../base/ids.ts';
import type { Ip } from '../base/ip.ts';
import type { FlowTimeouts } from './timeouts.ts';
import type { InterfaceView, World } from '../policy/world.ts';

/** The fabric's end of one network interface of this host. */
export interface FabricPort {
  /** Name of the link in the fabric namespace. */
  readonly link: string;
  readonly eniId: EniId;
  /** MAC address that frames from the port must carry; colon separated. */
  readonly mac: string;
  readonly addresses: readonly Ip[];
  /** Delegated prefixes of IPv6, which are too large to be written out. */
  readonly prefixes?: readonly Cidr[];
  /** Where a network ACL judges what it sends and receives. */
  readonly subnetId?: string;
  /** Idle times of its flows, where they are not the default. */
  readonly timeouts?: FlowTimeouts;
  /** False for NAT instances and routers: any source and destination address is allowed. */
  readonly sourceDestCheck: boolean;
  readonly groupIds: readonly GroupId[];
  /**
   * Addresses in whose name it may ask by ARP, besides its own. A host that routes for a pod asks with an
   * address of its own, whatever link it asks on.
   */
  readonly askAs?: readonly Ip[];
}

/** Some interfaces of another host. */
export interface PeerPart {
  /** Tells it from other parts; what comes in its place has the same name. */
  readonly part: string;
  readonly views: readonly InterfaceView[];
}

/** Everything that the filter of one fabric namespace depends on. */
export interface FabricState {
  /** The interfaces that rules refer to; those of other hosts may be in `peers` instead. */
  readonly world: World;
  /**
   * Interfaces of other hosts. A part that is the same object as before is taken for unchanged, so
   * that a change costs what its part costs.
   */
  readonly peers?: readonly PeerPart[];
  readonly ports: readonly FabricPort[];
  /** Links to other fabrics and to the outside, such as `vx0`. */
  readonly uplinks: readonly string[];
  /** Links that carry the tunnels, such as `underlay0`; nothing is forwarded over them. */
  readonly underlay?: readonly string[];
  /** UDP port of the tunnels. Default 4789 (RFC 7348). */
  readonly vxlanPort?: number;
  /** Whether samples of dropped packets are logged. Default false: the program has no log at all. */
  readonly recording?: boolean;
  /** Router addresses that the fabric itself answers echo requests for. */
  readonly gateways?: readonly Ip[];
}

/** All interfaces that a state knows. */
export function interfacesIn({ world, peers }: FabricState): readonly InterfaceView[] {
  return peers ? [...world.interfaces, ...peers.flatMap(({ views }) => views)] : world.interfaces;
}

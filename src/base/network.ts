/**
 * The kernel's network as we drive it. Implemented in `io/` over rtnetlink; the layers below see
 * only these types. A namespace is named by the path of its file, such as `/run/netns/node-1`.
 */

/** Path of a network namespace file; undefined is the namespace of this process. */
export type NetnsPath = string | undefined;

/** A change to links, addresses, routes, rules or neighbours within one namespace. */
export type NetworkStep =
  | {
      readonly op: 'link-add-veth';
      readonly name: string;
      readonly mac?: string;
      readonly mtu?: number;
      readonly group?: number;
      readonly up?: boolean;
      readonly peer: {
        readonly name: string;
        readonly netns?: NetnsPath;
        readonly mac?: string;
        readonly mtu?: number;
      };
    }
  | {
      readonly op: 'link-add-vlan';
      readonly name: string;
      readonly parent: string;
      readonly vlanId: number;
      readonly mac?: string;
      readonly group?: number;
      readonly up?: boolean;
    }
  | { readonly op: 'link-add-bridge'; readonly name: string; readonly up?: boolean }
  | {
      readonly op: 'link-add-vxlan';
      readonly name: string;
      readonly vni: number;
      readonly local: string;
      readonly port: number;
      readonly mac?: string;
      readonly mtu?: number;
      readonly up?: boolean;
    }
  | {
      readonly op: 'link-set';
      readonly name: string;
      readonly up?: boolean;
      readonly mac?: string;
      readonly mtu?: number;
      readonly master?: string;
      readonly rename?: string;
      readonly group?: number;
      readonly ignoreMissing?: boolean;
    }
  | { readonly op: 'link-delete'; readonly name: string; readonly ignoreMissing?: boolean }
  | { readonly op: 'link-delete-group'; readonly group: number }
  | {
      readonly op: 'address-add' | 'address-delete';
      readonly link: string;
      readonly address: string;
      readonly prefixBits: number;
      /** address-add of an address that is there already succeeds. */
      readonly ignoreExisting?: boolean;
      readonly ignoreMissing?: boolean;
    }
  | {
      readonly op: 'route-replace' | 'route-delete';
      readonly destination: string;
      readonly link?: string;
      readonly gateway?: string;
      readonly onlink?: boolean;
      readonly table?: number;
      readonly scope?: 'link' | 'global';
      readonly source?: string;
      readonly ignoreMissing?: boolean;
    }
  | {
      readonly op: 'rule-add' | 'rule-delete';
      readonly priority: number;
      readonly table: number;
      readonly inputLink?: string;
      readonly from?: string;
      readonly to?: string;
      readonly fwmark?: number;
      readonly fwmask?: number;
      readonly family?: 4 | 6;
      /** rule-add of a rule that is there already succeeds. */
      readonly ignoreExisting?: boolean;
      readonly ignoreMissing?: boolean;
    }
  | {
      readonly op: 'neighbour-replace' | 'neighbour-delete';
      readonly link: string;
      readonly address: string;
      readonly mac?: string;
      readonly ignoreMissing?: boolean;
    }
  | {
      /** How long the link waits, at random up to this, before it answers ARP for others. */
      readonly op: 'proxy-delay-set';
      readonly link: string;
      readonly delayMs: number;
    }
  | {
      readonly op: 'fdb-replace' | 'fdb-delete';
      readonly link: string;
      readonly mac: string;
      readonly remote: string;
      readonly ignoreMissing?: boolean;
    };

/** A failed step, with the kernel's errno name and message. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  /** Such as EEXIST, ENODEV or EOPNOTSUPP. */
  readonly code: string;
  readonly step: NetworkStep | undefined;

  constructor(code: string, message: string, step?: NetworkStep) {
    super(message);
    this.code = code;
    this.step = step;
  }
}

/** A link as the kernel reports it. */
export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /** `veth`, `vlan`, `bridge`, ... ; '' for physical links. */
  readonly kind: string;
  readonly vlanId?: number;
  /** Link group; 0 is the default group. */
  readonly group?: number;
}

/** An address on a link. */
export interface AddressInfo {
  readonly link: string;
  readonly address: string;
  readonly prefixBits: number;
}

/** A unicast route; kernel-made local and broadcast routes are left out. */
export interface RouteInfo {
  /** `a.b.c.d/n`, with `0.0.0.0/0` or `::/0` for the default route. */
  readonly destination: string;
  readonly link: string;
  readonly gateway?: string;
  /** 254 is the main table. */
  readonly table: number;
  readonly source?: string;
}

/** A policy routing rule that leads to a table. */
export interface RuleInfo {
  readonly priority: number;
  readonly table: number;
  readonly inputLink?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A permanent neighbour entry. */
export interface NeighbourInfo {
  readonly link: string;
  readonly address: string;
  readonly mac: string;
}

/** A forwarding entry of a VXLAN device. */
export interface FdbInfo {
  readonly link: string;
  readonly mac: string;
  readonly remote: string;
}

/** What a namespace holds, as the kernel reports it. */
export interface NetnsState {
  readonly links: readonly LinkInfo[];
  readonly addresses: readonly AddressInfo[];
  readonly routes: readonly RouteInfo[];
  readonly rules: readonly RuleInfo[];
  readonly neighbours: readonly NeighbourInfo[];
  readonly fdb: readonly FdbInfo[];
}

/** The kernel's network. All batches are applied in order and stop at the first failure. */
export interface Network {
  apply(netns: NetnsPath, steps: readonly NetworkStep[]): Promise<void>;
  links(netns: NetnsPath): Promise<readonly LinkInfo[]>;
  /** Reads back all that we ever set in a namespace. */
  read(netns: NetnsPath): Promise<NetnsState>;
  /** Writes `/proc/sys/<key with slashes>` as seen from the namespace; dots separate the parts, `/` may too. */
  sysctl(netns: NetnsPath, values: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Removes the tracked flows that begin or end at one of the IPv4 addresses; answers how many. For
   * addresses that get a new owner: its packets must not pass as replies of the old one's flows. With
   * `only` the flows of that protocol.
   */
  forgetFlows(netns: NetnsPath, addresses: readonly string[], only?: 'udp'): Promise<number>;
  /** Makes a named namespace under /run/netns with `lo` up; answers its path. */
  createNamespace(name: string): Promise<string>;
  /** Succeeds when it is already gone. */
  deleteNamespace(name: string): Promise<void>;
}

/** nftables in one namespace. */
export interface Nft {
  /** Applies a script (the `nft -f` language) as one atomic transaction. */
  apply(netns: NetnsPath, script: string): Promise<void>;
  /** Text of `nft list ...`, such as `table inet trunkline`. */
  list(netns: NetnsPath, what: string): Promise<string>;
}

/** nftables in one namespace by messages of nfnetlink, without a process per transaction. */
export interface NftBatch {
  /**
   * Applies messages of the nftables subsystem as one atomic transaction; sequence numbers and the frame
   * of the batch are added. Throws NftError; nothing of a refused batch is applied.
   */
  transact(netns: NetnsPath, messages: Uint8Array): Promise<void>;
  /** Bytes that one transaction may have. */
  bytesMax(netns: NetnsPath): number;
}

/** A rejected nftables script. */
export class NftError extends Error {
  override readonly name = 'NftError';
  readonly code: 'not-found' | 'exists' | 'invalid' | 'unavailable';

  constructor(code: NftError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

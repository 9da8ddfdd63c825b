/** Numbers of the kernel's rtnetlink interface (linux/netlink.h, rtnetlink.h, if_link.h, ...). */

/** Address families. */
export const AF = { unspec: 0, inet: 2, inet6: 10, bridge: 7, netlink: 16 } as const;

/** Message types: NLMSG_* and RTM_*. */
export const TYPE = {
  error: 2,
  done: 3,
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  delNeighbour: 29,
  getNeighbour: 30,
  newRule: 32,
  delRule: 33,
  getRule: 34,
  setNeighbourTable: 67,
} as const;

/** Header flags: NLM_F_*. */
export const FLAG = {
  request: 0x1,
  ack: 0x4,
  dump: 0x300,
  replace: 0x100,
  excl: 0x200,
  create: 0x400,
  /** In an error message: the request was cut off after its header. */
  capped: 0x100,
  /** In an error message: attributes with a text follow. */
  ackTlvs: 0x200,
} as const;

/** IFLA_*. */
export const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  linkInfo: 18,
  group: 27,
  netnsFd: 28,
  txQueues: 31,
  rxQueues: 32,
  infoKind: 1,
  infoData: 2,
  vethPeer: 1,
  vlanId: 1,
  vxlanId: 1,
  vxlanLocal: 4,
  vxlanLearning: 7,
  vxlanPort: 15,
} as const;

/** IFF_UP. */
export const IFF_UP = 1;

/** IFA_*. */
export const IFA = { address: 1, local: 2 } as const;

/** RTA_* and the values of struct rtmsg. */
export const RTA = { dst: 1, oif: 4, gateway: 5, prefSource: 7, table: 15 } as const;
export const ROUTE = {
  mainTable: 254,
  protocolStatic: 4,
  scopeGlobal: 0,
  scopeLink: 253,
  scopeNowhere: 255,
  unicast: 1,
  onlink: 4,
} as const;

/** FRA_* and FR_ACT_TO_TBL. */
export const FRA = {
  dst: 1,
  src: 2,
  inputName: 3,
  priority: 6,
  mark: 10,
  table: 15,
  mask: 16,
  toTable: 1,
} as const;

/** NDA_*, NUD_* and NTF_*. */
export const NDA = { dst: 1, mac: 2 } as const;
export const NUD = { noArp: 0x40, permanent: 0x80 } as const;
export const NTF_SELF = 2;

/** NDTA_* and NDTPA_*. */
export const NDTA = { name: 1, parameters: 6, index: 1, proxyDelay: 13 } as const;

import type { NetworkStep } from '../../base/network.ts';
import {
  branchLink,
  branchTable,
  DOOMED_GROUP,
  MAIN_TABLE,
  POD_GATEWAY,
  PRIORITY,
} from './names.ts';

/** How a host end is joined to its port (DESIGN, section 1). */
export type LinkDriver = 'vlan' | 'veth';

/** The pod's side, the same for all kinds of pods. */
export interface PodEnd {
  readonly netns: string;
  /** `eth0`. */
  readonly ifName: string;
  readonly address: string;
  /** Host end of the pod's veth pair. */
  readonly hostLink: string;
  /** MAC of the host end: random, locally administered. */
  readonly hostMac: string;
  readonly mtu: number;
}

/** A branch interface as the wiring needs it. */
export interface BranchEnd {
  readonly vlanId: number;
  readonly mac: string;
  readonly gateway: string;
  /** Its port, and the trunk's, in the fabric namespace. */
  readonly port: string;
  readonly trunkPort: string;
  /** The trunk's link in the host namespace. */
  readonly trunkLink: string;
}

/** Steps per namespace, to be applied in this order. */
export interface WiringSteps {
  readonly fabric: readonly NetworkStep[];
  readonly host: readonly NetworkStep[];
  readonly pod: readonly NetworkStep[];
}

/** What the wiring of one pod depends on. */
export interface StrictWiring {
  readonly pod: PodEnd;
  readonly branch: BranchEnd;
  readonly driver: LinkDriver;
  readonly hostNetns: string;
}

/**
 * Joins a pod to its branch in strict mode (spec 5.5): whatever the pod sends leaves through
 * `vlan.eth.<id>`, even to a neighbour pod, and what arrives there can only go to the pod.
 */
export function strictWiring(wiring: StrictWiring): WiringSteps {
  const { pod, branch } = wiring;
  const device = branchLink(branch.vlanId);
  const table = branchTable(branch.vlanId);
  return {
    fabric: portSteps(wiring),
    host: [
      ...hostBranchSteps(wiring),
      podPair(pod),
      route(`${branch.gateway}/32`, device, table),
      {
        op: 'route-replace',
        destination: 'default',
        gateway: branch.gateway,
        link: device,
        table,
      },
      route(`${pod.address}/32`, pod.hostLink, table),
      rule(device, table),
      rule(pod.hostLink, table),
    ],
    pod: podSteps(pod),
  };
}

/** Undoes the host side at once, and leaves the links to a common delete of the group. */
export function strictTeardown(from: {
  readonly vlanId: number;
  readonly hostLink: string;
  readonly address: string;
  readonly gateway: string;
}): readonly NetworkStep[] {
  const device = branchLink(from.vlanId);
  const table = branchTable(from.vlanId);
  const ignoreMissing = true;
  return [
    { ...rule(device, table), op: 'rule-delete', ignoreMissing },
    { ...rule(from.hostLink, table), op: 'rule-delete', ignoreMissing },
    { op: 'route-delete', destination: `${from.address}/32`, table, ignoreMissing },
    { op: 'route-delete', destination: 'default', table, ignoreMissing },
    { op: 'route-delete', destination: `${from.gateway}/32`, table, ignoreMissing },
    { op: 'link-set', name: device, group: DOOMED_GROUP, ignoreMissing },
    { op: 'link-set', name: from.hostLink, group: DOOMED_GROUP, ignoreMissing },
  ];
}

/** Joins a plain pod: a secondary address of the primary interface, routed by the main table. */
export function plainWiring(pod: PodEnd): WiringSteps {
  return {
    fabric: [],
    host: [
      podPair(pod),
      route(`${pod.address}/32`, pod.hostLink, MAIN_TABLE),
      {
        op: 'rule-add',
        priority: PRIORITY.toPod,
        table: MAIN_TABLE,
        to: `${pod.address}/32`,
        ignoreExisting: true,
      },
    ],
    pod: podSteps(pod),
  };
}

/** Undoes `plainWiring`. */
export function plainTeardown(from: {
  readonly hostLink: string;
  readonly address: string;
}): readonly NetworkStep[] {
  const to = `${from.address}/32`;
  const ignoreMissing = true;
  return [
    { op: 'rule-delete', priority: PRIORITY.toPod, table: MAIN_TABLE, to, ignoreMissing },
    { op: 'route-delete', destination: to, table: MAIN_TABLE, ignoreMissing },
    { op: 'link-set', name: from.hostLink, group: DOOMED_GROUP, ignoreMissing },
  ];
}

/** The branch's port: its link, the way to the pod's address, and the MAC behind it. */
function portSteps({ pod, branch, driver, hostNetns }: StrictWiring): NetworkStep[] {
  const link: NetworkStep =
    driver === 'vlan'
      ? {
          op: 'link-add-vlan',
          name: branch.port,
          parent: branch.trunkPort,
          vlanId: branch.vlanId,
          up: true,
        }
      : {
          op: 'link-add-veth',
          name: branch.port,
          mtu: pod.mtu,
          up: true,
          peer: {
            name: branchLink(branch.vlanId),
            netns: hostNetns,
            mac: branch.mac,
            mtu: pod.mtu,
          },
        };
  return [
    link,
    { op: 'neighbour-replace', link: branch.port, address: pod.address, mac: branch.mac },
    route(`${pod.address}/32`, branch.port, MAIN_TABLE),
  ];
}

function hostBranchSteps({ branch, driver }: StrictWiring): NetworkStep[] {
  const name = branchLink(branch.vlanId);
  if (driver === 'veth') return [{ op: 'link-set', name, up: true }];
  const { trunkLink: parent, vlanId, mac } = branch;
  return [{ op: 'link-add-vlan', name, parent, vlanId, mac, up: true }];
}

function podPair(pod: PodEnd): NetworkStep {
  return {
    op: 'link-add-veth',
    name: pod.hostLink,
    mac: pod.hostMac,
    mtu: pod.mtu,
    up: true,
    peer: { name: pod.ifName, netns: pod.netns, mtu: pod.mtu },
  };
}

function podSteps(pod: PodEnd): NetworkStep[] {
  const link = pod.ifName;
  return [
    { op: 'link-set', name: 'lo', up: true },
    { op: 'link-set', name: link, up: true },
    { op: 'address-add', link, address: pod.address, prefixBits: 32 },
    route(`${POD_GATEWAY}/32`, link, MAIN_TABLE),
    { op: 'route-replace', destination: 'default', gateway: POD_GATEWAY, link },
    { op: 'neighbour-replace', link, address: POD_GATEWAY, mac: pod.hostMac },
  ];
}

function route(destination: string, link: string, table: number): NetworkStep {
  return { op: 'route-replace', destination, link, scope: 'link', table };
}

function rule(
  inputLink: string,
  table: number,
): Extract<NetworkStep, { op: 'rule-add' | 'rule-delete' }> {
  return { op: 'rule-add', priority: PRIORITY.branch, table, inputLink, ignoreExisting: true };
}

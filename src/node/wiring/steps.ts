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
export interface BranchWiring {
  readonly pod: PodEnd;
  readonly branch: BranchEnd;
  readonly driver: LinkDriver;
  readonly hostNetns: string;
}

/**
 * Joins a pod to its branch in strict mode (spec 5.5): whatever the pod sends leaves through
 * `vlan.eth.<id>`, even to a neighbour pod, and what arrives there can only go to the pod.
 */
export function strictWiring(wiring: BranchWiring): WiringSteps {
  const { pod, branch } = wiring;
  const table = branchTable(branch.vlanId);
  return {
    fabric: portSteps(wiring),
    host: [
      ...branchSteps(wiring),
      route(`${pod.address}/32`, pod.hostLink, table),
      inputRule(branchLink(branch.vlanId), table),
      inputRule(pod.hostLink, table),
    ],
    pod: podSteps(pod),
  };
}

/**
 * Joins a pod to its branch in standard mode (spec 5.5): what the host can reach itself is reached
 * directly and meets no group; only the rest leaves through the branch, and what is for outside of the
 * VPC only when the node does not translate it (node/host/nat-program.ts).
 */
export function standardWiring(wiring: BranchWiring): WiringSteps {
  const { pod, branch } = wiring;
  return {
    fabric: portSteps(wiring),
    host: [
      ...branchSteps(wiring),
      ...mainSteps(pod),
      sourceRule(pod.address, branchTable(branch.vlanId)),
    ],
    pod: podSteps(pod),
  };
}

/** Undoes the host side of either mode at once, and leaves the links to a common delete. */
export function branchTeardown(from: {
  readonly vlanId: number;
  readonly hostLink: string;
  readonly address: string;
  readonly gateway: string;
}): readonly NetworkStep[] {
  const device = branchLink(from.vlanId);
  const table = branchTable(from.vlanId);
  const ignoreMissing = true;
  return [
    { ...inputRule(device, table), op: 'rule-delete', ignoreMissing },
    { ...inputRule(from.hostLink, table), op: 'rule-delete', ignoreMissing },
    { ...sourceRule(from.address, table), op: 'rule-delete', ignoreMissing },
    { op: 'route-delete', destination: `${from.address}/32`, table, ignoreMissing },
    { op: 'route-delete', destination: 'default', table, ignoreMissing },
    { op: 'route-delete', destination: `${from.gateway}/32`, table, ignoreMissing },
    { op: 'link-set', name: device, group: DOOMED_GROUP, ignoreMissing },
    ...plainTeardown(from),
  ];
}

/** Joins a plain pod: a secondary address of the primary interface, routed by the main table. */
export function plainWiring(pod: PodEnd): WiringSteps {
  return { fabric: [], host: [podPair(pod), ...mainSteps(pod)], pod: podSteps(pod) };
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
function portSteps({ pod, branch, driver, hostNetns }: BranchWiring): NetworkStep[] {
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

/** The branch's link and its table, and the pod's veth pair: common to both modes. */
function branchSteps(wiring: BranchWiring): NetworkStep[] {
  const { branch, pod } = wiring;
  const link = branchLink(branch.vlanId);
  const table = branchTable(branch.vlanId);
  return [
    branchEnd(wiring),
    podPair(pod),
    route(`${branch.gateway}/32`, link, table),
    { op: 'route-replace', destination: 'default', gateway: branch.gateway, link, table },
  ];
}

function branchEnd({ branch, driver }: BranchWiring): NetworkStep {
  const name = branchLink(branch.vlanId);
  if (driver === 'veth') return { op: 'link-set', name, up: true };
  const { trunkLink: parent, vlanId, mac } = branch;
  return { op: 'link-add-vlan', name, parent, vlanId, mac, up: true };
}

/** The way to a pod by the main table, ahead of any other. */
function mainSteps(pod: PodEnd): NetworkStep[] {
  const to = `${pod.address}/32`;
  return [
    route(to, pod.hostLink, MAIN_TABLE),
    {
      op: 'rule-add',
      priority: PRIORITY.toPod,
      table: MAIN_TABLE,
      to,
      ignoreExisting: true,
    },
  ];
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

type RuleStep = Extract<NetworkStep, { op: 'rule-add' | 'rule-delete' }>;

function inputRule(inputLink: string, table: number): RuleStep {
  return { op: 'rule-add', priority: PRIORITY.branch, table, inputLink, ignoreExisting: true };
}

function sourceRule(address: string, table: number): RuleStep {
  const from = `${address}/32`;
  return { op: 'rule-add', priority: PRIORITY.fromPod, table, from, ignoreExisting: true };
}

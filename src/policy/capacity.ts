/**
 * How many pods a node holds, with and without branch interfaces (spec: eks-behaviour 4.2). Three
 * limits meet: addresses of its interfaces, branches of its trunk, and the kubelet's max-pods, which
 * EKS derives from the addresses alone. A trunk takes one interface's place, and pods on branches
 * count against max-pods although they need none of the addresses.
 */
import type { InstanceLimits } from '../ec2/limits.ts';

/** How the CNI of the node is set. */
export interface CapacitySettings {
  /** AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: pods have no address of the primary interface. */
  readonly customNetworking?: boolean;
  /** ENABLE_PREFIX_DELEGATION: blocks of 16 addresses in place of single ones. */
  readonly prefixDelegation?: boolean;
  /** MAX_ENI: fewer interfaces than the type allows. */
  readonly interfacesMax?: number;
  /** Leaves out EKS's ceiling of 110 or 250 pods. */
  readonly uncapped?: boolean;
}

/** Pods that a node of some type holds. */
export interface Capacity {
  /** Branches of the trunk; 0 when there can be no trunk. */
  readonly branchInterfaces: number;
  /** Interfaces that count: those of the default network card, or fewer by MAX_ENI. */
  readonly interfaces: number;
  /** Of these, the ones with pods' addresses while there is no trunk. */
  readonly podInterfaces: number;
  /** Addresses of one interface, its primary one included. */
  readonly ipv4PerInterface: number;
  /** Addresses for pods on one interface. */
  readonly addressesPerInterface: number;
  /** Addresses for plain pods while there is no trunk. */
  readonly secondaryAddresses: number;
  /** The same once a trunk has taken one interface's place. */
  readonly secondaryAddressesWithTrunk: number;
  /** Max-pods as EKS sets it, which knows nothing of trunks. */
  readonly maxPods: number;
  /** EKS's ceiling, when it lowered `maxPods`. */
  readonly cappedFrom?: number;
  /** What max-pods leaves for other pods once every branch has its pod. */
  readonly otherPods: number;
  /** Pods that have what they need with a trunk: addresses, branches and the host's own two. */
  readonly podsWithTrunk: number;
  /** What is worth knowing about this type, one sentence each. */
  readonly notes: readonly string[];
}

/** `aws-node` and `kube-proxy`, which use the host's network. */
const HOST_PODS = 2;
const PREFIX_ADDRESSES = 16;
const CEILING = { few: 110, many: 250 } as const;

/** The arithmetic for an instance type with these limits. */
export function capacityOf(
  instanceType: string,
  limits: InstanceLimits,
  settings: CapacitySettings = {},
): Capacity {
  const interfaces = interfacesOf(limits, settings);
  const podInterfaces = atLeastZero(interfaces - (settings.customNetworking === true ? 1 : 0));
  const branchInterfaces = interfaces > 1 ? limits.branchInterfaces : 0;
  const addressesPerInterface = addressesOf(limits, settings);
  const trunks = branchInterfaces > 0 ? 1 : 0;
  const secondaryAddresses = podInterfaces * addressesPerInterface;
  const withTrunk = atLeastZero(podInterfaces - trunks) * addressesPerInterface;
  const wanted = secondaryAddresses + HOST_PODS;
  const maxPods = settings.uncapped === true ? wanted : Math.min(wanted, ceilingOf(instanceType));
  return {
    branchInterfaces,
    interfaces,
    podInterfaces,
    ipv4PerInterface: limits.ipv4PerInterface,
    addressesPerInterface,
    secondaryAddresses,
    secondaryAddressesWithTrunk: withTrunk,
    maxPods,
    ...(maxPods < wanted && { cappedFrom: wanted }),
    otherPods: atLeastZero(maxPods - branchInterfaces),
    podsWithTrunk: withTrunk + HOST_PODS + branchInterfaces,
    notes: notesOn(limits, settings, interfaces),
  };
}

/** EKS's lists count the default card of a type with several. */
function interfacesOf(limits: InstanceLimits, { interfacesMax }: CapacitySettings): number {
  const onCard = limits.networkCards[limits.defaultNetworkCard] ?? limits.maxInterfaces;
  return interfacesMax === undefined ? onCard : Math.min(onCard, interfacesMax);
}

function addressesOf(limits: InstanceLimits, settings: CapacitySettings): number {
  const slots = limits.ipv4PerInterface - 1;
  return settings.prefixDelegation === true && hasPrefixes(limits)
    ? slots * PREFIX_ADDRESSES
    : slots;
}

function hasPrefixes({ hypervisor, bareMetal }: InstanceLimits): boolean {
  return hypervisor === 'nitro' || bareMetal;
}

function notesOn(limits: InstanceLimits, settings: CapacitySettings, interfaces: number): string[] {
  const { networkCards, defaultNetworkCard, maxInterfaces } = limits;
  const cards = networkCards.length;
  return [
    ...(limits.trunkCompatible
      ? []
      : ['this type can have no trunk interface, so no pod on it has groups of its own']),
    ...(limits.trunkCompatible && interfaces < 2
      ? ['no interface is left for the trunk: raise MAX_ENI']
      : []),
    ...(cards > 1
      ? [
          `${maxInterfaces} interfaces on ${cards} cards; EKS counts card ${defaultNetworkCard} only`,
        ]
      : []),
    ...(settings.prefixDelegation === true && !hasPrefixes(limits)
      ? ['this type is not built on Nitro and has no prefixes: single addresses are counted']
      : []),
  ];
}

/** 110 pods up to 30 virtual CPUs, 250 above. */
function ceilingOf(instanceType: string): number {
  return hasManyCpus(instanceType) ? CEILING.many : CEILING.few;
}

/**
 * The limits table has no count of CPUs, but sizes tell: `8xlarge` has 32, `metal` a whole machine's.
 * The whole machines that are small are a1.metal and Apple's.
 */
function hasManyCpus(instanceType: string): boolean {
  if (instanceType === 'a1.metal' || instanceType.startsWith('mac')) return false;
  const size = instanceType.split('.')[1] ?? '';
  const times = /^(?:metal-)?(\d+)xl(?:arge)?$/.exec(size)?.[1];
  return times === undefined ? size.startsWith('metal') : Number(times) >= 8;
}

function atLeastZero(count: number): number {
  return Math.max(0, count);
}

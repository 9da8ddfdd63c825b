import type { Node } from '../../../../api/core/node.ts';
import type { Quantities } from '../../../../api/core/pod.ts';
import type { Condition } from '../../../../api/meta.ts';
import { kubeTime } from '../../workloads/condition.ts';
import type { KubeletOptions } from '../options.ts';

/** What the machine is; all nodes of a lab share it. */
export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** `amd64` or `arm64`. */
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly version: string;
}

/** Facts for the node's conditions. */
export interface NodeFacts {
  readonly networkReady: boolean;
  readonly nowMs: number;
}

/** Labels that every node carries. */
export function nodeLabels(options: KubeletOptions, machine: Machine): Record<string, string> {
  const { nodeName, instanceType, zone, labels } = options;
  return {
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': nodeName,
    'node.kubernetes.io/instance-type': instanceType,
    'topology.kubernetes.io/zone': zone,
    'topology.kubernetes.io/region': zone.replace(/[a-z]$/, ''),
    ...labels,
  };
}

/** The node as it registers. */
export function newNode(options: KubeletOptions, machine: Machine, facts: NodeFacts): Node {
  return {
    metadata: { name: options.nodeName, labels: nodeLabels(options, machine) },
    spec: { providerID: `aws:///${options.zone}/${options.instanceId}` },
    status: nodeStatus(options, machine, { ...facts, before: undefined }),
  };
}

/** The node's status now; extended resources that others wrote stay, and become allocatable. */
export function nodeStatus(
  options: KubeletOptions,
  machine: Machine,
  facts: NodeFacts & { readonly before: Node | undefined },
): NonNullable<Node['status']> {
  const { before } = facts;
  const own = {
    cpu: String(machine.cpus),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: String(options.maxPods),
  };
  const capacity = { ...extendedResources(before?.status?.capacity), ...own };
  return {
    capacity,
    allocatable: capacity,
    addresses: [
      { type: 'InternalIP', address: options.nodeIp },
      { type: 'Hostname', address: options.nodeName },
    ],
    conditions: nodeConditions(before?.status?.conditions ?? [], facts),
    nodeInfo: {
      machineID: options.instanceId,
      systemUUID: options.instanceId,
      bootID: options.instanceId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `trunkline://${machine.version}`,
      kubeletVersion: `v1.35.0-trunkline-${machine.version}`,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
  };
}

/**
 * Extended resources whose amount in `allocatable` is not that in `capacity`. The controller writes
 * only the capacity (spec: eks-behaviour 3.3); the kubelet is what makes it usable.
 */
export function staleAllocatable(node: Node): Quantities {
  const { capacity, allocatable = {} } = node.status ?? {};
  return Object.fromEntries(
    Object.entries(extendedResources(capacity)).filter(
      ([name, amount]) => allocatable[name] !== amount,
    ),
  );
}

/** Resources with a domain, which are none of Kubernetes' own. */
function extendedResources(quantities: Quantities = {}): Quantities {
  return Object.fromEntries(
    Object.entries(quantities).filter(
      ([name]) => name.includes('/') && !name.startsWith('kubernetes.io/'),
    ),
  );
}

function nodeConditions(before: readonly Condition[], facts: NodeFacts): readonly Condition[] {
  const nowIso = kubeTime(facts.nowMs);
  const ready: Pick<Condition, 'status' | 'reason' | 'message'> = facts.networkReady
    ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : {
        status: 'False',
        reason: 'KubeletNotReady',
        message:
          'container runtime network not ready: NetworkReady=false ' +
          'reason:NetworkPluginNotReady message:cni plugin not initialized',
      };
  const fine = (type: string, what: string) => ({
    type,
    status: 'False' as const,
    reason: `KubeletHas${what}`,
    message: `kubelet has ${what}`,
  });
  const next: readonly Condition[] = [
    fine('MemoryPressure', 'SufficientMemory'),
    fine('DiskPressure', 'NoDiskPressure'),
    fine('PIDPressure', 'SufficientPID'),
    { type: 'Ready', ...ready },
  ];
  return next.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const moved = old?.status !== condition.status;
    return {
      ...condition,
      lastHeartbeatTime: nowIso,
      lastTransitionTime: moved ? nowIso : (old?.lastTransitionTime ?? nowIso),
    };
  });
}

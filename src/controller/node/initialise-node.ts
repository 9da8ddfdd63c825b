import type { Pod } from '../../api/core/pod.ts';
import { NODES, type Node } from '../../api/core/node.ts';
import type { InstanceId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { instanceLimits, type InstanceLimits } from '../../ec2/limits.ts';
import { Ledger } from '../branch-pool/ledger.ts';
import type { ControllerDeps } from '../deps.ts';
import { rebuildLedger } from '../gc/restart.ts';
import { loadInstance, type LoadedInstance } from './instance.ts';
import type { ManagedNode } from './managed-node.ts';
import { ensureTrunk } from './trunk.ts';

/** A node ready to be put on record, and what its ledger found to delete. */
export interface Initialised {
  readonly managed: ManagedNode;
  readonly released: readonly number[];
}

const VERSION = '0.1.0';

/**
 * Loads the instance of a node, makes or adopts its trunk and rebuilds its ledger (spec: 3.2, 3.4,
 * 3.8). Answers undefined for an instance type that can have no branches; failures are retried by
 * the queue.
 */
export async function initialiseNode(
  deps: ControllerDeps,
  node: Node,
  request: { readonly instanceId: InstanceId; readonly pods: readonly Pod[] },
): Promise<Initialised | undefined> {
  deps.events.record(NODES, node, {
    type: 'Normal',
    reason: 'ControllerVersionNotice',
    message: `The node is managed by VPC resource controller version ${VERSION}`,
  });
  const instance = await loadInstance(deps, request.instanceId);
  const limits = await supportedLimits(deps, node, instance.instanceType);
  if (!limits) return undefined;
  const trunkId = await trunkOf(deps, node, { instance, limits });
  const managed: ManagedNode = {
    name: node.metadata.name,
    instanceId: instance.instanceId,
    trunkId,
    subnetId: instance.subnetId,
    subnetCidr: instance.subnetCidr,
    subnetV6Cidr: instance.subnetV6Cidr,
    instanceGroups: instance.groupIds,
    ledger: new Ledger(limits.branchInterfaces),
  };
  const released = await rebuildLedger(deps, managed, request.pods);
  deps.log.info('Node is ready for branches', { node: managed.name, trunkId });
  return { managed, released };
}

async function supportedLimits(
  { events }: ControllerDeps,
  node: Node,
  instanceType: string,
): Promise<InstanceLimits | undefined> {
  const limits = instanceLimits(instanceType);
  if (limits?.trunkCompatible === true) return limits;
  const message = limits
    ? `The instance type ${instanceType} is not supported for trunk interface (Security Group for Pods)`
    : `The instance type ${instanceType} is not supported yet by the vpc resource controller`;
  events.record(NODES, node, { type: 'Warning', reason: 'Unsupported', message });
  return undefined;
}

async function trunkOf(
  deps: ControllerDeps,
  node: Node,
  { instance, limits }: { readonly instance: LoadedInstance; readonly limits: InstanceLimits },
): Promise<string> {
  const { events } = deps;
  try {
    const trunkId = await ensureTrunk(deps, instance, limits);
    events.record(NODES, node, {
      type: 'Normal',
      reason: 'NodeTrunkInitiated',
      message: 'The node has trunk interface initialized successfully',
    });
    return trunkId;
  } catch (error) {
    if (error instanceof Ec2Error) {
      const message = trunkFailureText(error.code);
      events.record(NODES, node, { type: 'Warning', reason: 'TrunkENICreationFailed', message });
    }
    events.record(NODES, node, {
      type: 'Normal',
      reason: 'NodeTrunkFailedInit',
      message: 'The node failed initializing trunk interface',
    });
    throw error;
  }
}

function trunkFailureText(code: string): string {
  const text = `Failed to create trunk interface: Error Code: ${code}`;
  return code === 'UnauthorizedOperation'
    ? `${text}: Please verify the cluster IAM role has AmazonEKSVPCResourceController policy`
    : text;
}

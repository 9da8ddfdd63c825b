import type { Filter, NetworkInterface } from '@aws-sdk/client-ec2';
import {
  clusterTag,
  ENI_OWNER_AGENT,
  ENI_OWNER_CONTROLLER,
  TAG_CLUSTER_NAME,
  TAG_ENI_OWNER,
  TAG_INSTANCE_ID,
} from '../../api/names.ts';
import type { ControllerDeps } from '../deps.ts';
import { describeAll } from '../describe-interfaces.ts';
import { tagFilter } from '../ec2-tags.ts';
import type { ManagedNode, NodeStore } from '../node/managed-node.ts';
import { deleteInterface } from '../node/trunk.ts';
import { DELETE_RETRY, retrying } from '../retry.ts';
import { branchesOfTrunk } from './claim.ts';
import { adoptOrphan } from './restart.ts';

/** Time between two sweeps (spec: eks-behaviour 3.9). */
export const SWEEP_INTERVAL_MS = 1_800_000;

/** What the sweeper takes. */
export interface SweepDeps extends ControllerDeps {
  readonly nodes: NodeStore;
  readonly onReleased: (node: ManagedNode, slot: number) => void;
}

/** Interfaces that nobody had on record in the last sweep. */
export type Suspects = ReadonlySet<string>;

/**
 * Looks for interfaces of this cluster that nobody owns. Only what two sweeps in a row found is
 * touched: one that is just being made may be seen once. Answers the suspects for the next sweep.
 */
export async function sweep(deps: SweepDeps, suspects: Suspects): Promise<Suspects> {
  const loose = await sweepAvailable(deps, suspects);
  const hanging = await sweepTrunks(deps, suspects);
  return new Set([...loose, ...hanging]);
}

async function sweepAvailable(deps: SweepDeps, suspects: Suspects): Promise<readonly string[]> {
  const ids = await availableInterfaces(deps);
  const unowned = ids.filter((id) => deps.nodes.all.every((node) => !holds(node, id)));
  for (const id of unowned.filter((each) => suspects.has(each))) {
    deps.log.info('Orphaned interface deleted', { eniId: id });
    await deleteInterface(deps, id);
  }
  return unowned;
}

/** Branches that hang on a trunk but are in no ledger; EKS never sees these. */
async function sweepTrunks(deps: SweepDeps, suspects: Suspects): Promise<readonly string[]> {
  const unowned: string[] = [];
  for (const node of deps.nodes.all) {
    for (const described of await branchesOfTrunk(deps, node.trunkId)) {
      const id = described.NetworkInterfaceId ?? '';
      if (holds(node, id)) continue;
      unowned.push(id);
      const slot = suspects.has(id) ? adoptOrphan(deps, node, described) : undefined;
      if (slot !== undefined) deps.onReleased(node, slot);
    }
  }
  return unowned;
}

function holds(node: ManagedNode, eniId: string): boolean {
  return node.trunkId === eniId || node.ledger.ofInterface(eniId) !== undefined;
}

async function availableInterfaces(deps: ControllerDeps): Promise<readonly string[]> {
  const common = availableFilters(deps);
  const owned = [
    ...(await describeAll(deps.ec2, [...common, tagFilter(clusterTag(deps.clusterName), 'owned')])),
    ...(await describeAll(deps.ec2, [...common, tagFilter(TAG_CLUSTER_NAME, deps.clusterName)])),
  ];
  return [...new Set(owned.map(idOf))];
}

function availableFilters({ vpcId }: Pick<ControllerDeps, 'vpcId'>): readonly Filter[] {
  return [
    { Name: 'status', Values: ['available'] },
    { Name: 'vpc-id', Values: [vpcId] },
    tagFilter(TAG_ENI_OWNER, ENI_OWNER_CONTROLLER, ENI_OWNER_AGENT),
  ];
}

/** Deletes what an instance that is gone has left behind (spec: eks-behaviour 3.9). */
export async function deleteInterfacesOf(deps: ControllerDeps, instanceId: string): Promise<void> {
  const filters = [...availableFilters(deps), tagFilter(TAG_INSTANCE_ID, instanceId)];
  for (const found of await describeAll(deps.ec2, filters)) {
    await retrying(deps, DELETE_RETRY, () => deleteInterface(deps, idOf(found)));
  }
}

function idOf({ NetworkInterfaceId = '' }: NetworkInterface): string {
  return NetworkInterfaceId;
}

import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Pod } from '../../api/core/pod.ts';
import { keyOf, keyText } from '../../api/meta.ts';
import { POD_ENI, TAG_TRUNK_ID } from '../../api/names.ts';
import type { ControllerDeps } from '../deps.ts';
import { branchOf, describeAll, groupsOf, taggedVlan } from '../describe-interfaces.ts';
import { tagFilter } from '../ec2-tags.ts';
import type { ManagedNode } from '../node/managed-node.ts';
import { parseAnnotation, type BranchDetails } from '../pod/annotation.ts';

/** All branches of a trunk that EC2 knows, whatever their subnet. */
export function branchesOfTrunk(
  { ec2 }: Pick<ControllerDeps, 'ec2'>,
  trunkId: string,
): Promise<readonly NetworkInterface[]> {
  return describeAll(ec2, [tagFilter(TAG_TRUNK_ID, trunkId)]);
}

/**
 * Puts the branches that a pod's annotation names on record as its own (spec: eks-behaviour 3.8).
 * The annotation is only a claim, since whoever may write a pod's status can forge it: the tags of
 * the interface must say that it hangs on this trunk, and they, not the annotation, say which VLAN.
 * An interface that EC2 does not show (it may be too new) keeps its VLAN id out of use, no more.
 */
export function claimBranches(
  { log }: Pick<ControllerDeps, 'log'>,
  claim: {
    readonly node: ManagedNode;
    readonly pod: Pod;
    readonly found: readonly NetworkInterface[];
  },
): void {
  const { node, pod, found } = claim;
  const owner = { uid: pod.metadata.uid ?? '', key: keyText(keyOf(pod)) };
  for (const details of parseAnnotation(pod.metadata.annotations?.[POD_ENI])) {
    const { eniId, associationID } = details;
    const described = found.find(({ NetworkInterfaceId }) => NetworkInterfaceId === eniId);
    if (described && node.ledger.reclaim(eniId, owner, associationID)) continue;
    const entry = node.ledger.adopt({
      pod: owner,
      state: 'assigned',
      ...(described
        ? knownBranch(described, details)
        : { vlanId: details.vlanId, branch: undefined, groupIds: [] }),
    });
    if (entry && described) continue;
    log.warn('Annotation of a pod names a branch that EC2 or another pod does not leave to it', {
      pod: owner.key,
      eniId,
    });
  }
}

function knownBranch(
  described: NetworkInterface,
  { associationID }: BranchDetails,
): Pick<Parameters<ManagedNode['ledger']['adopt']>[0], 'vlanId' | 'branch' | 'groupIds'> {
  const association = associationID === '' ? {} : { associationId: associationID };
  return {
    vlanId: taggedVlan(described),
    branch: { ...branchOf(described), ...association },
    groupIds: groupsOf(described),
  };
}

import { PODS } from '../api/core/pod.ts';
import { POD_ENI } from '../api/names.ts';
import type { ControllerLab } from './controller-lab.fake.ts';
import { parseAnnotation } from './pod/annotation.ts';

/**
 * What must hold at every moment, whatever crashed (DESIGN: section 4). Answers what does not:
 * EC2 itself refuses two branches with one VLAN id, so the pods' view is compared with EC2's.
 */
export function brokenInvariants({ kube, ec2 }: ControllerLab): readonly string[] {
  const owners = new Map<string, string>();
  const broken: string[] = [];
  for (const pod of kube.peekAll(PODS)) {
    for (const branch of parseAnnotation(pod.metadata.annotations?.[POD_ENI])) {
      const { name } = pod.metadata;
      const other = owners.get(branch.eniId);
      if (other !== undefined) broken.push(`${name} and ${other} share ${branch.eniId}`);
      owners.set(branch.eniId, name);
      const stored = ec2.interfaces.get(branch.eniId);
      const sound =
        stored?.association?.vlanId === branch.vlanId && stored.privateIp === branch.privateIp;
      if (!sound) broken.push(`${name} was told of ${branch.eniId}, which is not as told`);
    }
  }
  return [...broken, ...sharedVlans({ ec2 })];
}

function sharedVlans({ ec2 }: Pick<ControllerLab, 'ec2'>): readonly string[] {
  const seen = new Set<string>();
  return [...ec2.interfaces.values()].flatMap(({ association, id }) => {
    if (!association) return [];
    const place = `${association.trunkId} VLAN ${association.vlanId}`;
    const taken = seen.has(place);
    seen.add(place);
    return taken ? [`${id} shares ${place}`] : [];
  });
}

/** Branches in EC2 that no pod has been told of. After everything came to rest: none. */
export function orphans({ kube, ec2 }: ControllerLab): readonly string[] {
  const owned = new Set(
    kube
      .peekAll(PODS)
      .flatMap(({ metadata }) => parseAnnotation(metadata.annotations?.[POD_ENI]))
      .map(({ eniId }) => eniId),
  );
  return [...ec2.interfaces.values()]
    .filter(({ description, id }) => description === 'aws-k8s-branch-eni' && !owned.has(id))
    .map(({ id }) => id);
}

import type { NetworkAcl } from '../../api/vpc/network-acl.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { newId } from '../../base/ids.ts';
import type { Place } from '../context.ts';

/** The default network ACL of a VPC; VPCs that were not made by this API may lack one. */
export function defaultAcl({ store }: Place, vpcId: string): NetworkAcl | undefined {
  return store.networkAcls.table.by('vpc', vpcId).find(({ spec }) => spec.isDefault);
}

/** How a new subnet says that it uses the default network ACL of its VPC. */
export function aclAssociation(place: Place, vpcId: string): Pick<Subnet['spec'], 'networkAcl'> {
  const acl = defaultAcl(place, vpcId);
  if (acl === undefined) return {};
  const associationId = newId(place.random, 'aclassoc');
  return { networkAcl: { associationId, networkAclId: acl.metadata.name } };
}

import type { Vpc } from '../../api/vpc/vpc.ts';
import { cidrOverlaps, type Cidr } from '../../base/cidr.ts';
import type { Place } from '../context.ts';
import { blocksOf } from './blocks.ts';
import { isLivePeering } from './peerings.ts';

/** Whether two VPCs share IPv4 addresses: such VPCs cannot be peered. */
export function sharesIpv4(a: Vpc, b: Vpc): boolean {
  const ofA = blocksOf(a).filter(({ family }) => family === 4);
  return ofA.some((block) => blocksOf(b).some((other) => cidrOverlaps(block, other)));
}

/** Whether a new block of a VPC would overlap one of a VPC that is peered, or asked to be. */
export function overlapsPeer(place: Place, vpc: Vpc, block: Cidr): boolean {
  const { vpcs, peerings } = place.store;
  const vpcId = vpc.metadata.name;
  const live = peerings.table.by('vpc', vpcId).filter((each) => isLivePeering(place, each));
  return live.some(({ spec: { requester, accepter } }) => {
    const peer = vpcs.get(requester.vpcId === vpcId ? accepter.vpcId : requester.vpcId);
    return peer !== undefined && blocksOf(peer).some((other) => cidrOverlaps(other, block));
  });
}

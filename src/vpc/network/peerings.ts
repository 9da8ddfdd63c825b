import type { PeeringSide, VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import { checkId } from '../../ec2/id-kinds.ts';
import type { Place } from '../context.ts';
import type { Tags } from '../tags.ts';

/** A peering that ended stays listed for two hours. */
const ENDED_KEPT_MS = 2 * 3_600_000;

/** Status of a peering as clients see it: as stored, or expired by the clock. */
export type PeeringStatus = VpcPeeringConnection['spec']['status'] | 'expired';

const ENDED: ReadonlySet<PeeringStatus> = new Set(['rejected', 'deleted', 'failed', 'expired']);

/** The status now: a request that nobody accepted expires (after 7 days on AWS). */
export function peeringStatus(
  { clock }: Pick<Place, 'clock'>,
  { spec }: VpcPeeringConnection,
): PeeringStatus {
  const isLate = clock.nowMs() >= Date.parse(spec.expirationTime);
  return spec.status === 'pending-acceptance' && isLate ? 'expired' : spec.status;
}

/** Whether the peering is active, or may become so. */
export function isLivePeering(place: Pick<Place, 'clock'>, peering: VpcPeeringConnection): boolean {
  return !ENDED.has(peeringStatus(place, peering));
}

/** Whether this side is the caller's. */
export function isOwnSide(place: Place, side: PeeringSide): boolean {
  return side.account === place.accountId && side.region === place.region;
}

/** Whether the caller sees the peering: either side does, the accepter not when it has failed. */
export function seesPeering(place: Place, peering: VpcPeeringConnection): boolean {
  const { requester, accepter, status } = peering.spec;
  if (isForgotten(place, peering)) return false;
  return isOwnSide(place, requester) || (status !== 'failed' && isOwnSide(place, accepter));
}

/** Whether it ended so long ago that it is no longer listed. */
export function isForgotten(place: Pick<Place, 'clock'>, peering: VpcPeeringConnection): boolean {
  if (isLivePeering(place, peering)) return false;
  const { status, statusTime, expirationTime } = peering.spec;
  const endedAt = status === 'pending-acceptance' ? expirationTime : statusTime;
  return place.clock.nowMs() - Date.parse(endedAt) >= ENDED_KEPT_MS;
}

/** The peerings that the caller sees. */
export function visiblePeerings(place: Place): VpcPeeringConnection[] {
  return [...place.store.peerings.table.values()].filter((each) => seesPeering(place, each));
}

/** The peering with this id, when the caller sees it; throws Malformed or NotFound. */
export function ownPeering(place: Place, id: string): VpcPeeringConnection {
  const { peerings } = place.store;
  checkId(peerings.idKind, id);
  const peering = peerings.get(id);
  if (peering === undefined || !seesPeering(place, peering)) throw peerings.missing(id);
  return peering;
}

/** The tags that the caller gave to the peering; each side has tags of its own. */
export function peeringTags(place: Place, { spec }: VpcPeeringConnection): Tags {
  return (isOwnSide(place, spec.requester) ? spec.tags : spec.accepterTags) ?? {};
}

/** Changes the caller's tags of a peering. */
export async function changePeeringTags(
  place: Place,
  id: string,
  change: (before: Tags) => Tags,
): Promise<void> {
  const { store } = place;
  const field = isOwnSide(place, ownPeering(place, id).spec.requester) ? 'tags' : 'accepterTags';
  await store.locks.hold({ exclusive: [`tags:${id}`] }, () =>
    store.peerings.update(id, (current) => ({
      ...current,
      spec: { ...current.spec, [field]: change(current.spec[field] ?? {}) },
    })),
  );
}

import type {
  VpcPeeringConnection as PeeringView,
  VpcPeeringConnectionStateReason,
  VpcPeeringConnectionVpcInfo,
} from '@aws-sdk/client-ec2';
import type { PeeringSide, VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import type { Place } from '../context.ts';
import { peeringStatus, peeringTags } from '../network/peerings.ts';
import { tagList } from '../tags.ts';

/** A peering as EC2 shows it to the caller. */
export function peeringView(place: Place, peering: VpcPeeringConnection): PeeringView {
  const { metadata, spec } = peering;
  const status = peeringStatus(place, peering);
  const isActive = status === 'active';
  return {
    VpcPeeringConnectionId: metadata.name,
    RequesterVpcInfo: sideView(place, spec.requester, { isKnown: true, isActive }),
    AccepterVpcInfo: sideView(place, spec.accepter, { isKnown: isActive, isActive }),
    Status: statusView(place, peering),
    ExpirationTime: status === 'pending-acceptance' ? new Date(spec.expirationTime) : undefined,
    Tags: tagList(peeringTags(place, peering)),
  };
}

/** Status and its text. */
export function statusView(
  place: Place,
  peering: VpcPeeringConnection,
): VpcPeeringConnectionStateReason {
  const Code = peeringStatus(place, peering);
  return { Code, Message: Code === 'expired' ? 'Expired' : peering.spec.statusMessage };
}

/** The blocks of the accepter are not told before it has accepted. */
function sideView(
  { store }: Place,
  side: PeeringSide,
  { isKnown, isActive }: { readonly isKnown: boolean; readonly isActive: boolean },
): VpcPeeringConnectionVpcInfo {
  const vpc = isKnown ? store.vpcs.get(side.vpcId)?.spec : undefined;
  return {
    OwnerId: side.account,
    VpcId: side.vpcId,
    Region: side.region,
    CidrBlock: vpc?.cidrBlocks[0]?.cidr,
    CidrBlockSet: vpc?.cidrBlocks.map(({ cidr }) => ({ CidrBlock: cidr })),
    Ipv6CidrBlockSet: vpc?.ipv6CidrBlocks?.map(({ cidr }) => ({ Ipv6CidrBlock: cidr })),
    PeeringOptions: isActive ? optionsView(side) : undefined,
  };
}

/** The options of one side; those about ClassicLink are always off. */
export function optionsView({ allowDnsResolution }: PeeringSide): {
  readonly AllowDnsResolutionFromRemoteVpc: boolean;
  readonly AllowEgressFromLocalClassicLinkToRemoteVpc: boolean;
  readonly AllowEgressFromLocalVpcToRemoteClassicLink: boolean;
} {
  return {
    AllowDnsResolutionFromRemoteVpc: allowDnsResolution ?? false,
    AllowEgressFromLocalClassicLinkToRemoteVpc: false,
    AllowEgressFromLocalVpcToRemoteClassicLink: false,
  };
}

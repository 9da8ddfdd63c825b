import type {
  CreateVpcPeeringConnectionRequest,
  CreateVpcPeeringConnectionResult,
} from '@aws-sdk/client-ec2';
import type { PeeringSide, VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId } from '../../ec2/id-kinds.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { sharesIpv4 } from '../network/peering-blocks.ts';
import { isLivePeering, peeringStatus } from '../network/peerings.ts';
import { ownVpc, required } from '../own.ts';
import { specifiedTags } from '../tags.ts';
import { peeringView } from '../views/peering.ts';

/** A request that nobody answers expires after seven days. */
const EXPIRY_MS = 7 * 24 * 3_600_000;

/**
 * CreateVpcPeeringConnection. A VPC of another account that is not there, and overlapping blocks,
 * are told by the status `failed`, as on AWS: the request itself succeeds.
 */
export const createVpcPeeringConnection: Handler<
  CreateVpcPeeringConnectionRequest,
  CreateVpcPeeringConnectionResult
> = (input, call) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  const accepter = accepterOf(input, call);
  const tags = specifiedTags(input.TagSpecifications, 'vpc-peering-connection', call.quotas);
  const pair = [vpcId, accepter.vpcId].sort();
  const locks = { shared: pair, exclusive: [`peering:${pair.join('/')}`, `peerings:${vpcId}`] };
  return store.locks.hold(locks, async () => {
    const vpc = ownVpc(call, vpcId);
    const peer = findPeer(call, accepter);
    checkNew(call, vpcId, accepter.vpcId);
    const isPossible = peer !== undefined && !sharesIpv4(vpc, peer);
    const { accountId: account, region } = call;
    const peering = await store.peerings.create({
      metadata: { name: newId(call.random, 'pcx') },
      spec: {
        account,
        region,
        requester: { account, region, vpcId },
        accepter,
        ...(isPossible ? pending(accepter.account) : FAILED),
        statusTime: nowText(call),
        expirationTime: new Date(call.clock.nowMs() + EXPIRY_MS).toISOString(),
        tags,
      },
    });
    return { VpcPeeringConnection: initiatingView(call, peering) };
  });
};

const FAILED = {
  status: 'failed',
  statusMessage: 'Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range',
} as const;

function pending(account: string): Pick<VpcPeeringConnection['spec'], 'status' | 'statusMessage'> {
  return { status: 'pending-acceptance', statusMessage: `Pending Acceptance by ${account}` };
}

function accepterOf(input: CreateVpcPeeringConnectionRequest, call: Call): PeeringSide {
  const vpcId = required(input.PeerVpcId, 'peerVpcId');
  checkId(call.store.vpcs.idKind, vpcId);
  return {
    account: input.PeerOwnerId ?? call.accountId,
    region: input.PeerRegion ?? call.region,
    vpcId,
  };
}

/** The other VPC. The caller's own must exist; of other accounts nothing is told. */
function findPeer(call: Call, { account, region, vpcId }: PeeringSide): Vpc | undefined {
  if (account === call.accountId) return ownVpc({ ...call, region }, vpcId);
  const peer = call.store.vpcs.get(vpcId);
  return peer?.spec.account === account && peer.spec.region === region ? peer : undefined;
}

function checkNew(call: Call, vpcId: string, peerId: string): void {
  const { store, quotas } = call;
  const all = store.peerings.table.by('vpc', vpcId).filter((each) => isLivePeering(call, each));
  const isSame = ({ spec }: VpcPeeringConnection): boolean =>
    [spec.requester.vpcId, spec.accepter.vpcId].includes(peerId) && vpcId !== peerId;
  if (all.some(isSame))
    throw new Ec2Error(
      'VpcPeeringConnectionAlreadyExists',
      `A VPC peering connection between the VPCs ${vpcId} and ${peerId} already exists.`,
    );
  const pendings = all.filter((each) => peeringStatus(call, each) === 'pending-acceptance');
  if (pendings.length >= quotas.pendingPeeringsPerVpc)
    throw new Ec2Error(
      'OutstandingVpcPeeringConnectionLimitExceeded',
      'The maximum number of outstanding VPC peering connection requests has been reached.',
    );
  if (all.length - pendings.length >= quotas.peeringsPerVpc)
    throw new Ec2Error(
      'VpcPeeringConnectionsPerVpcLimitExceeded',
      'The maximum number of VPC peering connections per VPC has been reached.',
    );
}

/** The first answer tells that the request is on its way; what became of it, describes tell. */
function initiatingView(call: Call, peering: VpcPeeringConnection) {
  const { account } = peering.spec.accepter;
  return {
    ...peeringView(call, peering),
    ExpirationTime: new Date(peering.spec.expirationTime),
    Status: { Code: 'initiating-request', Message: `Initiating Request to ${account}` } as const,
  };
}

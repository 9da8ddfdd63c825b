import type {
  AcceptVpcPeeringConnectionRequest,
  AcceptVpcPeeringConnectionResult,
  DeleteVpcPeeringConnectionRequest,
  DeleteVpcPeeringConnectionResult,
  RejectVpcPeeringConnectionRequest,
  RejectVpcPeeringConnectionResult,
} from '@aws-sdk/client-ec2';
import type { VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { isOwnSide, ownPeering, peeringStatus, type PeeringStatus } from '../network/peerings.ts';
import { required } from '../own.ts';
import { peeringView } from '../views/peering.ts';

/** AcceptVpcPeeringConnection, by the other side. */
export const acceptVpcPeeringConnection: Handler<
  AcceptVpcPeeringConnectionRequest,
  AcceptVpcPeeringConnectionResult
> = async (input, call) => {
  const peering = await changeStatus(call, input.VpcPeeringConnectionId, (before) => {
    checkAccepter(call, before, 'accept');
    checkStatus(call, before, ['pending-acceptance']);
    checkActiveQuota(call, before);
    return { status: 'active', statusMessage: 'Active' };
  });
  return { VpcPeeringConnection: peeringView(call, peering) };
};

/** RejectVpcPeeringConnection, by the other side. */
export const rejectVpcPeeringConnection: Handler<
  RejectVpcPeeringConnectionRequest,
  RejectVpcPeeringConnectionResult
> = async (input, call) => {
  await changeStatus(call, input.VpcPeeringConnectionId, (before) => {
    checkAccepter(call, before, 'reject');
    checkStatus(call, before, ['pending-acceptance']);
    return { status: 'rejected', statusMessage: `Rejected by ${call.accountId}` };
  });
  return { Return: true };
};

/** DeleteVpcPeeringConnection: an active one by either side, a request by who made it. */
export const deleteVpcPeeringConnection: Handler<
  DeleteVpcPeeringConnectionRequest,
  DeleteVpcPeeringConnectionResult
> = async (input, call) => {
  await changeStatus(call, input.VpcPeeringConnectionId, (before) => {
    const mayWithdraw = isOwnSide(call, before.spec.requester);
    checkStatus(call, before, mayWithdraw ? ['active', 'pending-acceptance'] : ['active']);
    return { status: 'deleted', statusMessage: `Deleted by ${call.accountId}` };
  });
  return { Return: true };
};

type NewStatus = Pick<VpcPeeringConnection['spec'], 'status' | 'statusMessage'>;

function changeStatus(
  call: Call,
  peeringId: string | undefined,
  decide: (before: VpcPeeringConnection) => NewStatus,
): Promise<VpcPeeringConnection> {
  const { peerings, locks } = call.store;
  const id = required(peeringId, 'vpcPeeringConnectionId');
  const { requester, accepter } = ownPeering(call, id).spec;
  // Quotas count the peerings of a VPC, so two of one VPC are not accepted at the same time.
  const exclusive = [id, `peerings:${requester.vpcId}`, `peerings:${accepter.vpcId}`];
  return locks.hold({ shared: [requester.vpcId, accepter.vpcId], exclusive }, () => {
    ownPeering(call, id);
    return peerings.update(id, (current) => ({
      ...current,
      spec: { ...current.spec, ...decide(current), statusTime: nowText(call) },
    }));
  });
}

function checkAccepter(call: Call, { metadata, spec }: VpcPeeringConnection, verb: string): void {
  const { accepter } = spec;
  if (accepter.account !== call.accountId)
    throw new Ec2Error(
      'OperationNotPermitted',
      `User (${call.accountId}) cannot ${verb} peering ${metadata.name}`,
    );
  if (accepter.region !== call.region)
    throw new Ec2Error(
      'OperationNotPermitted',
      `Incorrect region (${call.region}) specified for this request. VPC peering connection ${metadata.name} must be ${verb}ed in region ${accepter.region}`,
    );
}

function checkStatus(
  call: Call,
  peering: VpcPeeringConnection,
  allowed: readonly PeeringStatus[],
): void {
  if (!allowed.includes(peeringStatus(call, peering)))
    throw new Ec2Error(
      'InvalidStateTransition',
      `VpcPeeringConnectionID ${peering.metadata.name} is not in the correct state for the request.`,
    );
}

function checkActiveQuota(call: Call, { spec }: VpcPeeringConnection): void {
  const { table } = call.store.peerings;
  for (const { vpcId } of [spec.requester, spec.accepter]) {
    const active = table.by('vpc', vpcId).filter((each) => each.spec.status === 'active');
    if (active.length >= call.quotas.peeringsPerVpc)
      throw new Ec2Error(
        'ActiveVpcPeeringConnectionPerVpcLimitExceeded',
        'The maximum number of active VPC peering connections per VPC has been reached.',
      );
  }
}

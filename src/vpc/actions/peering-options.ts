import type {
  ModifyVpcPeeringConnectionOptionsRequest,
  ModifyVpcPeeringConnectionOptionsResult,
  PeeringConnectionOptionsRequest,
} from '@aws-sdk/client-ec2';
import type { VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { isOwnSide, ownPeering, peeringStatus } from '../network/peerings.ts';
import { required } from '../own.ts';
import { optionsView } from '../views/peering.ts';

const MEMBERS = {
  requester: 'RequesterPeeringConnectionOptions',
  accepter: 'AccepterPeeringConnectionOptions',
} as const;

type Side = keyof typeof MEMBERS;

/** ModifyVpcPeeringConnectionOptions: of an active peering, each side its own. */
export const modifyVpcPeeringConnectionOptions: Handler<
  ModifyVpcPeeringConnectionOptionsRequest,
  ModifyVpcPeeringConnectionOptionsResult
> = (input, call) => {
  const { peerings, locks } = call.store;
  const id = required(input.VpcPeeringConnectionId, 'vpcPeeringConnectionId');
  const sides = (Object.keys(MEMBERS) as Side[]).filter((side) => input[MEMBERS[side]]);
  if (sides.length === 0)
    throw new Ec2Error('InvalidParameterCombination', 'No peering options specified.');
  return locks.hold({ exclusive: [id] }, async () => {
    checkMayChange(call, ownPeering(call, id), sides);
    const { spec } = await peerings.update(id, (current) =>
      sides.reduce((peering, side) => withOptions(peering, side, input[MEMBERS[side]]), current),
    );
    return Object.fromEntries(sides.map((side) => [MEMBERS[side], optionsView(spec[side])]));
  });
};

function checkMayChange(call: Call, peering: VpcPeeringConnection, sides: readonly Side[]): void {
  const { name } = peering.metadata;
  if (peeringStatus(call, peering) !== 'active')
    throw new Ec2Error(
      'OperationNotPermitted',
      `Peering ${name} is not active. Peering options can be added only to active peerings.`,
    );
  const foreign = sides.find((side) => !isOwnSide(call, peering.spec[side]));
  if (foreign !== undefined)
    throw new Ec2Error(
      'OperationNotPermitted',
      `User ${call.accountId} cannot modify ${foreign} peering options of ${name}`,
    );
}

function withOptions(
  peering: VpcPeeringConnection,
  side: Side,
  options: PeeringConnectionOptionsRequest | undefined,
): VpcPeeringConnection {
  const before = peering.spec[side];
  const allowDnsResolution =
    options?.AllowDnsResolutionFromRemoteVpc ?? before.allowDnsResolution ?? false;
  return { ...peering, spec: { ...peering.spec, [side]: { ...before, allowDnsResolution } } };
}

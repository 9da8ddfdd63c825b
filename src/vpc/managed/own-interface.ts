import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { own } from '../own.ts';

/** The caller's interface, to be changed; those of NAT gateways and endpoints are not theirs to change. */
export function ownInterface(call: Call, id: string): NetworkInterface {
  const eni = own(call, call.store.interfaces, id);
  refuseManaged(eni);
  return eni;
}

/**
 * Refuses what a NAT gateway or an endpoint uses, in AWS's misleading words
 * (https://github.com/hashicorp/terraform-provider-aws/issues/3572).
 */
export function refuseManaged(eni: NetworkInterface | undefined): void {
  if (eni?.spec.managedBy === undefined) return;
  throw new Ec2Error('AuthFailure', 'You do not have permission to access the specified resource.');
}

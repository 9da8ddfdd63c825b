import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import type { Store } from '../store/store.ts';

/** Addresses of an interface that is attached nowhere: the largest limit of any instance type. */
const UNATTACHED_LIMIT = 64;

type Spec = Pick<
  NetworkInterface['spec'],
  'attachment' | 'privateIps' | 'ipv6Addresses' | 'ipv4Prefixes' | 'ipv6Prefixes'
>;

/** The type of the instance that an interface is attached to. */
export function attachedType(store: Store, { attachment }: Spec): string | undefined {
  return store.instances.get(attachment?.instanceId ?? '')?.spec.instanceType;
}

/**
 * Refuses more addresses than the instance type allows per interface. A delegated prefix takes the
 * place of one address; both families have the same limit.
 */
export function checkAddressLimit(spec: Spec, instanceType: string | undefined): void {
  const limit = instanceLimits(instanceType ?? '')?.ipv4PerInterface ?? UNATTACHED_LIMIT;
  if (sizeOf(spec.privateIps, spec.ipv4Prefixes) > limit) throw tooManyAddresses('private');
  if (sizeOf(spec.ipv6Addresses, spec.ipv6Prefixes) > limit) throw tooManyAddresses('IPv6');
}

function sizeOf(...lists: readonly (readonly string[] | undefined)[]): number {
  return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

/** More addresses than an interface may have; `what` is `private` or `IPv6`. */
export function tooManyAddresses(what: 'private' | 'IPv6'): Ec2Error {
  return new Ec2Error(
    'PrivateIpAddressLimitExceeded',
    `Number of ${what} addresses will exceed limit.`,
  );
}

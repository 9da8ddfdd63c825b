import type { NetworkInterfaceStatus } from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';

/**
 * `in-use` also for associated branches: a leak sweeper of the EKS controller deletes interfaces
 * that stay `available` (spec: ec2-surface 2.1).
 */
export function interfaceStatus({ spec }: NetworkInterface): NetworkInterfaceStatus {
  return isInUse(spec) ? 'in-use' : 'available';
}

/** Attached, associated with a trunk, or of a NAT gateway or VPC endpoint. */
export function isInUse(spec: NetworkInterface['spec']): boolean {
  return [spec.attachment, spec.trunkAssociation, spec.managedBy].some(
    (each) => each !== undefined,
  );
}

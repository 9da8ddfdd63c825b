import type { NetworkInterfaceStatus } from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';

/**
 * `in-use` also for associated branches: a leak sweeper of the EKS controller deletes interfaces
 * that stay `available` (spec: ec2-surface 2.1).
 */
export function interfaceStatus({ spec }: NetworkInterface): NetworkInterfaceStatus {
  return spec.attachment || spec.trunkAssociation ? 'in-use' : 'available';
}

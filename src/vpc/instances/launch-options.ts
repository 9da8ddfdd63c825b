import type { Instance as InstanceView, RunInstancesRequest } from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import { compact } from '../compact.ts';
import { invalidValue } from '../own.ts';

/** What a launch says and nothing acts on: it is kept to be shown again. */
export type LaunchOptions = Pick<Instance['spec'], 'monitoring' | 'hibernation' | 'placement'>;

const TENANCIES = ['default', 'dedicated', 'host'] as const;

/** Reads the options of RunInstances that only describes show. */
export function launchOptions(input: RunInstancesRequest): LaunchOptions {
  const { Placement: placement = {} } = input;
  const tenancy = placement.Tenancy ?? (placement.HostId === undefined ? undefined : 'host');
  if (tenancy !== undefined && !TENANCIES.includes(tenancy))
    throw invalidValue(`Value (${tenancy}) for parameter tenancy is invalid.`);
  return compact<LaunchOptions>({
    monitoring: input.Monitoring?.Enabled,
    hibernation: input.HibernationOptions?.Configured,
    placement: compact<NonNullable<LaunchOptions['placement']>>({
      tenancy,
      groupName: placement.GroupName,
      hostId: placement.HostId,
      affinity: placement.Affinity,
      partitionNumber: placement.PartitionNumber,
    }),
  });
}

/** The options as EC2 shows them. */
export function launchOptionsView(
  { monitoring, hibernation, placement = {} }: LaunchOptions,
  zone: string | undefined,
): Pick<InstanceView, 'Monitoring' | 'HibernationOptions' | 'Placement'> {
  return {
    Monitoring: { State: monitoring ? 'enabled' : 'disabled' },
    HibernationOptions: { Configured: hibernation ?? false },
    Placement: {
      AvailabilityZone: zone,
      GroupName: placement.groupName ?? '',
      Tenancy: placement.tenancy ?? 'default',
      HostId: placement.hostId,
      Affinity: placement.affinity,
      PartitionNumber: placement.partitionNumber,
    },
  };
}

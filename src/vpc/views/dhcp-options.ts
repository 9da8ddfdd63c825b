import type { DhcpOptions as DhcpOptionsView } from '@aws-sdk/client-ec2';
import type { DhcpOptions } from '../../api/vpc/dhcp-options.ts';
import { tagList } from '../tags.ts';

/** DHCP options as EC2 shows them. */
export function dhcpOptionsView({ metadata, spec }: DhcpOptions): DhcpOptionsView {
  return {
    DhcpOptionsId: metadata.name,
    OwnerId: spec.account,
    DhcpConfigurations: spec.configurations.map(({ key, values }) => ({
      Key: key,
      Values: values.map((Value) => ({ Value })),
    })),
    Tags: tagList(spec.tags),
  };
}

import type { AddressSlice } from './address-slice.ts';
import type { Instance } from '../instance.ts';
import type { NetworkInterface } from '../network-interface.ts';
import { INSTANCE_LABEL, TRUNK_LABEL, VPC_LABEL } from '../../names.ts';

/** The slice of a host with these interfaces; undefined when there is nothing to know of it. */
export function sliceOf(
  instance: Instance,
  interfaces: readonly NetworkInterface[],
): AddressSlice | undefined {
  if (interfaces.length === 0) return undefined;
  const { vpcId } = instance.spec;
  const { tunnelAddress, tunnelMac } = instance.status ?? {};
  const classes = new Map<string, number>();
  const entries = [...interfaces]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map(({ metadata, spec }) => ({
      id: metadata.name,
      class: classNumber(classes, spec.groups),
      addresses: addressesOf(spec),
    }));
  return {
    metadata: { name: instance.metadata.name, labels: { [VPC_LABEL]: vpcId } },
    spec: {
      vpcId,
      ...(tunnelAddress !== undefined && { tunnelAddress }),
      ...(tunnelMac !== undefined && { tunnelMac }),
      classes: [...classes.keys()].map((key) => key.split(' ').filter((id) => id !== '')),
      interfaces: entries,
    },
  };
}

/** Equal sets of groups share a number, in whatever order they are listed. */
function classNumber(classes: Map<string, number>, groups: readonly string[]): number {
  const key = [...groups].sort().join(' ');
  const known = classes.get(key);
  if (known !== undefined) return known;
  classes.set(key, classes.size);
  return classes.size - 1;
}

function addressesOf(spec: NetworkInterface['spec']): readonly string[] {
  return [
    ...spec.privateIps,
    ...(spec.ipv6Addresses ?? []),
    ...(spec.ipv4Prefixes ?? []),
    ...(spec.ipv6Prefixes ?? []),
  ];
}

/** Labels of an interface, by which the agent of a host finds those that it serves. */
export function interfaceLabels({ spec }: NetworkInterface): Readonly<Record<string, string>> {
  const { attachment, trunkAssociation } = spec;
  return {
    ...(attachment && { [INSTANCE_LABEL]: attachment.instanceId }),
    ...(trunkAssociation && { [TRUNK_LABEL]: trunkAssociation.trunkInterfaceId }),
  };
}

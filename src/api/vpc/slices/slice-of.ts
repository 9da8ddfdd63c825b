import { fnv1a64 } from '../../../base/hash.ts';
import type { AddressSlice } from './address-slice.ts';
import type { Instance } from '../instance.ts';
import type { NetworkInterface } from '../network-interface.ts';
import { INSTANCE_LABEL, TRUNK_LABEL, VPC_LABEL } from '../../names.ts';

/**
 * Slices of one host: a change is sent to every other host, so they are small; each is an object, so
 * they are few.
 */
const PARTS = 4;

/** The names that slices of a host may have. */
export function sliceNames(instanceId: string): readonly string[] {
  return Array.from({ length: PARTS }, (_, part) => `${instanceId}.${part}`);
}

/** The host that a slice of this name is about. */
export function hostOfSlice(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

/** All slices of a host with these interfaces. */
export function slicesOf(
  instance: Instance,
  interfaces: readonly NetworkInterface[],
): readonly AddressSlice[] {
  return sliceNames(instance.metadata.name).flatMap(
    (name) => sliceOf(name, instance, interfaces) ?? [],
  );
}

/** The slice of this name, of a host with these interfaces; undefined when none belongs to it. */
export function sliceOf(
  name: string,
  instance: Instance,
  interfaces: readonly NetworkInterface[],
): AddressSlice | undefined {
  const { vpcId } = instance.spec;
  const { tunnelAddress, tunnelMac } = instance.status ?? {};
  const classes = new Map<string, number>();
  const entries = interfaces
    .filter(({ metadata }) => partOf(metadata.name) === partOfSlice(name))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map(({ metadata, spec }) => ({
      id: metadata.name,
      class: classNumber(classes, spec.groups),
      addresses: addressesOf(spec),
    }));
  if (entries.length === 0) return undefined;
  return {
    metadata: { name, labels: { [VPC_LABEL]: vpcId } },
    spec: {
      instanceId: instance.metadata.name,
      vpcId,
      ...(tunnelAddress !== undefined && { tunnelAddress }),
      ...(tunnelMac !== undefined && { tunnelMac }),
      classes: [...classes.keys()].map((key) => key.split(' ').filter((id) => id !== '')),
      interfaces: entries,
    },
  };
}

/** An interface stays in its part for life, whatever else comes and goes. */
function partOf(eniId: string): number {
  return Number(fnv1a64(eniId) % BigInt(PARTS));
}

function partOfSlice(name: string): number {
  return Number(name.slice(name.lastIndexOf('.') + 1));
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

import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { HostIndex } from '../../api/vpc/slices/host-index.ts';
import { slicesOf } from '../../api/vpc/slices/slice-of.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { FabricObjects, OwnObjects } from './source.ts';

/** VPC objects for tests: two hosts of one VPC, `i-1` (10.0.1.0/24) and `i-2` (10.0.2.0/24). */

const COMMON = { account: '1', vpcId: 'vpc-1', description: '', availabilityZone: 'a' } as const;

/** A subnet of the VPC that has no IPv4 block. */
export function ipv6Only(name: string, cidr: string): Subnet {
  return {
    metadata: { name },
    spec: {
      account: '1',
      vpcId: 'vpc-1',
      ipv6Native: true,
      ipv6CidrBlocks: [{ associationId: 'a', cidr }],
      availabilityZone: 'a',
    },
  };
}

/** An interface with id `eni-<number>`, address 10.0.<host>.<number> and group sg-<number>. */
export function anInterface(
  number: number,
  spec: Partial<NetworkInterface['spec']> & { readonly host?: number } = {},
): NetworkInterface {
  const { host = 1, ...rest } = spec;
  const hex = number.toString(16).padStart(2, '0');
  return {
    metadata: { name: `eni-${hex.padStart(17, '0')}` },
    spec: {
      ...COMMON,
      subnetId: `subnet-${host}`,
      interfaceType: 'interface',
      macAddress: `02:00:00:00:00:${hex}`,
      privateIps: [`10.0.${host}.${number}`],
      groups: [`sg-${number}`],
      sourceDestCheck: true,
      ...rest,
    },
  };
}

/** An attachment to instance `i-<host>`. */
export function attachedTo(
  host: number,
  deviceIndex: number,
): Pick<NetworkInterface['spec'], 'attachment'> {
  return {
    attachment: {
      attachmentId: 'a',
      instanceId: `i-${host}`,
      deviceIndex,
      networkCardIndex: 0,
      deleteOnTermination: true,
      attachTime: '',
    },
  };
}

/** A branch on the trunk `eni-<trunk>`. */
export function branchOn(
  trunk: number,
  vlanId: number,
): Pick<NetworkInterface['spec'], 'trunkAssociation' | 'interfaceType'> {
  return {
    interfaceType: 'branch',
    trunkAssociation: {
      associationId: 'x',
      trunkInterfaceId: `eni-${trunk.toString(16).padStart(17, '0')}`,
      vlanId,
    },
  };
}

/** Instance `i-<host>`, with its tunnel. */
export function anInstance(host: number): Instance {
  return {
    metadata: { name: `i-${host}` },
    spec: {
      account: '1',
      vpcId: 'vpc-1',
      subnetId: `subnet-${host}`,
      instanceType: 'm5.large',
      imageId: 'ami',
      state: 'running',
      launchTime: '',
    },
    status: { tunnelAddress: `192.0.2.1${host}`, tunnelMac: `02:74:c0:00:02:0${host}` },
  };
}

/** What a host (by default `i-1`) knows when these are all interfaces of both hosts. */
export function objectsWith(interfaces: readonly NetworkInterface[], own = 1): FabricObjects {
  const index = new HostIndex();
  for (const item of interfaces) index.set(item);
  const instances = [1, 2].map(anInstance);
  const slices = instances.flatMap((host) => slicesOf(host, index.of(host.metadata.name)));
  const ownObjects: OwnObjects = {
    instance: instances.find(({ metadata }) => metadata.name === `i-${own}`),
    interfaces: index.of(`i-${own}`),
    subnets: [1, 2].map((host) => ({
      metadata: { name: `subnet-${host}` },
      spec: { account: '1', vpcId: 'vpc-1', cidr: `10.0.${host}.0/24`, availabilityZone: 'a' },
    })),
    groups: [],
    vpcs: [],
    prefixLists: [],
    peerings: [],
    networkAcls: [],
  };
  return { own: ownObjects, slices };
}

/** The same with other subnets. */
export function inSubnets(
  { own, slices }: FabricObjects,
  subnets: readonly Subnet[],
): FabricObjects {
  return { own: { ...own, subnets }, slices };
}

import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { FabricObjects } from './desired.ts';

/** VPC objects for tests: two hosts of one VPC, `i-1` (10.0.1.0/24) and `i-2` (10.0.2.0/24). */

const COMMON = { account: '1', vpcId: 'vpc-1', description: '', availabilityZone: 'a' } as const;

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

/** Both hosts, the second one with a tunnel; interfaces are the caller's. */
export function objectsWith(interfaces: readonly NetworkInterface[]): FabricObjects {
  return {
    interfaces,
    instances: [1, 2].map((host) => ({
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
    })),
    subnets: [1, 2].map((host) => ({
      metadata: { name: `subnet-${host}` },
      spec: { account: '1', vpcId: 'vpc-1', cidr: `10.0.${host}.0/24`, availabilityZone: 'a' },
    })),
    groups: [],
    vpcs: [],
  };
}

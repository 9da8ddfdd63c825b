import { expect, test } from 'vitest';
import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import { metadataTree } from './tree.ts';

const MAC = '02:00:00:00:00:01';
const INSTANCE: Instance = {
  metadata: { name: 'i-0123' },
  spec: {
    account: '1',
    vpcId: 'vpc-1',
    subnetId: 'subnet-6',
    instanceType: 'm5.large',
    imageId: 'ami-1',
    state: 'running',
    launchTime: '2026-01-01T00:00:00.000Z',
  },
};
const SUBNET: Subnet = {
  metadata: { name: 'subnet-6' },
  spec: {
    account: '1',
    vpcId: 'vpc-1',
    availabilityZone: 'eu-west-1a',
    ipv6Native: true,
    ipv6CidrBlocks: [{ associationId: 'a', cidr: '2001:db8::/64' }],
  },
};
const INTERFACE: NetworkInterface = {
  metadata: { name: 'eni-1' },
  spec: {
    account: '1',
    vpcId: 'vpc-1',
    subnetId: 'subnet-6',
    availabilityZone: 'eu-west-1a',
    description: '',
    interfaceType: 'interface',
    macAddress: MAC,
    privateIps: [],
    ipv6Addresses: ['2001:db8::5'],
    groups: [],
    sourceDestCheck: true,
    attachment: {
      attachmentId: 'eni-attach-1',
      instanceId: 'i-0123',
      deviceIndex: 0,
      networkCardIndex: 0,
      deleteOnTermination: true,
      attachTime: '2026-01-01T00:00:00.000Z',
    },
  },
};

test('an instance of an IPv6-only subnet has no IPv4 keys, rather than empty ones', () => {
  const tree = metadataTree(
    {
      instance: () => INSTANCE,
      interfaces: () => [INTERFACE],
      subnet: () => SUBNET,
      vpc: () => undefined,
      group: () => undefined,
    },
    INSTANCE,
  );
  const name = 'i-0123.eu-west-1.compute.internal';
  expect(tree).toMatchObject({
    'meta-data': {
      hostname: name,
      'local-hostname': name,
      'local-ipv4': undefined,
      ipv6: '2001:db8::5',
      network: {
        interfaces: {
          macs: {
            [MAC]: {
              'local-hostname': name,
              'local-ipv4s': undefined,
              ipv6s: '2001:db8::5',
              'subnet-ipv4-cidr-block': undefined,
              'subnet-ipv6-cidr-blocks': '2001:db8::/64',
            },
          },
        },
      },
    },
  });
  const { dynamic } = tree as { dynamic: { 'instance-identity': { document: string } } };
  expect(JSON.parse(dynamic['instance-identity'].document)).toMatchObject({ privateIp: null });
});

import { createServer, type Server } from 'node:net';
import { VPC_LABEL } from '../../api/names.ts';
import { ADDRESS_SLICES } from '../../api/vpc/slices/address-slice.ts';
import { VPCS } from '../../api/vpc/vpc.ts';
import { must } from '../../base/assert.ts';
import { inNetns } from '../../io/netns.ts';
import type { TestHost, TestWorld } from '../agent/hosts.fake.ts';
import { tunnelMac } from '../fabric/setup.ts';

/** A host outside of the VPC, in a namespace beyond the fabrics: it routes back whatever it is sent. */
export interface Internet {
  readonly netns: string;
  readonly address: string;
}

const ADDRESS = '198.51.100.10';
const UNDERLAY = '192.0.2.50';

/** Adds the host to a world; the fabrics know it as one more tunnel's end with one address. */
export async function addInternet(world: TestWorld, hosts: readonly TestHost[]): Promise<Internet> {
  const { network, kube } = world;
  const netns = await world.podNetns('internet');
  const peer = { name: 'underlay0', netns };
  await network.apply('/run/netns/spine', [
    { op: 'link-add-veth', name: 'internet', up: true, peer },
    { op: 'link-set', name: 'internet', master: 'br0' },
  ]);
  const mac = tunnelMac(UNDERLAY);
  await network.apply(netns, [
    { op: 'link-set', name: 'underlay0', up: true },
    { op: 'address-add', link: 'underlay0', address: UNDERLAY, prefixBits: 24 },
    { op: 'address-add', link: 'lo', address: ADDRESS, prefixBits: 32 },
    { op: 'link-add-vxlan', name: 'vx0', vni: 4242, local: UNDERLAY, port: 4789, mac, up: true },
    ...hosts.flatMap(({ number }) => wayTo(number)),
  ]);
  const [vpc] = (await kube.list(VPCS)).items;
  const vpcId = must(vpc, () => 'a VPC').metadata.name;
  kube.seed(ADDRESS_SLICES, {
    metadata: { name: 'i-internet', labels: { [VPC_LABEL]: vpcId } },
    spec: {
      instanceId: 'i-internet',
      vpcId,
      tunnelAddress: UNDERLAY,
      tunnelMac: mac,
      classes: [[]],
      interfaces: [{ id: 'eni-internet', class: 0, addresses: [ADDRESS] }],
    },
  });
  return { netns, address: ADDRESS };
}

function wayTo(host: number) {
  const gateway = `192.0.2.${10 + host}`;
  const mac = tunnelMac(gateway);
  const link = 'vx0';
  const route = { destination: `10.0.${host}.0/24`, gateway, link, onlink: true, source: ADDRESS };
  return [
    { op: 'neighbour-replace', link, address: gateway, mac },
    { op: 'fdb-replace', link, mac, remote: gateway },
    { op: 'route-replace', ...route },
  ] as const;
}

/** A TCP server that tells each client the address it is seen with. */
export function tellSource(netns: string, port: number): Server {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end((socket.remoteAddress ?? '').replace('::ffff:', ''));
  });
  inNetns(netns, () => server.listen(port));
  return server;
}

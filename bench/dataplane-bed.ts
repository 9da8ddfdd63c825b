/** A client, a fabric and a server, each in a namespace of its own, and the filter that is measured. */
import { must } from '../src/base/assert.ts';
import type { FilterWriter } from '../src/node/fabric/filter-writer.ts';
import { netlinkWriter } from '../src/node/fabric/filter-writer.ts';
import { deltasBetween } from '../src/dataplane/compile.ts';
import { FilterCompiler } from '../src/dataplane/compiler.ts';
import { createNetwork } from '../src/io/network.ts';
import { runInNetns } from '../src/io/netns-exec.ts';
import { createNftBatch } from '../src/io/nft-batch.ts';
import { createNft } from '../src/io/nft.ts';
import { Traffic } from './dataplane-traffic.ts';
import {
  addressOf,
  CLOSED,
  dataplaneWorld,
  linearIptables,
  linearNft,
  OPEN,
  type DataplaneWorld,
  type Size,
} from './dataplane-world.ts';

/** What may stand between the two ends. */
export type Filter = 'none' | 'conntrack' | 'trunkline' | 'nft' | 'iptables';

/** A filter and the size of its world. */
export interface Variant {
  readonly name: string;
  readonly filter: Filter;
  readonly size: Size;
}

const network = createNetwork();
const nft = createNft();
const batch = createNftBatch();

/** What a filter costs that does nothing but follow connections. */
const CONNTRACK_ONLY = `table ip follow {
  chain forward { type filter hook forward priority 0; policy accept; ct state established,related accept; }
}
`;

/** Builds the namespaces, loads the filter, and makes sure that it filters. */
export async function createBed(variant: Variant): Promise<Traffic> {
  const { filter, name } = variant;
  const world = dataplaneWorld(variant.size);
  const [client, fabric, server] = await Promise.all(
    ['client', 'fabric', 'server'].map((role) => network.createNamespace(`${name}-${role}`)),
  );
  const netns = must(fabric, () => 'a fabric');
  const ends = {
    clientNetns: must(client, () => 'a client'),
    serverNetns: must(server, () => 'a server'),
    serverAddress: addressOf(world.server),
  };
  await joinTo(netns, ends.clientNetns, world.client);
  await joinTo(netns, ends.serverNetns, world.server);
  await network.sysctl(netns, { 'net.ipv4.ip_forward': '1' });
  await load(filter, netns, world);
  if (filter !== 'none')
    await network.sysctl(netns, { 'net.netfilter.nf_conntrack_tcp_timeout_close': '1' });
  const traffic = new Traffic(ends, [OPEN.last, OPEN.middle], OPEN.last);
  const filters = filter !== 'none' && filter !== 'conntrack';
  if (!traffic.reaches(OPEN.middle)) throw new Error(`${name}: admitted traffic does not arrive`);
  if (traffic.reaches(CLOSED) === filters) throw new Error(`${name}: ${CLOSED} should be closed`);
  return traffic;
}

/** Closes what all beds share. */
export function closeBeds(): void {
  batch.close();
}

async function load(filter: Filter, netns: string, world: DataplaneWorld): Promise<void> {
  switch (filter) {
    case 'none':
      return;
    case 'conntrack':
      return nft.apply(netns, CONNTRACK_ONLY);
    case 'nft':
      for (const script of linearNft(world)) await nft.apply(netns, script);
      return;
    case 'iptables': {
      const restore = ['iptables-legacy-restore'] as const;
      const { status, stderr } = await runInNetns(netns, restore, linearIptables(world));
      if (status !== 0) throw new Error(`iptables-legacy-restore: ${stderr}`);
      return;
    }
    case 'trunkline':
      return loadTrunkline(netlinkWriter({ nft, batch }, netns), world);
  }
}

async function loadTrunkline(writer: FilterWriter, { state }: DataplaneWorld): Promise<void> {
  const compiler = new FilterCompiler();
  for (const delta of deltasBetween(undefined, state)) compiler.apply(delta);
  await writer.replace(compiler.takeProgram());
}

/** As a pod is joined: its address, the fabric as its router, and static neighbours. */
export async function joinTo(
  fabric: string,
  netns: string,
  port: DataplaneWorld['client'],
): Promise<void> {
  const address = addressOf(port);
  const router = { address: '169.254.1.1', mac: '02:74:00:00:00:01' };
  await network.apply(fabric, [
    {
      op: 'link-add-veth',
      name: port.link,
      mac: router.mac,
      up: true,
      peer: { name: 'eth0', netns, mac: port.mac },
    },
    { op: 'route-replace', destination: `${address}/32`, link: port.link, scope: 'link' },
    { op: 'neighbour-replace', link: port.link, address, mac: port.mac },
  ]);
  await network.apply(netns, [
    { op: 'link-set', name: 'eth0', up: true },
    { op: 'address-add', link: 'eth0', address, prefixBits: 32 },
    { op: 'neighbour-replace', link: 'eth0', ...router },
    {
      op: 'route-replace',
      destination: '0.0.0.0/0',
      gateway: router.address,
      link: 'eth0',
      onlink: true,
    },
  ]);
}

import { closeSync } from 'node:fs';
import { must } from '../../base/assert.ts';
import type { NetworkStep } from '../../base/network.ts';
import { TABLE, tableOf } from '../../dataplane/program.ts';
import { createNetwork } from '../../io/network.ts';
import { inNetns } from '../../io/netns.ts';
import { lastErrno, send, socket } from '../../io/netlink/libc.ts';
import { runInNetns } from '../../io/netns-exec.ts';
import { createNft } from '../../io/nft.ts';
import { probeFrame, probeNumber } from './frame.ts';
import { PacketSocket, type ReceivedFrame } from './packet-socket.ts';
import { LOCAL_SLOTS, UPLINK, ipOf, linkOf, macOf, type PreparedPacket } from './slots.ts';

/** How long to wait for a frame before it counts as dropped although no counter says so. */
const LOST_MS = 500;

/** Packets that the gates of a fabric have dropped, by the port. */
export interface DropCounts {
  readonly pin: number;
  readonly egress: number;
  readonly acl: number;
  readonly ingress: number;
}

/** What became of a batch of packets. */
export interface ProbeResult {
  /** Link that each packet left by; undefined when it never came out. */
  readonly links: readonly (string | undefined)[];
  /** Since the program was loaded. */
  readonly drops: DropCounts;
}

/**
 * A real fabric namespace with ports and an uplink, and one namespace behind all of them that has no
 * addresses of its own: raw sockets send into the ports and read what comes out.
 */
export class FabricBed {
  readonly #network = createNetwork();
  readonly #nft = createNft();
  readonly #fabric: string;
  readonly #outside: string;
  readonly #names: readonly string[];
  #socket: PacketSocket | undefined;
  #macs = new Map<string, string>();
  #number = 0;
  /** Packets that were counted as dropped before the batch that is under way. */
  #droppedBefore = 0;

  constructor(fabric: string, outside: string, names: readonly string[]) {
    this.#fabric = fabric;
    this.#outside = outside;
    this.#names = names;
  }

  /** `prefix` keeps the namespaces of parallel runs apart. */
  static async create(
    prefix: string,
    addresses: readonly (readonly string[])[],
  ): Promise<FabricBed> {
    const names = [`${prefix}-fabric`, `${prefix}-outside`] as const;
    const network = createNetwork();
    const fabric = await network.createNamespace(names[0]);
    const outside = await network.createNamespace(names[1]);
    const bed = new FabricBed(fabric, outside, names);
    await bed.#build(addresses);
    return bed;
  }

  async load(script: string): Promise<void> {
    await this.#nft.apply(this.#fabric, script);
    if (script.includes(`delete table ${TABLE}`)) this.#droppedBefore = 0;
  }

  /** Gives the fabric itself an address. */
  async addAddress(address: string): Promise<void> {
    await this.#network.apply(this.#fabric, [
      { op: 'link-set', name: 'lo', up: true },
      { op: 'address-add', link: 'lo', address, prefixBits: address.includes(':') ? 128 : 32 },
    ]);
  }

  /** Path of the fabric's namespace. */
  get netns(): string {
    return this.#fabric;
  }

  /** Sets kernel parameters of the fabric. */
  async sysctl(values: Readonly<Record<string, string>>): Promise<void> {
    await this.#network.sysctl(this.#fabric, values);
  }

  /** MAC address of the fabric's end of a link. */
  macOf(link: string): string {
    return must(this.#macs.get(link), () => `no link ${link}`);
  }

  /** Runs `read` inside the fabric; it must be synchronous. */
  inside<T>(read: () => T): T {
    return inNetns(this.#fabric, read);
  }

  /** Sends a frame into a link of the fabric, as it is. */
  send(link: string, frame: Buffer): void {
    must(this.#socket, () => 'the bed is built').send(`x${link}`, frame);
  }

  /** Frames that came out of the fabric since the last call, by the fabric's name of the link. */
  received(): readonly ReceivedFrame[] {
    const socket = must(this.#socket, () => 'the bed is built');
    const all: ReceivedFrame[] = [];
    for (let one = socket.receive(); one; one = socket.receive())
      all.push({ link: one.link.replace(/^x/, ''), frame: one.frame });
    return all;
  }

  /** Packets that a set of counters has counted for a link. */
  async counted(set: string, link: string): Promise<number> {
    const text = await this.list(`set ${tableOf(set)} ${set}`);
    return Number(new RegExp(`"${link}" counter packets (\\d+)`).exec(text)?.[1] ?? -1);
  }

  /** Frames that the kernel dropped because they were for no device: a foreign MAC or VLAN tag. */
  async otherhostDrops(link: string): Promise<number> {
    const command = ['ip', '-j', '-s', '-s', 'link', 'show', 'dev', link] as const;
    const { stdout } = await runInNetns(this.#fabric, command);
    return Number(/"otherhost":(\d+)/.exec(stdout)?.[1] ?? -1);
  }

  /** `nft list ...` in the fabric. */
  async list(what: string): Promise<string> {
    return this.#nft.list(this.#fabric, what);
  }

  /** Makes the kernel forget all flows, so that no packet passes because of an earlier one. */
  flushConntrack(): void {
    inNetns(this.#fabric, flushConntrack);
  }

  /** Sends packets and waits until each has arrived or is counted as dropped. */
  async probe(packets: readonly PreparedPacket[]): Promise<ProbeResult> {
    const first = this.#number;
    this.#number += packets.length;
    const socket = must(this.#socket, () => 'the bed is built');
    const arrivals = new Map<number, string>();
    packets.forEach((prepared, i) => {
      socket.send(`x${prepared.inLink}`, this.#frame(prepared, first + i));
      this.#drain(socket, arrivals);
    });
    const drops = await this.#settle(socket, arrivals, packets.length);
    return { links: packets.map((_packet, i) => arrivals.get(first + i)), drops };
  }

  /** Sums of the drop counters since the program was loaded. */
  async drops(): Promise<DropCounts> {
    const text = await this.list('sets table inet trunkline');
    const sum = (name: string) => {
      const body = text.split(`set ${name} {`)[1]?.split('\n\t}')[0] ?? '';
      const counts = [...body.matchAll(/counter packets (\d+)/g)].map((found) => Number(found[1]));
      return counts.reduce((total, count) => total + count, 0);
    };
    return {
      pin: sum('pin_drops'),
      egress: sum('egress_drops'),
      acl: sum('acl_out_drops') + sum('acl_in_drops'),
      ingress: sum('ingress_drops'),
    };
  }

  async close(): Promise<void> {
    this.#socket?.close();
    for (const name of this.#names) await this.#network.deleteNamespace(name);
  }

  /** Counters never run ahead of arrivals, so the sum of both is the end of the batch. */
  async #settle(
    socket: PacketSocket,
    arrivals: Map<number, string>,
    sent: number,
  ): Promise<DropCounts> {
    const deadline = performance.now() + LOST_MS;
    for (;;) {
      const drops = await this.drops();
      this.#drain(socket, arrivals);
      const dropped = drops.pin + drops.egress + drops.acl + drops.ingress;
      const known = arrivals.size + dropped - this.#droppedBefore;
      if (known < sent && performance.now() < deadline) continue;
      this.#droppedBefore = dropped;
      return drops;
    }
  }

  #drain(socket: PacketSocket, arrivals: Map<number, string>): void {
    for (let one = socket.receive(); one; one = socket.receive()) {
      const number = probeNumber(one.frame);
      if (number !== undefined) arrivals.set(number, one.link.replace(/^x/, ''));
    }
  }

  #frame({ inLink, ...rest }: PreparedPacket, number: number): Buffer {
    const destinationMac = must(this.#macs.get(inLink), () => `no link ${inLink}`);
    return probeFrame({ ...rest, number, destinationMac });
  }

  async #build(addresses: readonly (readonly string[])[]): Promise<void> {
    await this.#network.sysctl(this.#fabric, {
      'net.ipv4.ip_forward': '1',
      'net.ipv6.conf.all.forwarding': '1',
      'net.ipv4.conf.all.rp_filter': '0',
      'net.ipv4.conf.default.rp_filter': '0',
      'net.ipv4.conf.all.send_redirects': '0',
      'net.ipv4.conf.default.send_redirects': '0',
      'net.ipv6.conf.default.accept_dad': '0',
    });
    await this.#network.sysctl(this.#outside, { 'net.ipv6.conf.all.disable_ipv6': '1' });
    await this.#network.sysctl(this.#outside, { 'net.ipv6.conf.default.disable_ipv6': '1' });
    const links = [UPLINK, ...Array.from({ length: LOCAL_SLOTS }, (_, slot) => linkOf(slot))];
    await this.#network.apply(
      this.#fabric,
      links.flatMap((link) => this.#linkSteps(link)),
    );
    await this.#network.apply(
      this.#outside,
      links.map((link) => ({ op: 'link-set', name: `x${link}`, up: true })),
    );
    await this.#network.apply(this.#fabric, routeSteps(addresses));
    const known = await this.#network.links(this.#fabric);
    this.#macs = new Map(known.map((link) => [link.name, link.mac]));
    this.#socket = new PacketSocket(
      this.#outside,
      links.map((link) => `x${link}`),
    );
  }

  #linkSteps(link: string): readonly NetworkStep[] {
    const peer = { name: `x${link}`, netns: this.#outside };
    return [{ op: 'link-add-veth', name: link, up: true, peer }];
  }
}

/** Routes of the fabric: each local address to its port, everything else to the uplink. */
function routeSteps(addresses: readonly (readonly string[])[]): readonly NetworkStep[] {
  const uplink = ['192.0.2.1', '2001:db8:ffff::1'].flatMap((gateway): readonly NetworkStep[] => [
    { op: 'neighbour-replace', link: UPLINK, address: gateway, mac: macOf(99) },
    ...(gateway.includes(':')
      ? [
          { op: 'route-replace', destination: `${gateway}/128`, link: UPLINK } as const,
          { op: 'route-replace', destination: '::/0', gateway, link: UPLINK } as const,
        ]
      : [
          {
            op: 'route-replace',
            destination: '0.0.0.0/0',
            gateway,
            link: UPLINK,
            onlink: true,
          } as const,
        ]),
  ]);
  const ports = addresses.slice(0, LOCAL_SLOTS).flatMap((own, slot) =>
    own.flatMap((address): readonly NetworkStep[] => [
      {
        op: 'route-replace',
        destination: `${address}/${ipOf(address).family === 4 ? 32 : 128}`,
        link: linkOf(slot),
        scope: 'link',
      },
      { op: 'neighbour-replace', link: linkOf(slot), address, mac: macOf(slot) },
    ]),
  );
  return [...ports, ...uplink];
}

/** IPCTNL_MSG_CT_DELETE without attributes, by nfnetlink: deletes every entry of the namespace. */
function flushConntrack(): void {
  const fd = socket(16, 3, 12);
  if (fd < 0) throw new Error(`Cannot open nfnetlink: errno ${lastErrno()}`);
  const message = Buffer.alloc(20);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE((1 << 8) | 2, 4);
  message.writeUInt16LE(1, 6);
  const sent = send(fd, message);
  const code = lastErrno();
  closeSync(fd);
  if (sent !== message.length) throw new Error(`Cannot flush connection tracking: errno ${code}`);
}

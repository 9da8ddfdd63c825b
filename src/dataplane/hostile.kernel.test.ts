import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { smallWorld } from '../../test/arbitrary/small-world.ts';
import { slotAddresses } from '../../test/arbitrary/scenarios.ts';
import { FabricBed } from '../lab/fabric-bed/bed.ts';
import { macBytes, u16 } from '../lab/fabric-bed/frame.ts';
import {
  advertisement,
  arp,
  ETHER,
  ethernet,
  icmpv6,
  ipv4,
  ipv6,
  udp,
  type Ipv4Fields,
} from '../../test/differential/raw-frame.ts';
import { UPLINK, ipOf, linkOf, macOf } from '../lab/fabric-bed/slots.ts';
import { compile } from './compile.ts';
import { renderProgram } from './render.ts';
import type { FabricState } from './state.ts';

/** The hostile pod, its victim, and the link that carries tunnels. */
const [EVIL, VICTIM, UNDERLAY] = [linkOf(0), linkOf(1), linkOf(3)] as const;
const [EVIL_IP, VICTIM_IP, ELSEWHERE] = ['10.0.1.10', '10.0.1.11', '10.0.1.13'] as const;
const EVIL_IP6 = slotAddresses(0).find((text) => text.includes(':')) ?? '';
const VICTIM_IP6 = slotAddresses(1).find((text) => text.includes(':')) ?? '';
const [EVIL_MAC, VICTIM_MAC] = [macOf(0), macOf(1)] as const;
const GATEWAY = '10.0.1.1';
const FABRIC_IP = '192.0.2.77';
const WAIT_MS = 200;
const PAYLOAD = Buffer.from('sixteen bytes...');

/** Groups let everything pass, so that only what is under test drops. */
function openFabric(): FabricState {
  const open = ['out -1 * 0.0.0.0/0', 'out -1 * ::/0', 'in -1 * 0.0.0.0/0', 'in -1 * ::/0'];
  const interfaces = [0, 1].map((slot) => [
    `eni-${slot}`,
    [...slotAddresses(slot), 'sg-open'].join(' '),
  ]);
  const world = smallWorld({ 'sg-open': open }, Object.fromEntries(interfaces));
  const ports = world.interfaces.map((item, slot) => ({
    ...item,
    link: linkOf(slot),
    mac: macOf(slot),
  }));
  return { world, ports, uplinks: [UPLINK], underlay: [UNDERLAY], gateways: [ipOf(GATEWAY)] };
}

describe('hostile frames from inside a pod', () => {
  let bed: FabricBed;
  const sendBy = (link: string, source: string, type: number, body: Buffer) =>
    bed.send(link, ethernet({ destination: bed.macOf(link), source }, type, body));
  const evil = (type: number, body: Buffer, source = EVIL_MAC) => sendBy(EVIL, source, type, body);
  const packet = (more: Partial<Ipv4Fields>): Buffer =>
    ipv4({
      source: EVIL_IP,
      destination: VICTIM_IP,
      protocol: 17,
      body: udp(53, PAYLOAD),
      ...more,
    });

  /** What came out after a while: neighbour discovery of the fabric itself is left out. */
  const arrived = async () => {
    await new Promise((done) => {
      setTimeout(done, WAIT_MS);
    });
    return bed.received().filter(({ frame }) => !isDiscovery(frame));
  };
  const expectCounted = async (set: string, frames: number, act: () => void) => {
    const before = await bed.counted(set, EVIL);
    act();
    expect(await arrived()).toEqual([]);
    expect((await bed.counted(set, EVIL)) - before).toBe(frames);
  };
  const neighbours = async () => {
    const text = bed.inside(() => readFileSync('/proc/thread-self/net/arp', 'latin1'));
    return text.split('\n').filter((line) => /0x[^0]/.test(line.split(/\s+/)[2] ?? ''));
  };

  beforeAll(async () => {
    bed = await FabricBed.create(
      `h${process.pid}`,
      Array.from({ length: 8 }, (_, slot) => slotAddresses(slot)),
    );
    await bed.addAddress(GATEWAY);
    await bed.addAddress(FABRIC_IP);
    await bed.sysctl({ [`net.ipv4.conf.${EVIL}.proxy_arp`]: '1' });
    await bed.load(renderProgram(compile(openFabric())));
  });

  beforeEach(() => {
    bed.flushConntrack();
    bed.received();
  });

  afterAll(() => bed.close());

  test('an honest packet passes, whole or in fragments', async () => {
    evil(ETHER.ipv4, packet({}));
    const big = udp(54, Buffer.alloc(72, 7));
    evil(ETHER.ipv4, packet({ body: big.subarray(0, 48), moreFragments: true, id: 7 }));
    evil(ETHER.ipv4, packet({ body: big.subarray(48), offset: 48, id: 7 }));
    const links = (await arrived()).map(({ link }) => link);
    expect(links.length).toBeGreaterThanOrEqual(2);
    expect(new Set(links)).toEqual(new Set([VICTIM]));
  });

  test('a spoofed source address is dropped and counted, in both families', async () => {
    await expectCounted('pin_drops', 3, () => {
      evil(ETHER.ipv4, packet({ source: VICTIM_IP }));
      evil(ETHER.ipv4, packet({ source: '127.0.0.1' }));
      const [source, destination] = ['2001:db8:bad::1', VICTIM_IP6];
      evil(ETHER.ipv6, ipv6({ source, destination, nextHeader: 17, body: udp(53, PAYLOAD) }));
    });
  });

  test('a spoofed MAC is dropped and counted', async () => {
    await expectCounted('pin_drops', 2, () => {
      evil(ETHER.ipv4, packet({}), VICTIM_MAC);
      evil(ETHER.ipv4, packet({}), 'ff:ff:ff:ff:ff:ff');
    });
  });

  test('IPv4 options and IPv6 extension headers are dropped and counted', async () => {
    const sourceRoute = Buffer.from([0x83, 7, 4, 10, 0, 1, 11, 0]);
    const recordRoute = Buffer.from([0x07, 7, 4, 0, 0, 0, 0, 0]);
    const ends = { source: EVIL_IP6, destination: VICTIM_IP6 };
    await expectCounted('pin_drops', 5, () => {
      evil(ETHER.ipv4, packet({ options: sourceRoute }));
      evil(ETHER.ipv4, packet({ options: recordRoute }));
      for (const nextHeader of [0, 43, 60]) {
        const header = Buffer.from([17, 0, 1, 4, 0, 0, 0, 0]);
        const body = Buffer.concat([header, udp(53, PAYLOAD)]);
        evil(ETHER.ipv6, ipv6({ ...ends, nextHeader, body }));
      }
    });
  });

  test('a fragment too short to show ports is dropped and counted', async () => {
    const whole = udp(53, Buffer.alloc(72));
    await expectCounted('pin_drops', 2, () => {
      evil(ETHER.ipv4, packet({ body: whole.subarray(0, 8), moreFragments: true, id: 21 }));
      evil(
        ETHER.ipv4,
        packet({ body: whole.subarray(8, 48), moreFragments: true, offset: 8, id: 21 }),
      );
      evil(ETHER.ipv4, packet({ body: whole.subarray(48), offset: 48, id: 21 }));
    });
  });

  test('overlapping fragments end the whole packet, and the kernel counts them', async () => {
    const whole = udp(53, Buffer.alloc(120));
    const before = ipCounter(bed, 'Ip', 'ReasmFails');
    evil(ETHER.ipv4, packet({ body: whole.subarray(0, 64), moreFragments: true, id: 22 }));
    // Begins inside the first fragment, as one does that rewrites a port.
    evil(
      ETHER.ipv4,
      packet({ body: whole.subarray(32, 96), moreFragments: true, offset: 32, id: 22 }),
    );
    evil(ETHER.ipv4, packet({ body: whole.subarray(96), offset: 96, id: 22 }));
    expect(await arrived()).toEqual([]);
    expect(ipCounter(bed, 'Ip', 'ReasmFails')).toBeGreaterThan(before);
  });

  test('nobody finishes a packet of somebody else with a fragment of his own', async () => {
    const whole = udp(53, Buffer.alloc(120, 1));
    const first = packet({
      source: VICTIM_IP,
      destination: EVIL_IP,
      body: whole.subarray(0, 64),
      moreFragments: true,
      id: 23,
    });
    const second = packet({
      source: VICTIM_IP,
      destination: EVIL_IP,
      body: whole.subarray(64),
      offset: 64,
      id: 23,
    });
    await expectCounted('pin_drops', 1, () => {
      // The forged end comes first: the victim's own fragment would complete the packet.
      evil(ETHER.ipv4, second);
      sendBy(VICTIM, VICTIM_MAC, ETHER.ipv4, first);
    });
  });

  test.each<[string, Partial<Ipv4Fields>, string]>([
    ['another version', { version: 6 }, 'InHdrErrors'],
    ['a header shorter than a header', { headerWords: 4 }, 'InHdrErrors'],
    ['a wrong checksum', { badChecksum: true }, 'InHdrErrors'],
    ['more bytes than there are', { totalLength: 1400 }, 'InTruncatedPkts'],
  ])('a malformed header is dropped and counted: %s', async (_what, more, counter) => {
    const group = counter === 'InTruncatedPkts' ? 'IpExt' : 'Ip';
    const csum = () => ipCounter(bed, 'IpExt', 'InCsumErrors') + ipCounter(bed, group, counter);
    const before = csum();
    evil(ETHER.ipv4, packet(more));
    expect(await arrived()).toEqual([]);
    expect(csum()).toBeGreaterThan(before);
  });

  test('a TCP header that is none is dropped at the gate and counted', async () => {
    const flags = Buffer.alloc(20);
    flags.writeUInt16BE(40_000, 0);
    flags.writeUInt16BE(80, 2);
    flags.writeUInt8(0x50, 12);
    const [synFin, short] = [Buffer.from(flags), Buffer.from(flags)];
    synFin.writeUInt8(0x03, 13);
    short.writeUInt8(0x20, 12);
    await expectCounted('egress_drops', 2, () => {
      for (const body of [synFin, short]) evil(ETHER.ipv4, packet({ protocol: 6, body }));
    });
  });

  test('packets to the fabric’s own addresses are dropped and counted', async () => {
    await expectCounted('input_drops', 3, () => {
      evil(ETHER.ipv4, packet({ destination: FABRIC_IP, body: udp(22, PAYLOAD) }));
      evil(ETHER.ipv4, packet({ destination: GATEWAY, body: udp(179, PAYLOAD) }));
      const echo = Buffer.from([8, 0, 0xf7, 0xff, 0, 0, 0, 0]);
      evil(ETHER.ipv4, packet({ destination: FABRIC_IP, protocol: 1, body: echo }));
    });
  });

  test('a tunnelled packet of a pod is dropped here, and never leaves for another host', async () => {
    const inner = ethernet(
      { destination: VICTIM_MAC, source: EVIL_MAC },
      ETHER.ipv4,
      packet({ source: '10.0.1.99' }),
    );
    const body = udp(4789, Buffer.concat([Buffer.from('0800000000109200', 'hex'), inner]));
    await expectCounted('input_drops', 1, () =>
      evil(ETHER.ipv4, packet({ destination: FABRIC_IP, body })),
    );
    await expectCounted('stray_drops', 1, () =>
      evil(ETHER.ipv4, packet({ destination: ELSEWHERE, body })),
    );
  });

  test('a tagged frame is dropped and counted, also with a tag in a tag', async () => {
    const tag = (id: number, type: number, rest: Buffer) =>
      Buffer.concat([u16(id), u16(type), rest]);
    const before = await bed.otherhostDrops(EVIL);
    evil(ETHER.vlan, tag(101, ETHER.ipv4, packet({})));
    evil(ETHER.vlan, tag(0, ETHER.vlan, tag(102, ETHER.ipv4, packet({}))));
    evil(0x88a8, tag(5, ETHER.vlan, tag(103, ETHER.ipv4, packet({}))));
    expect(await arrived()).toEqual([]);
    expect((await bed.otherhostDrops(EVIL)) - before).toBe(3);
  });

  test('a frame to the MAC of another port is nobody’s', async () => {
    const before = await bed.otherhostDrops(EVIL);
    const to = { destination: bed.macOf(VICTIM), source: EVIL_MAC };
    bed.send(EVIL, ethernet(to, ETHER.ipv4, packet({})));
    expect(await arrived()).toEqual([]);
    expect((await bed.otherhostDrops(EVIL)) - before).toBe(1);
  });

  describe('ARP', () => {
    const question = (targetIp: string, senderIp: string = EVIL_IP, senderMac = EVIL_MAC) =>
      arp({ operation: 1, senderMac, senderIp, targetIp });

    test('the fabric answers for a neighbour with its own MAC; the neighbour hears nothing', async () => {
      evil(ETHER.arp, question(VICTIM_IP));
      const answers = await arrived();
      expect(answers.map(({ link }) => link)).toEqual([EVIL]);
      const claimed = answers[0]?.frame.subarray(22, 28);
      expect(claimed).toEqual(macBytes(bed.macOf(EVIL)));
    });

    test('a gratuitous announcement is dropped and counted, of one’s own or another’s address', async () => {
      await expectCounted('arp_drops', 4, () => {
        for (const address of [EVIL_IP, VICTIM_IP]) {
          const targetMac = 'ff:ff:ff:ff:ff:ff';
          const fields = { senderMac: EVIL_MAC, senderIp: address, targetMac, targetIp: address };
          evil(ETHER.arp, arp({ operation: 1, ...fields }));
          evil(ETHER.arp, arp({ operation: 2, ...fields }));
        }
      });
      expect((await neighbours()).join('\n')).not.toMatch(
        new RegExp(`${VICTIM_IP} .* ${EVIL_MAC} `),
      );
    });

    test('an answer that claims a neighbour’s address is dropped and counted', async () => {
      await expectCounted('arp_drops', 1, () => {
        const fields = { senderMac: EVIL_MAC, senderIp: VICTIM_IP, targetIp: GATEWAY };
        evil(ETHER.arp, arp({ operation: 2, ...fields }));
      });
    });

    test('a question in somebody else’s name fills no neighbour table and is counted', async () => {
      const before = (await neighbours()).length;
      await expectCounted('arp_drops', 102, () => {
        for (let i = 0; i < 100; i++) evil(ETHER.arp, question(VICTIM_IP, `10.9.9.${i}`));
        evil(ETHER.arp, question(VICTIM_IP, EVIL_IP, VICTIM_MAC));
        evil(ETHER.arp, question(VICTIM_IP), VICTIM_MAC);
      });
      expect(await neighbours()).toHaveLength(before);
    });
  });

  describe('IPv6 neighbour discovery', () => {
    const all = { source: 'fe80::bad', destination: 'ff02::1' };

    test('an advertisement of an address is dropped and counted; of a link-local one it is taken', async () => {
      await expectCounted('pin_drops', 2, () => {
        for (const target of [VICTIM_IP6, EVIL_IP6])
          evil(ETHER.ipv6, icmpv6(all, 136, advertisement(target, EVIL_MAC)));
      });
      await expectCounted('pin_drops', 0, () =>
        evil(ETHER.ipv6, icmpv6(all, 136, advertisement('fe80::bad', EVIL_MAC))),
      );
    });

    test('router advertisements and redirects are dropped and counted', async () => {
      await expectCounted('pin_drops', 2, () => {
        evil(ETHER.ipv6, icmpv6(all, 134, Buffer.alloc(12)));
        evil(ETHER.ipv6, icmpv6(all, 137, Buffer.alloc(36)));
      });
    });

    test('a solicitation from somebody else’s address or MAC is dropped and counted', async () => {
      const body = Buffer.concat([Buffer.alloc(4), Buffer.alloc(16, 1)]);
      await expectCounted('pin_drops', 2, () => {
        evil(ETHER.ipv6, icmpv6({ ...all, source: VICTIM_IP6 }, 135, body));
        evil(ETHER.ipv6, icmpv6(all, 135, body), VICTIM_MAC);
      });
    });
  });
});

/** ICMPv6 of the fabric itself: it looks for routers and reports groups on every link. */
function isDiscovery(frame: Buffer): boolean {
  return frame.readUInt16BE(12) === ETHER.ipv6 && (frame[22] === 0xfe || frame[38] === 0xff);
}

/** A counter of the kernel for the whole namespace, from /proc/net/snmp and netstat. */
function ipCounter(bed: FabricBed, group: string, name: string): number {
  const text = bed.inside(() =>
    ['snmp', 'netstat'].map((file) => readFileSync(`/proc/thread-self/net/${file}`, 'latin1')),
  );
  const [names = '', values = ''] = text
    .join('')
    .split('\n')
    .filter((line) => line.startsWith(`${group}:`));
  const at = names.split(' ').indexOf(name);
  return Number(values.split(' ')[at] ?? Number.NaN);
}

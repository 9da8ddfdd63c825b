import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packetOf, smallWorld } from '../../test/arbitrary/small-world.ts';
import { scenarios, slotAddresses } from '../../test/arbitrary/scenarios.ts';
import { runSeed } from '../../test/differential/corpus.ts';
import { FabricBed } from '../lab/fabric-bed/bed.ts';
import { probeFrame } from '../lab/fabric-bed/frame.ts';
import { UPLINK, ipOf, linkOf, macOf, type PreparedPacket } from '../lab/fabric-bed/slots.ts';
import { prepare } from '../../test/differential/scenario.ts';
import { compile } from './compile.ts';
import { diffPrograms } from './diff.ts';
import { renderProgram } from './render.ts';
import type { FabricState } from './state.ts';

const GATEWAY = '10.0.1.1';
const OPEN = ['out -1 * 0.0.0.0/0', 'out -1 * ::/0'];
const seed = runSeed();

/** Slot 0 wears sg-a, slot 1 sg-b, slot 2 sg-c, which admits and sends nothing. */
function fabric(rules: Readonly<Record<string, readonly string[]>>): FabricState {
  const world = smallWorld(
    { 'sg-a': OPEN, 'sg-b': [], 'sg-c': [], ...rules },
    Object.fromEntries(
      ['sg-a', 'sg-b', 'sg-c'].map((groupId, slot) => [
        `eni-${slot}`,
        [...slotAddresses(slot), groupId].join(' '),
      ]),
    ),
  );
  const ports = world.interfaces.map((item, slot) => ({
    ...item,
    link: linkOf(slot),
    mac: macOf(slot),
  }));
  return { world, ports, uplinks: [UPLINK], gateways: [ipOf(GATEWAY)] };
}

/** A packet that enters by a slot's port, with the slot's own MAC unless told otherwise. */
function from(slot: number, text: string, more: Partial<PreparedPacket> = {}): PreparedPacket {
  const packet = packetOf(text);
  return { packet, inLink: linkOf(slot), outLink: '', sourceMac: macOf(slot), ...more };
}

/** A packet of a flow with a source port of its own choice. */
function flow(slot: number, text: string, sourcePort: number): PreparedPacket {
  const prepared = from(slot, text);
  return { ...prepared, packet: { ...prepared.packet, sourcePort } };
}

describe(`a fabric in the kernel (TRUNKLINE_SEED=${seed})`, () => {
  let bed: FabricBed;
  const load = (rules: Readonly<Record<string, readonly string[]>>) =>
    bed.load(renderProgram(compile(fabric(rules))));
  const links = async (...packets: readonly PreparedPacket[]) => (await bed.probe(packets)).links;

  beforeAll(async () => {
    bed = await FabricBed.create(
      `k${process.pid}`,
      Array.from({ length: 8 }, (_, slot) => slotAddresses(slot)),
    );
    await bed.addAddress(GATEWAY);
    await bed.addAddress('192.0.2.77');
  });

  beforeEach(() => bed.flushConntrack());

  afterAll(() => bed.close());

  const request = () => flow(0, 'udp/53 10.0.1.10 > 10.0.1.11', 40_000);
  const reply = () => flow(1, 'udp/40000 10.0.1.11 > 10.0.1.10', 53);
  const DNS = { 'sg-b': ['in udp 53 sg-a'] };

  test('lets replies pass without a rule, and only replies', async () => {
    await load(DNS);
    expect(await links(reply())).toEqual([undefined]);
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
  });

  test('keeps flows when the rule that admitted them goes, and admits no new ones', async () => {
    await load(DNS);
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
    await load({});
    expect(await links(reply(), request())).toEqual(['p0', 'p1']);
    expect(await links(flow(0, 'udp/53 10.0.1.10 > 10.0.1.11', 40_001))).toEqual([undefined]);
  });

  const OPEN_IN = ['in udp 53 0.0.0.0/0', ...OPEN];

  test('ends a flow that is not tracked when the rule that admitted it goes', async () => {
    await load({ 'sg-b': OPEN_IN });
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
    await load({ 'sg-b': OPEN });
    expect(await links(request())).toEqual([undefined]);
    await load({ 'sg-b': OPEN_IN });
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
  });

  test('ends it when the rule for its answers goes', async () => {
    await load({ 'sg-b': OPEN_IN });
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
    await load({ 'sg-b': ['in udp 53 0.0.0.0/0'] });
    expect(await links(request(), reply())).toEqual(['p1', undefined]);
  });

  test('lets a flow that is tracked go on when a rule for all addresses goes', async () => {
    // Nothing may leave sg-b on its own, so what comes in is tracked.
    await load({ 'sg-b': ['in udp 53 0.0.0.0/0'] });
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
    await load({});
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
  });

  test('ends a TCP connection that is not tracked in its middle', async () => {
    const syn = flow(0, 'tcp/80 10.0.1.10 > 10.0.1.11', 40_100);
    await load({ 'sg-b': ['in tcp 80 0.0.0.0/0', ...OPEN] });
    expect(await links(syn, syn)).toEqual(['p1', 'p1']);
    await load({ 'sg-b': OPEN });
    expect(await links(syn)).toEqual([undefined]);
  });

  test('gives the flows of an interface the idle times that it asks for', async () => {
    const state = fabric({ ...DNS, 'sg-c': ['in -1 * sg-a'] });
    const timeouts = { tcpEstablished: 77, udp: 33, udpStream: 99 };
    const ports = state.ports.map((port, slot) => (slot === 1 ? { ...port, timeouts } : port));
    await bed.load(renderProgram(compile({ ...state, ports })));
    expect(await links(request())).toEqual(['p1']);
    expect(await links(flow(0, 'udp/53 10.0.1.10 > 10.0.1.12', 40_001))).toEqual(['p2']);
    const left = (port: number) => {
      const table = bed.inside(() => readFileSync('/proc/thread-self/net/nf_conntrack', 'latin1'));
      const line = table.split('\n').find((text) => text.includes(`sport=${port} `));
      return Number(line?.split(/\s+/)[4]);
    };
    expect(left(40_000)).toBeGreaterThan(30);
    expect(left(40_000)).toBeLessThanOrEqual(33);
    expect(left(40_001)).toBeLessThanOrEqual(30);
    // Streams have their own time when they are two seconds old; the kernel is told of it.
    expect(await bed.list('table inet trunkline')).toMatch(/unreplied : 33, replied : 99/);
    // A change of the times is a difference like any other.
    const script = diffPrograms(compile({ ...state, ports }), compile(state));
    await bed.load(script ?? '');
    expect(await bed.list('table inet trunkline')).not.toContain('ct timeout');
  });

  test('does not let one port speak in the flow of another', async () => {
    await load(DNS);
    expect(await links(request(), reply())).toEqual(['p1', 'p0']);
    const forged = { ...request(), inLink: linkOf(2), sourceMac: macOf(2) };
    const { links: out, drops } = await bed.probe([forged]);
    expect(out).toEqual([undefined]);
    expect(drops.pin).toBe(1);
  });

  test('drops a frame with somebody else’s MAC', async () => {
    await load(DNS);
    const { links: out, drops } = await bed.probe([{ ...request(), sourceMac: macOf(1) }]);
    expect(out).toEqual([undefined]);
    expect(drops).toEqual({ pin: 1, egress: 0, acl: 0, ingress: 0 });
  });

  test('lets ICMP errors about an admitted flow pass, and no others', async () => {
    await load(DNS);
    const inner = probeFrame({ ...request(), number: 0, destinationMac: macOf(0) });
    const about = inner.subarray(14, 14 + 28);
    const error = from(1, 'icmp/3.4 10.0.1.11 > 10.0.1.10', { about });
    expect(await links(error)).toEqual([undefined]);
    expect(await links(request(), error)).toEqual(['p1', 'p0']);
  });

  test('lets nothing pass from one uplink to another', async () => {
    await load({});
    const transit = from(0, 'tcp/80 203.0.113.1 > 198.51.100.1', {
      inLink: UPLINK,
      sourceMac: macOf(99),
    });
    expect(await links(transit)).toEqual([undefined]);
  });

  test('lets nothing pass from a link that is no port', async () => {
    await load({ 'sg-b': ['in -1 * 0.0.0.0/0'] });
    const stranger = from(4, `tcp/80 ${slotAddresses(4)[0]} > 10.0.1.11`);
    expect(await links(stranger)).toEqual([undefined]);
  });

  test('answers an echo to a router address and to no other of the fabric', async () => {
    await load({});
    expect(await links(from(2, `icmp/8.0 10.0.1.12 > ${GATEWAY}`))).toEqual(['p2']);
    expect(await links(from(2, 'icmp/8.0 10.0.1.12 > 192.0.2.77'))).toEqual([undefined]);
    expect(await links(from(2, `tcp/22 10.0.1.12 > ${GATEWAY}`))).toEqual([undefined]);
  });

  test('lets no packet leave with a mark', async () => {
    await load({ 'sg-b': ['in tcp 80 sg-a', 'in tcp 81 0.0.0.0/0'] });
    await bed.load(
      'table inet spy {}\ndelete table inet spy\n' +
        'table inet spy { counter marked {}\n counter total {}\n chain c {' +
        ' type filter hook postrouting priority 0; counter name total\n' +
        ' meta mark != 0 counter name marked\n }\n}\n',
    );
    await links(
      from(0, 'tcp/80 10.0.1.10 > 10.0.1.11'),
      from(0, 'tcp/81 10.0.1.10 > 10.0.1.11'),
      from(0, 'tcp/81 10.0.1.10 > 198.51.100.1'),
    );
    const counts = [...(await bed.list('counters')).matchAll(/counter (\w+) \{\s+packets (\d+)/g)];
    expect(Object.fromEntries(counts.map(([, name, n]) => [name, Number(n)]))).toMatchObject({
      marked: 0,
      total: 3,
    });
    await bed.load('delete table inet spy\n');
  });

  test('is the same by a difference as by a whole load, over random paths', async () => {
    const states = fc
      .sample(scenarios(0), { numRuns: 16, seed })
      .map((scenario) => prepare(scenario).state);
    const programs = states.map(compile);
    await bed.load(renderProgram(compile(fabric({}))));
    let before = compile(fabric({}));
    for (const after of programs) {
      const script = diffPrograms(before, after);
      if (script !== undefined) await bed.load(script);
      const changed = tableText(await bed.list('table inet trunkline'));
      await bed.load(renderProgram(after));
      expect(changed).toEqual(tableText(await bed.list('table inet trunkline')));
      before = after;
    }
  });

  test('loses a reference for one port by a difference (a bug of nft 1.0.6 is in the way)', async () => {
    const some = fabric({ 'sg-b': ['in tcp 80 sg-a', 'in tcp 90-91 sg-a', 'in 47 * sg-a'] });
    const fewer = fabric({ 'sg-b': ['in tcp 90-91 sg-a', 'in tcp 22 sg-a', 'in 89 * sg-a'] });
    await bed.load(renderProgram(compile(some)));
    await bed.load(diffPrograms(compile(some), compile(fewer)) ?? '');
    const ports = [80, 90, 22].map((port) => from(0, `tcp/${port} 10.0.1.10 > 10.0.1.11`));
    expect(await links(...ports)).toEqual([undefined, 'p1', 'p1']);
  });

  test('keeps its drop counters over a difference', async () => {
    await load(DNS);
    await bed.probe([from(2, 'tcp/80 10.0.1.12 > 10.0.1.11')]);
    const script = diffPrograms(compile(fabric(DNS)), compile(fabric({})));
    await bed.load(script ?? '');
    expect((await bed.drops()).egress).toBe(1);
  });
});

/** A listing whose order does not matter: hash sets list their elements in any order. */
function tableText(listing: string): readonly string[] {
  const blocks = listing.split(/\n\t}\n/).map((block) => {
    const [head = '', elements = ''] = block.split('elements = {');
    const sorted = elements
      .replace(/}\s*$/, '')
      .split(',')
      .map((text) => text.trim())
      .toSorted();
    return `${head.trim()} ${sorted.join(', ')}`;
  });
  return blocks.toSorted();
}

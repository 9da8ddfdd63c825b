import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packetOf, smallWorld } from '../../../test/arbitrary/small-world.ts';
import { slotAddresses } from '../../../test/arbitrary/scenarios.ts';
import { FabricBed } from '../../lab/fabric-bed/bed.ts';
import { probeFrame, probeNumber } from '../../lab/fabric-bed/frame.ts';
import { UPLINK, linkOf, macOf } from '../../lab/fabric-bed/slots.ts';
import type { NftBatch } from '../../base/network.ts';
import type { FabricState } from '../../dataplane/state.ts';
import { createNftBatch } from '../../io/nft-batch.ts';
import { createNft } from '../../io/nft.ts';
import { FilterLoader } from './filter.ts';

const LOADS = 12;
/** New flows of both kinds that are sent for each millisecond of the test, about. */
const BURST = 4;
const [ALLOWED, DENIED] = [80, 81] as const;

/** Slot 0 may ask slot 1 for tcp/80 by reference; many other addresses are known. */
function stateWith(others: number): FabricState {
  const extra = Array.from({ length: others }, (_, i): [string, string] => [
    `eni-x${i}`,
    `10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255} sg-c`,
  ]);
  const world = smallWorld(
    { 'sg-a': ['out -1 * 0.0.0.0/0'], 'sg-b': ['in tcp 80 sg-a'], 'sg-c': [] },
    {
      'eni-0': `${slotAddresses(0)[0]} sg-a`,
      'eni-1': `${slotAddresses(1)[0]} sg-b`,
      ...Object.fromEntries(extra),
    },
  );
  const ports = world.interfaces
    .slice(0, 2)
    .map((item, slot) => ({ ...item, link: linkOf(slot), mac: macOf(slot) }));
  return { world, ports, uplinks: [UPLINK] };
}

describe('a filter that is replaced under traffic', () => {
  let bed: FabricBed;
  const batch: NftBatch & { close(): void } = createNftBatch();

  beforeAll(async () => {
    const addresses = Array.from({ length: 8 }, (_, slot) => slotAddresses(slot));
    bed = await FabricBed.create(`n${process.pid}`, addresses);
  });

  afterAll(async () => {
    batch.close();
    await bed.close();
  });

  test('lets no new flow through that neither program admits, and loses hardly any other', async () => {
    const [small, large] = [stateWith(10), stateWith(6000)];
    await new FilterLoader(createNft(), bed.netns, batch).apply(large);
    let number = 0;
    const loading = new AbortController();
    const arrived = new Set<number>();
    const drain = () => {
      for (const { frame } of bed.received()) arrived.add(probeNumber(frame) ?? -1);
    };
    const traffic = (async () => {
      while (!loading.signal.aborted) {
        for (let i = 0; i < BURST; i++, number++) bed.send(linkOf(0), frameOf(number));
        drain();
        await new Promise((done) => {
          setImmediate(done);
        });
      }
    })();
    // A new loader knows nothing of the table in force, like an agent that was started again.
    for (let i = 0; i < LOADS; i++)
      await new FilterLoader(createNft(), bed.netns, batch).apply(i % 3 === 0 ? small : large);
    loading.abort();
    await traffic;
    await new Promise((done) => {
      setTimeout(done, 100);
    });
    drain();
    const sent = Math.floor(number / 2);
    const allowed = [...arrived].filter((one) => one >= 0 && one % 2 === 0).length;
    expect([...arrived].filter((one) => one % 2 !== 0 && one >= 0)).toEqual([]);
    expect(number).toBeGreaterThan(1000);
    expect(allowed).toBeGreaterThan(sent * 0.9);
  });

  /** Even numbers are allowed, odd ones are not; each is a flow of its own. */
  function frameOf(number: number): Buffer {
    const port = number % 2 === 0 ? ALLOWED : DENIED;
    const [from, to] = [slotAddresses(0)[0], slotAddresses(1)[0]];
    const packet = packetOf(`tcp/${port} ${from} > ${to}`);
    const sourcePort = 1024 + (number % 60_000);
    return probeFrame({
      sourceMac: macOf(0),
      destinationMac: bed.macOf(linkOf(0)),
      packet: { ...packet, sourcePort },
      number,
    });
  }
});

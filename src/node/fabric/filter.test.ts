import { describe, expect, test } from 'vitest';
import { NetworkError, NftError, type Network } from '../../base/network.ts';
import { FakeNft } from '../../io/nft.fake.ts';
import { chooseDriver } from './driver.ts';
import { desiredFabric, filterState } from './desired.ts';
import { anInterface, attachedTo, objectsWith } from './desired.fake.ts';
import { FilterLoader } from './filter.ts';

const NETNS = '/run/netns/fabric';

function stateOf(...numbers: readonly number[]): ReturnType<typeof filterState> {
  const objects = objectsWith(numbers.map((number, i) => anInterface(number, attachedTo(1, i))));
  const links = { uplink: 'vx0', underlay: 'underlay0' };
  return filterState(desiredFabric(objects), links);
}

/** An nft that has, or has not, the table of an earlier run. */
class NftWith extends FakeNft {
  readonly #tables: string;

  constructor(tables: string) {
    super();
    this.#tables = tables;
  }

  override async list(): Promise<string> {
    return this.#tables;
  }
}

describe('the filter loader', () => {
  test('closes a fabric that has no filter: nothing is forwarded before the first program', async () => {
    const nft = new NftWith('table inet other\n');
    await new FilterLoader(nft, NETNS).close();
    expect(nft.scripts).toHaveLength(1);
    expect(nft.scripts[0]?.script).toMatch(/hook forward .*policy drop/);
    expect(nft.scripts[0]?.script).not.toMatch(/e0000000000000/);
  });

  test('leaves the filter of an earlier run in force', async () => {
    const nft = new NftWith('table inet trunkline\n');
    await new FilterLoader(nft, NETNS).close();
    expect(nft.scripts).toEqual([]);
  });

  test('loads a whole program first, then only differences, and nothing when nothing changed', async () => {
    const nft = new FakeNft();
    const filter = new FilterLoader(nft, NETNS);
    await filter.apply(stateOf(5));
    await filter.apply(stateOf(5));
    await filter.apply(stateOf(5, 6));
    expect(nft.scripts.map(({ script }) => script.includes('delete table'))).toEqual([true, false]);
    expect(filter.version).toBe(2);
  });

  test('states the whole program when a difference is refused', async () => {
    const nft = new FakeNft();
    const filter = new FilterLoader(nft, NETNS);
    await filter.apply(stateOf(5));
    nft.failNext(new NftError('not-found', 'somebody deleted the table'));
    await filter.apply(stateOf(5, 6));
    expect(nft.scripts.at(-1)?.script).toContain('delete table inet trunkline');
  });

  test('does not believe in a program that was refused', async () => {
    const nft = new FakeNft();
    const filter = new FilterLoader(nft, NETNS);
    nft.failNext(new NftError('unavailable', 'no namespace'));
    await expect(filter.apply(stateOf(5))).rejects.toThrow('no namespace');
    await filter.apply(stateOf(5));
    expect(nft.scripts).toHaveLength(1);
    expect(filter.version).toBe(1);
  });
});

describe('the choice of the link driver', () => {
  const random = { bytes: (length: number) => new Uint8Array(length) };

  function networkThat(apply: Network['apply']): { network: Network; open: Set<string> } {
    const open = new Set<string>();
    const network = {
      apply,
      createNamespace: async (name: string) => {
        open.add(name);
        return `/run/netns/${name}`;
      },
      deleteNamespace: async (name: string) => void open.delete(name),
    };
    return { network: network as Partial<Network> as Network, open };
  }

  test('is vlan where the kernel makes VLAN links, without a word', async () => {
    const { network, open } = networkThat(async () => {});
    expect(await chooseDriver('auto', { network, random })).toEqual({ driver: 'vlan', notes: [] });
    expect(open.size).toBe(0);
  });

  test('falls back to veth with one line when the kernel cannot', async () => {
    const { network, open } = networkThat(async () => {
      throw new NetworkError('EOPNOTSUPP', 'Unknown device type');
    });
    const choice = await chooseDriver('auto', { network, random });
    expect(choice.driver).toBe('veth');
    expect(choice.notes).toHaveLength(1);
    expect(choice.notes[0]).toMatch(/no 802\.1Q/);
    expect(open.size).toBe(0);
  });

  test('does not take another failure for a missing feature', async () => {
    const { network, open } = networkThat(async () => {
      throw new NetworkError('EPERM', 'not permitted');
    });
    await expect(chooseDriver('auto', { network, random })).rejects.toThrow('not permitted');
    expect(open.size).toBe(0);
  });

  test('is what the user says, without a probe', async () => {
    const { network } = networkThat(async () => {
      throw new Error('probed');
    });
    const choice = await chooseDriver('vlan', { network, random });
    expect(choice).toEqual({ driver: 'vlan', notes: [] });
  });
});

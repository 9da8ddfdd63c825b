import { NetworkError, type Network } from '../../base/network.ts';
import { randomHex, type Random } from '../../base/random.ts';
import type { LinkDriver } from '../wiring/steps.ts';

/** The chosen driver and what to tell the user about the choice, if anything. */
export interface DriverChoice {
  readonly driver: LinkDriver;
  readonly notes: readonly string[];
}

/**
 * Chooses how branches are joined to their ports. `auto` tries to make a VLAN link in a scratch
 * namespace. Either driver enforces the same: the gates are on the port, whatever carries it.
 */
export async function chooseDriver(
  wanted: LinkDriver | 'auto',
  { network, random }: { readonly network: Network; readonly random: Random },
): Promise<DriverChoice> {
  if (wanted !== 'auto') return { driver: wanted, notes: [] };
  const name = `trunkline-probe-${randomHex(random, 8)}`;
  const netns = await network.createNamespace(name);
  try {
    await network.apply(netns, [
      { op: 'link-add-veth', name: 'probe0', peer: { name: 'probe1' } },
      { op: 'link-add-vlan', name: 'probe0.1', parent: 'probe0', vlanId: 1 },
    ]);
    return { driver: 'vlan', notes: [] };
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'EOPNOTSUPP') throw error;
    const note =
      'This kernel has no 802.1Q links: each branch gets a veth pair of its own instead; what is enforced is the same';
    return { driver: 'veth', notes: [note] };
  } finally {
    await network.deleteNamespace(name);
  }
}

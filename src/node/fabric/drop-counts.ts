import type { NetnsPath, Nft } from '../../base/network.ts';
import { SPARE_TABLE, TABLE } from '../../dataplane/program.ts';

/** Packets that a port has lost at one of its gates since the program was loaded as a whole. */
export interface DropCount {
  readonly link: string;
  /** `stray`: it was for nobody; `acl_out` and `acl_in`: the network ACL of its subnet. */
  readonly gate: (typeof GATES)[number];
  readonly packets: number;
}

const GATES = ['pin', 'egress', 'acl_out', 'acl_in', 'ingress', 'input', 'stray'] as const;

/** Reads the counters of the program in force. */
export async function readDropCounts(nft: Nft, netns: NetnsPath): Promise<readonly DropCount[]> {
  const all = await Promise.all(
    GATES.map(async (gate) => {
      const text = await listing(nft, netns, `${gate}_drops`);
      const found = [...text.matchAll(/"([^"]+)" counter packets (\d+)/g)];
      return found.map(([, link = '', packets]) => ({ link, gate, packets: Number(packets) }));
    }),
  );
  return all.flat();
}

/** The program is in one of two tables. */
async function listing(nft: Nft, netns: NetnsPath, set: string): Promise<string> {
  return nft
    .list(netns, `set ${TABLE} ${set}`)
    .catch(() => nft.list(netns, `set ${SPARE_TABLE} ${set}`));
}

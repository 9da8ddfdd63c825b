import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNetwork } from '../../../io/network.ts';
import { createNft } from '../../../io/nft.ts';
import { safeHash } from '../workloads/hash.ts';
import { PROXY_TABLE, proxyProgram } from './program.ts';
import { somePorts } from './some-ports.fake.ts';

const network = createNetwork();
const nft = createNft();
const hash = (text: string): string => safeHash(text).slice(0, 8);
let netns = '';

beforeAll(async () => {
  netns = await network.createNamespace('proxy-program');
});
afterAll(() => network.deleteNamespace('proxy-program'));

/** The kernel lists chains and elements in the order of their making. */
async function sorted(): Promise<readonly string[]> {
  const text = await nft.list(netns, `table ${PROXY_TABLE}`);
  const blocks = text.split('\n\n').map((block) =>
    block.replace(/elements = \{([^}]*)\}/g, (_, all: string) =>
      all
        .split(',')
        .map((one) => one.trim())
        .sort()
        .join(),
    ),
  );
  return blocks
    .map((block) =>
      block
        .replace(/^table .*\n/, '')
        .replace(/[\s}]+$/, '')
        .trim(),
    )
    .sort();
}

test('the kernel has the same rules by changes as from scratch', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(somePorts(), { minLength: 2, maxLength: 4 }), async (worlds) => {
      const programs = worlds.map((ports) => proxyProgram(ports, hash));
      await nft.apply(netns, programs[0]!.whole);
      for (const [i, program] of programs.entries())
        if (i > 0) await nft.apply(netns, program.after(programs[i - 1]!.names));
      const changed = await sorted();
      await nft.apply(netns, programs.at(-1)!.whole);
      expect(changed).toEqual(await sorted());
    }),
    { numRuns: 25 },
  );
});

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scenarios } from '../../../test/arbitrary/scenarios.ts';
import { runSeed } from '../../../test/differential/corpus.ts';
import { prepare } from '../../../test/differential/scenario.ts';
import { NftError } from '../../base/network.ts';
import { compile } from '../../dataplane/compile.ts';
import { changesBetween } from '../../dataplane/diff.ts';
import { point, type FabricProgram, type SetObject } from '../../dataplane/program.ts';
import { createNetwork } from '../../io/network.ts';
import { createNft } from '../../io/nft.ts';
import type { FilterWriter } from './filter-writer.ts';

/** A writer and what to do with it when the tests are over. */
export interface WriterUnderTest {
  readonly writer: FilterWriter;
  readonly close: () => void;
}

/** What every FilterWriter does. `other` is another implementation, which may have run before. */
export function filterWriterContract(
  name: string,
  create: (netns: string) => WriterUnderTest,
  other: (netns: string) => WriterUnderTest,
): void {
  describe(`a filter writer: ${name}`, () => {
    const network = createNetwork();
    const nft = createNft();
    const created: WriterUnderTest[] = [];
    let [ours, theirs] = ['', ''];
    const seed = runSeed();
    const make = (netns: string, by = create): FilterWriter => {
      const made = by(netns);
      created.push(made);
      return made.writer;
    };
    const programs = (count: number, skip = 0): FabricProgram[] =>
      fc
        .sample(scenarios(0), { numRuns: count + skip, seed })
        .slice(skip)
        .map((scenario, i) => compile({ ...prepare(scenario).state, recording: i % 3 === 1 }));
    const listed = async (netns: string) => ruleset(await nft.list(netns, 'ruleset'));
    /** What a script of the whole program makes. */
    const expected = async (program: FabricProgram) => {
      await make(theirs, other).replace(program);
      return listed(theirs);
    };

    beforeAll(async () => {
      ours = await network.createNamespace(`w${process.pid}-ours`);
      theirs = await network.createNamespace(`w${process.pid}-theirs`);
    });

    afterAll(async () => {
      for (const { close } of created) close();
      for (const part of ['ours', 'theirs'])
        await network.deleteNamespace(`w${process.pid}-${part}`);
    });

    test('loads programs and changes them to the same tables as any other writer', async () => {
      const writer = make(ours);
      let before: FabricProgram | undefined;
      for (const [i, program] of programs(12).entries()) {
        const changes = before && i % 4 !== 0 ? changesBetween(before, program) : undefined;
        if (changes === undefined) await writer.replace(program);
        else await writer.change(changes);
        expect(await listed(ours), `seed ${seed}, program ${i}`).toEqual(await expected(program));
        before = program;
      }
    });

    test('loads a large program in the place of another, and changes it', async () => {
      const writer = make(ours);
      const [small, base] = programs(2) as [FabricProgram, FabricProgram];
      await writer.replace(small);
      for (const size of [3000, 2000]) {
        const large = withAddresses(base, size);
        await writer.replace(large);
        expect(await listed(ours)).toEqual(await expected(large));
        const edited = withAddresses(base, size + 1);
        await writer.change(changesBetween(large, edited) ?? []);
        expect(await listed(ours)).toEqual(await expected(edited));
      }
      await writer.replace(small);
      expect(await listed(ours)).toEqual(await expected(small));
    });

    test('takes over from another writer, and leaves nothing of its tables', async () => {
      const [one, two] = programs(2, 3) as [FabricProgram, FabricProgram];
      const large = withAddresses(one, 2500);
      for (const [first, second] of [
        [large, two],
        [two, large],
        [large, withAddresses(two, 2500)],
      ] as const) {
        for (const [before, after] of [
          [make(ours, other), make(ours)],
          [make(ours), make(ours, other)],
          [make(ours), make(ours)],
        ] as const) {
          await before.replace(first);
          await after.replace(second);
          expect(await listed(ours)).toEqual(await expected(second));
        }
      }
    });

    test('leaves what was in force when a change is refused', async () => {
      const writer = make(ours);
      const [program] = programs(1, 5) as [FabricProgram];
      await writer.replace(program);
      const before = await listed(ours);
      const set = program.sets.find((one) => one.name === 'class4');
      const missing = {
        op: 'delete-elements',
        set: set as SetObject,
        elements: [NOWHERE],
      } as const;
      const fresh = { ...missing, op: 'add-elements' } as const;
      await expect(writer.change([missing])).rejects.toThrow(NftError);
      await expect(writer.change([fresh, missing, missing])).rejects.toMatchObject({
        code: 'not-found',
      });
      expect(await listed(ours)).toEqual(before);
      // It goes on after that.
      await writer.change([fresh]);
      expect((await listed(ours)).join()).toContain('203.0.113.250');
    });

    test('says that a namespace cannot be entered', async () => {
      const [program] = programs(1) as [FabricProgram];
      const writer = make('/run/netns/none');
      await expect(writer.replace(program)).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
}

const NOWHERE = { key: [point(0xcb00_71fan)], value: 7 };

/** The program of a VPC with that many addresses more, all of one class. */
function withAddresses(program: FabricProgram, count: number): FabricProgram {
  const more = Array.from({ length: count }, (_, i) => ({
    key: [point(0x6440_0000n + BigInt(i))],
    value: 5,
  }));
  return {
    ...program,
    sets: program.sets.map((set) =>
      set.name === 'class4' ? { ...set, elements: [...set.elements, ...more] } : set,
    ),
  };
}

/** A listing whose order does not matter, without the name that the table happens to have. */
function ruleset(listing: string): readonly string[] {
  const blocks = listing
    .replaceAll('trunkline_b', 'trunkline')
    .split(/\n\t?}\n/)
    .map((block) => {
      const [head = '', elements = ''] = block.split('elements = {');
      const sorted = elements
        .replace(/}\s*$/, '')
        .split(',')
        .map((text) => text.trim())
        .toSorted();
      return `${head.trim().replace(/^table \S+ \S+ \{\s*/, '')} ${sorted.join(', ')}`.trim();
    });
  return blocks.filter((block) => block !== '').toSorted();
}

import { describe, expect, test } from 'vitest';
import { ClassTable } from './class-table.ts';
import { classesOf, classKey, classNumber } from './class.ts';

/** Two sets whose hashes are equal, found by trying: 200,000 sets have about five such pairs. */
function collidingSets(): readonly [readonly string[], readonly string[]] {
  const seen = new Map<number, string>();
  for (let n = 0; n < 400_000; n++) {
    const groupId = `sg-${Math.imul(n, 0x9e37_79b1).toString(36)}-${(n * 7919).toString(16)}`;
    const hash = classNumber(groupId);
    const other = seen.get(hash);
    if (other !== undefined) return [[other], [groupId]];
    seen.set(hash, groupId);
  }
  throw new Error('no two sets collide');
}

function expectNumbers(table: ClassTable, sets: readonly (readonly string[])[]): void {
  const classes = classesOf(sets);
  for (const set of sets) expect(table.get(classKey(set))).toEqual(classes.classOf(set));
}

describe('the table of classes', () => {
  test('counts users, and tells when a class comes and goes', () => {
    const table = new ClassTable();
    expect(table.use(['sg-b', 'sg-a'])).toEqual({ made: true, renumbered: false });
    expect(table.use(['sg-a', 'sg-b', 'sg-a'])).toEqual({ made: false, renumbered: false });
    expect(table.wearers('sg-a')).toHaveLength(1);
    expect(table.release(['sg-a', 'sg-b'])).toEqual({ gone: false, renumbered: false });
    expect(table.release(['sg-a', 'sg-b'])).toEqual({ gone: true, renumbered: false });
    expect(table.wearers('sg-a')).toEqual([]);
    expect(() => table.release(['sg-a'])).toThrow('no class sg-a');
  });

  test.each([
    ['in order', false],
    ['backwards', true],
  ])('numbers sets with one hash as a table from scratch does: %s', (_name, backwards) => {
    const [one, two] = collidingSets();
    const table = new ClassTable();
    const order = backwards ? [two, one] : [one, two];
    table.use(order[0] ?? []);
    expect(table.use(order[1] ?? []).renumbered).toBe(true);
    expectNumbers(table, [one, two]);
    // While one is displaced, others are numbered with care.
    table.use(['sg-x']);
    expectNumbers(table, [one, two, ['sg-x']]);
    for (const gone of [one, two]) {
      const rest = gone === one ? two : one;
      table.release(gone);
      expectNumbers(table, [rest, ['sg-x']]);
      table.use(gone);
      expectNumbers(table, [one, two, ['sg-x']]);
    }
  });
});

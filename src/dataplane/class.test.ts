import { describe, expect, test } from 'vitest';
import { classDigits, classesOf } from './class.ts';

describe('classes', () => {
  test('are sets: order and repeats do not matter', () => {
    const classes = classesOf([['sg-a', 'sg-b'], ['sg-b', 'sg-a', 'sg-b'], ['sg-a']]);
    expect(classes.all).toHaveLength(2);
    expect(classes.classOf(['sg-b', 'sg-a'])).toBe(classes.classOf(['sg-a', 'sg-b']));
    expect(classes.classOf(['sg-b', 'sg-a'])?.groupIds).toEqual(['sg-a', 'sg-b']);
    expect(classes.classOf(['sg-c'])).toBeUndefined();
  });

  test('keep their number when others come and go', () => {
    const alone = classesOf([['sg-a']]).classOf(['sg-a']);
    const among = classesOf([['sg-b'], ['sg-a'], ['sg-0', 'sg-a']]).classOf(['sg-a']);
    expect(among?.id).toBe(alone?.id);
  });

  test('have different numbers, none of them 0', () => {
    const sets = Array.from({ length: 20_000 }, (_, i) => [`sg-${i.toString(16)}`]);
    const ids = classesOf(sets).all.map(({ id }) => id);
    expect(new Set(ids).size).toBe(sets.length);
    expect(Math.min(...ids)).toBeGreaterThan(0);
    expect(Math.max(...ids)).toBeLessThan(2 ** 32);
  });

  test('share no number when their hashes collide, whatever the order they come in', () => {
    // Found by search: both hash to the same 32 bits.
    const [a, b] = collision();
    const forth = classesOf([[a], [b]]);
    const back = classesOf([[b], [a]]);
    expect(new Set(forth.all.map(({ id }) => id)).size).toBe(2);
    expect(back.classOf([a])?.id).toBe(forth.classOf([a])?.id);
    expect(back.classOf([b])?.id).toBe(forth.classOf([b])?.id);
    expect(classesOf([[a]]).classOf([a])?.id).toBe(classesOf([[b]]).classOf([b])?.id);
  });

  test('are written as eight digits', () => {
    expect(classDigits({ id: 10, groupIds: [] })).toBe('0000000a');
  });
});

/** Two group ids with one hash; by the birthday bound some 80,000 tries find a pair. */
function collision(): readonly [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; i < 1_000_000; i++) {
    const groupId = `sg-${i.toString(16).padStart(8, '0')}`;
    const id = classesOf([[groupId]]).all[0]?.id ?? 0;
    const other = seen.get(id);
    if (other !== undefined) return [other, groupId];
    seen.set(id, groupId);
  }
  throw new Error('No collision found');
}

import { describe, expect, test } from 'vitest';
import { Locks } from './locks.ts';

/** Runs tasks that stay inside until released, and records who is inside together. */
function scene() {
  const locks = new Locks();
  const inside = new Set<string>();
  const gates = new Map<string, () => void>();
  const enter = (name: string, set: Parameters<Locks['hold']>[0]): Promise<string> =>
    locks.hold(set, async () => {
      inside.add(name);
      await new Promise<void>((resolve) => gates.set(name, resolve));
      inside.delete(name);
      return name;
    });
  const leave = async (name: string): Promise<void> => {
    gates.get(name)?.();
    await settle();
  };
  return { locks, inside, enter, leave };
}

/** Lets every promise that can go on go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('locks', () => {
  test('are shared by many and exclusive to one', async () => {
    const { inside, enter, leave, locks } = scene();
    void enter('a', { shared: ['x'] });
    void enter('b', { shared: ['x'] });
    void enter('c', { exclusive: ['x'] });
    await settle();
    expect([...inside]).toEqual(['a', 'b']);
    await leave('a');
    expect([...inside]).toEqual(['b']);
    await leave('b');
    expect([...inside]).toEqual(['c']);
    await leave('c');
    expect(locks.size).toBe(0);
  });

  test('are given in the order of asking: sharers do not overtake a waiting exclusive', async () => {
    const { inside, enter, leave } = scene();
    void enter('a', { shared: ['x'] });
    void enter('b', { exclusive: ['x'] });
    void enter('c', { shared: ['x'] });
    void enter('d', { shared: ['x'] });
    await settle();
    expect([...inside]).toEqual(['a']);
    await leave('a');
    expect([...inside]).toEqual(['b']);
    await leave('b');
    expect([...inside]).toEqual(['c', 'd']);
  });

  test('of several names never wait in a circle', async () => {
    const { inside, enter, leave } = scene();
    void enter('a', { exclusive: ['x', 'y'] });
    void enter('b', { exclusive: ['y', 'x'] });
    await settle();
    expect([...inside]).toEqual(['a']);
    await leave('a');
    expect([...inside]).toEqual(['b']);
  });

  test('are given back when the task throws', async () => {
    const locks = new Locks();
    await expect(
      locks.hold({ exclusive: ['x'] }, () => Promise.reject(new Error('broken'))),
    ).rejects.toThrow('broken');
    expect(locks.size).toBe(0);
  });

  test('named twice are taken once, exclusively', async () => {
    const { inside, enter } = scene();
    void enter('a', { shared: ['x', 'x'], exclusive: ['x'] });
    void enter('b', { shared: ['x'] });
    await settle();
    expect([...inside]).toEqual(['a']);
  });
});

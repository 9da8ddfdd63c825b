import { describe, expect, test } from 'vitest';
import { Ledger, VLAN_LAST, type BranchInterface, type Entry } from './ledger.ts';

const POD = { uid: 'u1', key: 'shop/a' };
const OTHER = { uid: 'u2', key: 'shop/b' };

function branch(eniId: string): BranchInterface {
  return { eniId, macAddress: '02:00:00:00:00:01', privateIp: '10.0.0.5', ipv6: '' };
}

function reserved(ledger: Ledger, pod = POD): Entry {
  const entry = ledger.reserve(pod, ['sg-1']);
  if (typeof entry === 'string') throw new Error(entry);
  return entry;
}

/** An entry brought to `assigned`. */
function assigned(ledger: Ledger, eniId: string, pod = POD): Entry {
  const { slot } = reserved(ledger, pod);
  ledger.created(slot, branch(eniId));
  ledger.associated(slot, `assoc-${eniId}`);
  ledger.assigned(slot);
  return ledger.entry(slot) as Entry;
}

function finish(ledger: Ledger, slot: number): void {
  ledger.release(slot, { atMs: 0, immediate: true });
  ledger.gone(slot);
}

describe('VLAN ids', () => {
  test('are given out in turn and wrap round after the last', () => {
    const ledger = new Ledger(2);
    const given: (number | undefined)[] = [];
    for (let count = 0; count < VLAN_LAST + 2; count += 1) {
      const entry = reserved(ledger);
      given.push(entry.vlanId);
      finish(ledger, entry.slot);
    }
    expect(given.slice(0, 3)).toEqual([1, 2, 3]);
    expect(given.slice(-3)).toEqual([VLAN_LAST, 1, 2]);
  });

  test('in use are passed over', () => {
    const ledger = new Ledger(VLAN_LAST);
    const kept = reserved(ledger);
    for (let count = 1; count < VLAN_LAST; count += 1) finish(ledger, reserved(ledger).slot);
    expect(kept.vlanId).toBe(1);
    expect(reserved(ledger).vlanId).toBe(2);
  });

  test('run out before the places do: no-vlan', () => {
    const ledger = new Ledger(VLAN_LAST + 1);
    for (let count = 0; count < VLAN_LAST; count += 1) reserved(ledger);
    expect(ledger.reserve(POD, [])).toBe('no-vlan');
  });

  test('stay taken until the branch is gone', () => {
    const ledger = new Ledger(1);
    const { slot } = assigned(ledger, 'eni-1');
    ledger.release(slot, { atMs: 5, immediate: false });
    expect(ledger.reserve(OTHER, [])).toBe('no-room');
    ledger.gone(slot);
    expect(reserved(ledger, OTHER).vlanId).toBe(2);
  });
});

test('a reservation counts against the limit before anything exists', () => {
  const ledger = new Ledger(1);
  reserved(ledger);
  expect(ledger.reserve(OTHER, [])).toBe('no-room');
});

describe('an entry only moves forward', () => {
  const states: readonly [string, (ledger: Ledger, slot: number) => void][] = [
    ['created twice', (ledger, slot) => ledger.created(slot, branch('eni-9'))],
    ['assigned twice', (ledger, slot) => ledger.assigned(slot)],
    ['associated late', (ledger, slot) => ledger.associated(slot, 'x')],
    ['gone while assigned', (ledger, slot) => ledger.gone(slot)],
    ['deleting while assigned', (ledger, slot) => ledger.deleting(slot)],
  ];
  test.each(states)('%s is a bug', (_, step) => {
    const ledger = new Ledger(3);
    const { slot } = assigned(ledger, 'eni-1');
    expect(() => step(ledger, slot)).toThrow(`Slot ${slot} is assigned`);
  });

  test('released or freed twice is a bug, never a silent second delete', () => {
    const ledger = new Ledger(3);
    const { slot } = assigned(ledger, 'eni-1');
    ledger.release(slot, { atMs: 0, immediate: false });
    expect(() => ledger.release(slot, { atMs: 1, immediate: false })).toThrow('released already');
    ledger.gone(slot);
    expect(() => ledger.gone(slot)).toThrow('is gone');
  });

  test('one interface in two entries is a bug', () => {
    const ledger = new Ledger(3);
    assigned(ledger, 'eni-1');
    const { slot } = reserved(ledger, OTHER);
    expect(() => ledger.created(slot, branch('eni-1'))).toThrow('is held by slot');
  });
});

describe('after a restart', () => {
  const found = { state: 'assigned', pod: POD, groupIds: [] } as const;

  test('the first claim on an interface counts', () => {
    const ledger = new Ledger(3);
    expect(ledger.adopt({ ...found, vlanId: 4, branch: branch('eni-1') })).toBeDefined();
    const second = { ...found, pod: OTHER, vlanId: 5, branch: branch('eni-1') };
    expect(ledger.adopt(second)).toBeUndefined();
    expect(ledger.ofPod(OTHER.uid)).toEqual([]);
  });

  test.each([0, 121, 4_094, -1, 1.5, undefined])(
    'VLAN id %s is not taken from outside',
    (vlanId) => {
      const ledger = new Ledger(3);
      expect(ledger.adopt({ ...found, vlanId, branch: branch('eni-1') })).toBeUndefined();
      const orphan = { ...found, state: 'released' as const, pod: undefined, vlanId };
      expect(ledger.adopt({ ...orphan, branch: branch('eni-1') })?.vlanId).toBeUndefined();
    },
  );

  test('an orphan goes back to a late owner, once, and not when its deletion has begun', () => {
    const ledger = new Ledger(3);
    const orphan = { ...found, state: 'released' as const, pod: undefined, releasedAtMs: 0 };
    ledger.adopt({ ...orphan, vlanId: 4, branch: branch('eni-1') });
    const second = ledger.adopt({ ...orphan, vlanId: 5, branch: branch('eni-2') }) as Entry;
    expect(ledger.reclaim('eni-1', POD, 'assoc')).toBe(true);
    expect(ledger.reclaim('eni-1', OTHER, 'assoc')).toBe(false);
    expect(ledger.ofPod(POD.uid)).toMatchObject([
      { state: 'assigned', vlanId: 4, branch: { eniId: 'eni-1', associationId: 'assoc' } },
    ]);
    ledger.deleting(second.slot);
    expect(ledger.reclaim('eni-2', OTHER, 'assoc')).toBe(false);
  });

  test('what a pod released is not given to another pod', () => {
    const ledger = new Ledger(3);
    const { slot } = assigned(ledger, 'eni-1');
    ledger.release(slot, { atMs: 0, immediate: false });
    expect(ledger.reclaim('eni-1', OTHER, '')).toBe(false);
  });
});

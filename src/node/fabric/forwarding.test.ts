import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NetworkStep } from '../../base/network.ts';
import type { RemoteAddress } from './desired.ts';
import { forwardingSteps, forwardingTo, remoteSteps, type Forwarding } from './forwarding.ts';

const at = (host: number, ...addresses: string[]): RemoteAddress[] =>
  addresses.map((address) => ({
    address,
    tunnelAddress: `192.0.2.${host}`,
    tunnelMac: `02:00:00:00:00:0${host}`,
  }));
const none = () => [];

test('a new host is reached over its tunnel, in both families', () => {
  const come = at(2, '10.0.0.2', 'fd00::2', '10.0.4.0/28');
  expect(remoteSteps({ gone: [], come, rest: none }, 'vx0')).toEqual([
    { op: 'neighbour-replace', link: 'vx0', address: '192.0.2.2', mac: '02:00:00:00:00:02' },
    { op: 'neighbour-replace', link: 'vx0', address: 'fe80::c000:202', mac: '02:00:00:00:00:02' },
    { op: 'fdb-replace', link: 'vx0', mac: '02:00:00:00:00:02', remote: '192.0.2.2' },
    ...(
      [
        ['10.0.0.2/32', '192.0.2.2'],
        ['fd00::2/128', 'fe80::c000:202'],
        ['10.0.4.0/28', '192.0.2.2'],
      ] as const
    ).map(([destination, gateway]) => ({
      op: 'route-replace',
      destination,
      link: 'vx0',
      gateway,
      onlink: true,
    })),
  ]);
});

test('an address that goes takes its route with it, the last one the tunnel', () => {
  const [one, two] = [at(2, '10.0.0.2'), at(2, '10.0.0.3')];
  const both = [...one, ...two];
  expect(remoteSteps({ gone: both, come: one, rest: none }, 'vx0')).toEqual([
    { op: 'route-delete', destination: '10.0.0.3/32', link: 'vx0', ignoreMissing: true },
  ]);
  expect(remoteSteps({ gone: one, come: [], rest: none }, 'vx0').map(({ op }) => op)).toEqual([
    'neighbour-delete',
    'fdb-delete',
    'route-delete',
  ]);
});

test('what another slice has too stays as that one says', () => {
  const change = { gone: at(2, '10.0.0.2'), come: [], rest: () => at(3, '10.0.0.2') };
  expect(remoteSteps(change, 'vx0')).toContainEqual({
    op: 'route-replace',
    destination: '10.0.0.2/32',
    link: 'vx0',
    gateway: '192.0.2.3',
    onlink: true,
  });
});

test('nothing changed, nothing to do, and nobody looks at the rest', () => {
  const same = at(2, '10.0.0.2');
  const rest = () => {
    throw new Error('looked');
  };
  expect(remoteSteps({ gone: same, come: same, rest }, 'vx0')).toEqual([]);
});

const remotes = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })), {
  maxLength: 8,
});
const slice = remotes.map((pairs) =>
  pairs.flatMap(([host, address]) => at(host, `10.0.0.${address}`)),
);

test('from slice to slice ends where a comparison of the whole does', () => {
  fc.assert(
    fc.property(slice, slice, slice, (gone, come, rest) => {
      // One address is on one host only, as the API sees to it, apart from moments.
      const whole = forwardingTo([...rest, ...come], 'vx0');
      const conflicting = [...come].some((one) =>
        rest.some((other) => other.address === one.address),
      );
      fc.pre(!conflicting);
      const state = forwardingTo([...rest, ...gone], 'vx0');
      apply(state, remoteSteps({ gone, come, rest: () => rest }, 'vx0'));
      expect(sorted(state)).toEqual(sorted(whole));
    }),
  );
});

test('steps from any forwarding to any other lead there', () => {
  fc.assert(
    fc.property(slice, slice, (before, after) => {
      const state = forwardingTo(before, 'vx0');
      const want = forwardingTo(after, 'vx0');
      apply(state, forwardingSteps(forwardingTo(before, 'vx0'), want, 'vx0'));
      expect(sorted(state)).toEqual(sorted(want));
    }),
  );
});

function apply(state: Forwarding, steps: readonly NetworkStep[]): void {
  const { neighbours, fdb, routes } = state;
  const unset = { link: '', address: '', mac: '', remote: '', destination: '' };
  for (const step of steps) {
    const { op, link, address, mac, remote, destination, gateway } = {
      ...unset,
      ...(step as typeof unset & { op: string; gateway?: string }),
    };
    const change = {
      'neighbour-replace': () => neighbours.set(`${link} ${address}`, mac),
      'neighbour-delete': () => neighbours.delete(`${link} ${address}`),
      'fdb-replace': () => fdb.set(mac, remote),
      'fdb-delete': () => fdb.delete(mac),
      'route-replace': () =>
        routes.set(destination, { link, ...(gateway !== undefined && { gateway }) }),
      'route-delete': () => routes.delete(destination),
    }[op];
    if (!change) throw new Error(`Unexpected ${op}`);
    change();
  }
}

function sorted(forwarding: Forwarding) {
  return Object.values(forwarding).map((part: ReadonlyMap<string, unknown>) =>
    [...part].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

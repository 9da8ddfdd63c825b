import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import { compile, deltasBetween } from '../../dataplane/compile.ts';
import { FilterCompiler } from '../../dataplane/compiler.ts';
import { renderProgram } from '../../dataplane/render.ts';
import type { FabricState } from '../../dataplane/state.ts';
import { worldFromObjects } from '../../policy/world.ts';
import { desiredFabric, filterState } from './desired.ts';
import { anInterface, attachedTo, objectsWith } from './desired.fake.ts';
import type { FabricObjects } from './source.ts';

const LINKS = { uplink: 'vx0', underlay: 'underlay0' };
const GROUPS = ['sg-1', 'sg-2', 'sg-3'] as const;
const groupId = fc.constantFrom(...GROUPS);
const rule = fc.record({
  isEgress: fc.boolean(),
  peer: fc.oneof(
    groupId.map((referencedGroupId) => ({ referencedGroupId })),
    fc.constantFrom('10.0.1.0/24', '10.0.2.8/30', '0.0.0.0/0').map((cidrIpv4) => ({ cidrIpv4 })),
  ),
  port: fc.integer({ min: 1, max: 3 }),
});

const groups = fc
  .tuple(...GROUPS.map(() => fc.array(rule, { maxLength: 4 })))
  .map((all): SecurityGroup[] =>
    GROUPS.map((name, i) => ({
      metadata: { name },
      spec: {
        account: '1',
        vpcId: 'vpc-1',
        groupName: name,
        description: name,
        rules: (all[i] ?? []).map(({ isEgress, peer, port }, n) => ({
          ruleId: `sgr-${i}${n}`,
          isEgress,
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          ...peer,
        })),
      },
    })),
  );

const interfaces = fc
  .uniqueArray(
    fc.record({
      number: fc.integer({ min: 5, max: 20 }),
      host: fc.constantFrom(1, 2),
      groups: fc.uniqueArray(groupId, { minLength: 1, maxLength: 2 }),
      more: fc.boolean(),
    }),
    { maxLength: 9, selector: ({ number }) => number },
  )
  .map((all): NetworkInterface[] =>
    all.map(({ number, host, groups: worn, more }, i) =>
      anInterface(number, {
        ...attachedTo(host, i),
        host,
        groups: worn,
        ipv6Addresses: more ? [`fd00:${host}::${number}`] : [],
        ipv4Prefixes: more ? [`10.0.${host}.${number * 16 - 64}/28`] : [],
        privateIps: [`10.0.${host}.${number - 4}`],
      }),
    ),
  );

/** What a host knows when it follows slices. */
function known(all: readonly NetworkInterface[], every: readonly SecurityGroup[]): FabricObjects {
  const { own, slices } = objectsWith(all);
  const worn = new Set(own.interfaces.flatMap(({ spec }) => spec.groups));
  return {
    own: { ...own, groups: every.filter(({ metadata }) => worn.has(metadata.name)) },
    slices,
  };
}

/** What it would know if it watched everything. */
function everything(
  state: FabricState,
  all: readonly NetworkInterface[],
  every: readonly SecurityGroup[],
): FabricState {
  const { peers: _peers, world, ...rest } = state;
  const { groups: whole, interfaces: views } = worldFromObjects({ groups: every, interfaces: all });
  return { ...rest, world: { ...world, groups: whole, interfaces: views } };
}

const text = (state: FabricState): string => renderProgram(compile(state));

test('slices lead to the program that all objects lead to', () => {
  fc.assert(
    fc.property(interfaces, groups, (all, every) => {
      const state = filterState(desiredFabric(known(all, every)), LINKS);
      expect(text(state)).toBe(text(everything(state, all, every)));
    }),
    { numRuns: 150 },
  );
});

test('from picture to picture the compiler ends where the last picture alone leads', () => {
  const pictures = fc.array(fc.tuple(interfaces, groups), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(pictures, (steps) => {
      const compiler = new FilterCompiler();
      let before: FabricState | undefined;
      for (const [all, every] of steps) {
        const state = filterState(desiredFabric(known(all, every)), LINKS);
        for (const delta of deltasBetween(before, state)) compiler.apply(delta);
        before = state;
        expect(renderProgram(compiler.program())).toBe(text(state));
      }
    }),
    { numRuns: 60 },
  );
});

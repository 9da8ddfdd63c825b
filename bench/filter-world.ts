/** A VPC at the scale that the filter is built for, the same at every run. */
import { parseCidr } from '../src/base/cidr.ts';
import { must } from '../src/base/assert.ts';
import type { FabricPort, FabricState } from '../src/dataplane/state.ts';
import type { GroupView } from '../src/dataplane/compiler.ts';
import type { Rule } from '../src/policy/rule.ts';
import type { InterfaceView } from '../src/policy/world.ts';

/** How much of everything. */
export interface Scale {
  readonly addresses: number;
  readonly classes: number;
  readonly groups: number;
  readonly rules: number;
  readonly ports: number;
}

/** The scale that issue 4 names. */
export const FULL_SCALE: Scale = {
  addresses: 50_000,
  classes: 2_000,
  groups: 800,
  rules: 10_000,
  ports: 120,
};

const VPC = 'vpc-bench';

/** Numbers that look random and are the same each time. */
export function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A fabric of that scale. */
export function benchState(scale: Scale): FabricState {
  const roll = dice(42);
  const groupIds = Array.from({ length: scale.groups }, (_, i) => groupId(i));
  const classes = new Map<string, readonly string[]>();
  while (classes.size < scale.classes) {
    const size = 1 + roll(3);
    const worn = [...new Set(Array.from({ length: size }, () => groupId(roll(scale.groups))))];
    classes.set(worn.toSorted().join(), worn.toSorted());
  }
  const worn = [...classes.values()];
  const interfaces = Array.from({ length: scale.addresses }, (_, i) =>
    benchInterface(
      i,
      must(worn[i % worn.length], () => 'a class'),
    ),
  );
  const groups = groupIds.map((id, i): readonly [string, GroupView] => {
    const count = Math.floor(scale.rules / scale.groups) + (i < scale.rules % scale.groups ? 1 : 0);
    const rules = Array.from({ length: count }, (_, n) => benchRule(id, n, roll));
    return [id, { groupId: id, name: id, vpcId: VPC, rules }];
  });
  const ports = interfaces.slice(0, scale.ports).map(benchPort);
  return { world: { groups: new Map(groups), interfaces }, ports, uplinks: ['vx0'] };
}

function groupId(i: number): string {
  return `sg-${(i + 0xabc0).toString(16).padStart(17, '0')}`;
}

/** The interface of that number, with one address of 10.0.0.0/8. */
export function benchInterface(i: number, groupIds: readonly string[]): InterfaceView {
  return {
    eniId: `eni-${i.toString(16).padStart(17, '0')}`,
    vpcId: VPC,
    addresses: [{ family: 4, value: 0x0a00_0000n + BigInt(i) }],
    groupIds,
    sourceDestCheck: true,
  };
}

/** The port of an interface. */
export function benchPort(item: InterfaceView): FabricPort {
  const number = Number(item.addresses[0]?.value ?? 0n) & 0xff_ffff;
  const digits = number.toString(16).padStart(6, '0');
  return {
    ...item,
    link: `e${digits}`,
    mac: `02:00:00:${digits.match(/../g)?.join(':')}`,
  };
}

/** A rule, half of them for blocks and half for groups, half in each direction. */
export function benchRule(own: string, n: number, roll: (below: number) => number): Rule {
  const first = 1 + roll(60_000);
  const cidr = parseCidr(`10.${roll(256)}.${roll(256)}.0/${[8, 16, 20, 24][roll(4)]}`);
  return {
    groupId: own,
    ruleId: `sgr-${own.slice(-4)}-${n}`,
    direction: n % 2 === 0 ? 'ingress' : 'egress',
    protocol: {
      kind: 'ports',
      number: roll(4) === 0 ? 17 : 6,
      ports: { first, last: first + roll(50) },
    },
    peer:
      n % 4 < 2 && cidr.ok
        ? { kind: 'cidr', cidr: cidr.value }
        : { kind: 'group', groupId: groupId(roll(FULL_SCALE.groups)) },
  };
}

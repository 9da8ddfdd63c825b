import { describe, expect, test } from 'vitest';
import { ip, smallWorld } from '../../test/arbitrary/small-world.ts';
import { must } from '../base/assert.ts';
import type { World } from '../policy/world.ts';
import { compile, deltasBetween } from './compile.ts';
import { FilterCompiler } from './compiler.ts';
import { changeText, changesBetween, diffPrograms } from './diff.ts';
import { elementText } from './element-text.ts';
import type { FabricProgram } from './program.ts';
import { renderProgram } from './render.ts';
import type { FabricState } from './state.ts';

const RULES = {
  'sg-app': ['out -1 * 0.0.0.0/0'],
  'sg-db': ['in tcp 5432 sg-app', 'in tcp 5000-6000 10.0.0.0/8', 'in tcp 5432 10.1.0.0/16'],
};
const HOMES = { 'eni-app': '10.0.1.7 sg-app', 'eni-db': '10.0.2.9 fd00::9 sg-db' };

/** A fabric whose ports are the interfaces named `local`. */
function fabric(world: World, local: readonly string[] = ['eni-db']): FabricState {
  return {
    world,
    uplinks: ['vx0'],
    ports: world.interfaces
      .filter((item) => local.includes(item.eniId))
      .map((item) => ({
        ...item,
        link: item.eniId.replace('eni-', 'p-'),
        mac: '02:00:00:00:00:0a',
      })),
  };
}

/** The fabric in a subnet whose ACL allows everything, or denies what enters, or does not exist. */
function inSubnet(acl: 'open' | 'shut' | undefined): FabricState {
  const state = fabric(smallWorld(RULES, HOMES));
  const everything = (family: 4 | 6) => ({
    family,
    first: 0n,
    last: (1n << (family === 4 ? 32n : 128n)) - 1n,
    prefixBits: 0,
  });
  const entries = (['egress', 'ingress'] as const).flatMap((direction) =>
    ([4, 6] as const).map((family, i) => ({
      number: 100 + i,
      direction,
      allow: acl === 'open' || direction === 'egress',
      protocol: { kind: 'all' } as const,
      cidr: everything(family),
    })),
  );
  const block = { family: 4, first: 0x0a00_0200n, last: 0x0a00_02ffn, prefixBits: 24 } as const;
  const subnet = {
    subnetId: 'subnet-1',
    vpcId: must(state.world.interfaces[0], () => 'an interface').vpcId,
    cidrs: [block],
    networkAclId: 'acl-1',
  };
  return {
    ...state,
    ports: state.ports.map((port) => ({ ...port, subnetId: 'subnet-1' })),
    world: {
      ...state.world,
      subnets: new Map([['subnet-1', subnet]]),
      ...(acl && { networkAcls: new Map([['acl-1', { networkAclId: 'acl-1', entries }]]) }),
    },
  };
}

function elements(program: FabricProgram, name: RegExp): readonly string[] {
  const found = program.sets.filter((set) => name.test(set.name));
  return found.flatMap((set) => set.elements.map((element) => elementText(set, element)));
}

describe('a compiled fabric', () => {
  const program = compile(fabric(smallWorld(RULES, HOMES)));

  test('pins its ports by link, MAC and address', () => {
    expect(elements(program, /^pinned/)).toEqual([
      '"p-db" . 02:00:00:00:00:0a . 10.0.2.9',
      '"p-db" . 02:00:00:00:00:0a . fd00::9',
    ]);
    expect(elements(program, /^bound/)).toEqual(['"p-db" . 10.0.2.9', '"p-db" . fd00::9']);
  });

  test('has no log while recording is off, and samples of what a port loses while it is on', () => {
    const state = fabric(smallWorld(RULES, HOMES));
    expect(renderProgram(compile(state))).not.toMatch(/\blog|limit|event/);
    const text = renderProgram(compile({ ...state, recording: true }));
    expect(text.split('\n').filter((line) => /\blog|limit/.test(line))).toEqual([
      '  set log_from { type ifname; limit rate 10/second burst 20 packets; elements = { "p-db" } }',
      '  set log_to { type ifname; limit rate 10/second burst 20 packets; elements = { "p-db" } }',
      '    oifname @log_to log prefix "acl_in" group 7 snaplen 128',
      '    iifname @log_from log prefix "acl_out" group 7 snaplen 128',
      '    iifname @log_from log prefix "egress" group 7 snaplen 128',
      '    oifname @log_to log prefix "ingress" group 7 snaplen 128',
      '    iifname @log_from log prefix "pin" group 7 snaplen 128',
      '    ct state new limit rate over 500/second burst 1000 packets ct event set 0',
    ]);
    const bare = text
      .replace(/ {2}chain record \{.*\n/, '')
      .replace(/ {2}chain record \{\n.*\n.*\n/, '');
    const without = bare.split('\n').filter((line) => !/\blog|limit/.test(line));
    expect(without.join('\n')).toBe(renderProgram(compile(state)));
  });

  test('knows the class of remote interfaces too', () => {
    expect(elements(program, /^class4$/).map((text) => text.split(' ')[0])).toEqual([
      '10.0.1.7',
      '10.0.2.9',
    ]);
  });

  test('has chains for the classes of its own ports only', () => {
    const chains = program.chains.filter(({ name }) => /^(egress|ingress)_[0-9a-f]{8}$/.test(name));
    expect(chains).toHaveLength(2);
  });

  test('drops what is contained and keeps what is left of it', () => {
    expect(elements(program, /^ingress_.*_ports4$/)).toEqual([
      '10.0.0.0-10.255.255.255 . 6 . 5000-6000',
    ]);
  });

  test('makes no sets for what no rule says', () => {
    const names = program.sets.map(({ name }) => name.replace(/_[0-9a-f]{8}_/, '_X_'));
    expect(names.filter((name) => name.includes('_X_'))).toEqual([
      'ingress_X_ports4',
      'ingress_X_ports_peers',
    ]);
  });

  test('drops by default in every base chain', () => {
    for (const one of [program, compile(inSubnet(undefined))])
      expect(new Set(one.chains.flatMap(({ hook }) => hook?.policy ?? []))).toEqual(
        new Set(['drop']),
      );
  });

  test('has the two hooks of network ACLs only while one restricts something', () => {
    const hooked = (one: FabricProgram) =>
      one.chains.filter(({ name, hook }) => hook && name.startsWith('acl_')).map((c) => c.name);
    expect(hooked(program)).toEqual([]);
    expect(hooked(compile(inSubnet('open')))).toEqual([]);
    expect(hooked(compile(inSubnet('shut')))).toEqual(['acl_in', 'acl_out']);
    // An ACL that does not exist lets nothing cross.
    expect(hooked(compile(inSubnet(undefined)))).toEqual(['acl_in', 'acl_out']);
  });

  test('adds them before a boundary needs them, and takes them out after the last one', () => {
    const compiler = new FilterCompiler();
    const apply = (before: FabricState | undefined, after: FabricState) => {
      for (const delta of deltasBetween(before, after)) compiler.apply(delta);
      return compiler.changes().map((change) => changeText(change));
    };
    const [open, shut] = [inSubnet('open'), inSubnet('shut')];
    apply(undefined, open);
    const on = apply(open, shut);
    const added = on.findIndex((text) => text.startsWith('add chain inet trunkline acl_in {'));
    const used = on.findIndex((text) => text.startsWith('add element inet trunkline acl_in_ports'));
    expect(added).toBeGreaterThanOrEqual(0);
    expect(used).toBeGreaterThan(added);
    expect(apply(shut, open)).toEqual(
      expect.arrayContaining(['acl_in', 'acl_out'].map((n) => `delete chain inet trunkline ${n}`)),
    );
    expect(renderProgram(compiler.program())).toBe(renderProgram(compile(open)));
  });

  test('lets plain packets of a port and known flows through before it asks anything else', () => {
    const first = (name: string) =>
      renderProgram(program).split(`  chain ${name} {\n`)[1]?.split('\n')[0]?.trim();
    expect(first('pin')).toBe(
      '@nh,0,8 69 @nh,50,1 0 iifname . ether saddr . ip saddr @pinned4 accept',
    );
    for (const gate of ['egress', 'ingress'])
      expect(first(gate)).toBe('ct state established ct mark 0x00000000 accept');
  });

  test('begins by replacing the table', () => {
    expect(renderProgram(program).split('\n').slice(0, 3)).toEqual([
      'table inet trunkline',
      'delete table inet trunkline',
      'table inet trunkline {',
    ]);
  });
});

describe('addresses in doubt', () => {
  test('claimed by two interfaces are of no class', () => {
    const world = smallWorld(RULES, { ...HOMES, 'eni-twin': '10.0.1.7 sg-db' });
    expect(elements(compile(fabric(world)), /^class4$/).join()).not.toContain('10.0.1.7');
  });

  test('are what the port says and not what the world says', () => {
    const state = fabric(smallWorld(RULES, HOMES));
    const ports = state.ports.map((port) => ({ ...port, addresses: [ip('10.0.2.10')] }));
    const program = compile({ ...state, ports });
    expect(elements(program, /^class4$/).join()).toContain('10.0.2.10');
    expect(elements(program, /^class4$/).join()).not.toContain('10.0.2.9 ');
  });
});

test('ports of two VPCs cannot share a fabric', () => {
  const world = smallWorld(RULES, HOMES);
  const split: World = {
    ...world,
    interfaces: world.interfaces.map((item) => ({ ...item, vpcId: `vpc-of-${item.eniId}` })),
  };
  expect(() => compile(fabric(split, ['eni-app', 'eni-db']))).toThrow(/several VPCs/);
});

test('a fabric without ports still denies', () => {
  const program = compile({ world: smallWorld({}, {}), ports: [], uplinks: [] });
  expect(elements(program, /_chains$/)).toEqual([]);
  expect(program.chains.map(({ name }) => name)).toContain('ingress');
});

describe('the difference of two programs', () => {
  const before = compile(fabric(smallWorld(RULES, HOMES)));

  test('is nothing for equal programs', () => {
    expect(diffPrograms(before, compile(fabric(smallWorld(RULES, HOMES))))).toBeUndefined();
  });

  test('of a new peer is one element', () => {
    const after = compile(fabric(smallWorld(RULES, { ...HOMES, 'eni-new': '10.0.1.8 sg-app' })));
    expect(diffPrograms(before, after)).toMatch(
      /^add element inet trunkline class4 \{ 10\.0\.1\.8 : 0x[0-9a-f]{8} \}\n$/,
    );
  });

  test('of a revoked rule takes its set away after the rule that looks it up', () => {
    const rules = { ...RULES, 'sg-db': RULES['sg-db'].slice(1) };
    const after = compile(fabric(smallWorld(rules, HOMES)));
    const ops = (changesBetween(before, after) ?? []).map(({ op }) => op);
    expect(ops).toEqual(['flush-chain', 'add-rule', 'delete-set']);
  });

  test('replaces the table when a base chain differs', () => {
    const [first, ...rest] = before.chains.filter(({ hook }) => hook);
    const other = { ...must(first, () => 'a base chain'), name: 'renamed' };
    const after = { ...before, chains: [other, ...rest] };
    expect(changesBetween(before, after)).toBeUndefined();
    expect(diffPrograms(before, after)).toBe(renderProgram(after));
  });

  test('names chains and maps in full', () => {
    const set = { name: 'm', keys: ['mark'], value: 'verdict', elements: [] } as const;
    expect(changeText({ op: 'delete-set', set })).toBe('delete map inet trunkline m');
    expect(changeText({ op: 'add-set', set })).toBe(
      'add map inet trunkline m { type mark : verdict; }',
    );
    expect(changeText({ op: 'delete-chain', name: 'c' })).toBe('delete chain inet trunkline c');
  });
});

import { describe, expect, test } from 'vitest';
import { applyChanges } from '../../test/differential/apply-changes.ts';
import { changesBetween, diffPrograms } from './diff.ts';
import { LiveProgram } from './live-program.ts';
import type { FabricProgram } from './program.ts';
import { renderProgram } from './render.ts';
import { timeoutsPart } from './timeouts.ts';

type Ports = Parameters<typeof timeoutsPart>[0];

function programOf(ports: Ports): FabricProgram {
  const live = new LiveProgram();
  live.put('timeouts', timeoutsPart(ports));
  return live.program();
}

const ONE: Ports = [{ link: 'a', timeouts: { tcpEstablished: 60 } }];

describe('idle times', () => {
  test('of ports that have none of their own cost nothing', () => {
    expect(timeoutsPart([{ link: 'a' }, { link: 'b', timeouts: undefined }])).toBeUndefined();
  });

  test('are filled up with the defaults of EC2', () => {
    const text = renderProgram(programOf(ONE));
    expect(text).toContain('policy = { established : 60 }');
    expect(text).toContain('policy = { unreplied : 30, replied : 180 }');
    expect(text).toContain(
      'iifname @timeout_60_180_30 meta l4proto 6 ct timeout set "tcp_60_180_30"',
    );
    expect(text).toContain(
      'oifname @timeout_60_180_30 meta l4proto 17 ct timeout set "udp_60_180_30"',
    );
  });

  test('are one object for all ports that have the same', () => {
    const ports = ['b', 'a'].map((link) => ({ link, timeouts: { udp: 45 } }));
    const { timeouts = [], sets } = programOf(ports);
    expect(timeouts.map(({ name }) => name)).toEqual(['tcp_432000_180_45', 'udp_432000_180_45']);
    expect(sets[0]?.elements.map(({ key }) => key)).toEqual([['a'], ['b']]);
    expect(programOf(ports.toReversed())).toEqual(programOf(ports));
  });

  test('change by a difference from one kind to another', () => {
    const [before, after] = [ONE, [...ONE, { link: 'b', timeouts: { udp: 60 } }]].map(programOf);
    if (!before || !after) throw new Error('two programs');
    for (const [from, to] of [
      [before, after],
      [after, before],
    ] as const)
      expect(applyChanges(from, changesBetween(from, to) ?? [])).toEqual(to);
    expect(diffPrograms(after, before)).toContain(
      'delete ct timeout inet trunkline udp_432000_180_60',
    );
  });

  test('that come and go leave nothing behind', () => {
    const live = new LiveProgram();
    live.put('timeouts', timeoutsPart(ONE));
    let program = applyChanges({ sets: [], chains: [] }, live.changes());
    expect(program).toEqual(programOf(ONE));
    live.put('timeouts', undefined);
    program = applyChanges(program, live.changes());
    expect(program).toEqual({ sets: [], chains: [] });
  });
});

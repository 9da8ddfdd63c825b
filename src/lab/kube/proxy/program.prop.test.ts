import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeHash } from '../workloads/hash.ts';
import { proxyProgram } from './program.ts';
import { proxyPorts } from './service-ports.ts';
import { somePorts } from './some-ports.fake.ts';
import { testService, testSlice } from './test-services.fake.ts';

const hash = (text: string): string => safeHash(text).slice(0, 8);

/** What a script adds, by the chain that it stands in. */
function read(script: string): { chains: Set<string>; jumps: string[]; sets: Set<string> } {
  const chains = [...script.matchAll(/^add chain ip kube-proxy (\S+)/gm)].map(([, name]) => name!);
  const sets = [...script.matchAll(/^add (?:set|map) ip kube-proxy (\S+)/gm)].map(([, n]) => n!);
  const jumps = [...script.matchAll(/(?:goto|jump) ([^\s,}]+)/g)].map(([, name]) => name!);
  return { chains: new Set(chains), jumps, sets: new Set(sets) };
}

describe('the program of a node', () => {
  test('jumps only to chains that it has, and has none that nothing leads to', () => {
    fc.assert(
      fc.property(somePorts(), (ports) => {
        const program = proxyProgram(ports, hash);
        const { chains, jumps, sets } = read(program.whole);
        expect(jumps.filter((name) => !chains.has(name))).toEqual([]);
        expect([...program.names.chains].filter((name) => !jumps.includes(name))).toEqual([]);
        const used = [...program.whole.matchAll(/@(\S+)/g)].map(([, name]) => name!);
        expect(used.filter((name) => !sets.has(name))).toEqual([]);
        expect([...program.names.chains].every((name) => name.length < 128)).toBe(true);
      }),
    );
  });

  test('answers for every address and port, one way or the other', () => {
    fc.assert(
      fc.property(somePorts(), (ports) => {
        const { whole } = proxyProgram(ports, hash);
        const lines = whole.split('\n').filter((line) => line.startsWith('add element'));
        for (const { clusterIp, protocol, port, nodePort, internal } of ports) {
          const key = `${clusterIp} . ${protocol} . ${port} :`;
          const maps = lines.filter((line) => line.includes(key)).map((line) => line.split(' ')[4]);
          const map = internal.endpoints.length > 0 ? 'service-ips' : 'no-endpoint-services';
          expect(maps).toEqual([map]);
          const onNode = lines.filter((line) => line.includes(`${protocol} . ${nodePort} :`));
          expect(onNode).toHaveLength(nodePort === undefined ? 0 : 1);
        }
      }),
    );
  });

  test('removes exactly what the one before it had and it has not', () => {
    fc.assert(
      fc.property(somePorts(), somePorts(), (before, now) => {
        const [old, fresh] = [proxyProgram(before, hash), proxyProgram(now, hash)];
        const change = fresh.after(old.names);
        const removed = [...change.matchAll(/^delete (?:chain|set) \S+ \S+ (\S+)$/gm)];
        const all = ({ names }: typeof old): string[] => [...names.chains, ...names.sets];
        const left = all(old).filter((name) => !all(fresh).includes(name));
        expect(new Set(removed.map(([, name]) => name))).toEqual(new Set(left));
        expect(removed).toHaveLength(left.length);
      }),
    );
  });

  test('masquerades clients from outside, except where they keep their address', () => {
    const [port] = proxyPorts({
      nodeName: 'node-1',
      services: [testService('web', '10.100.0.1')],
      slices: [testSlice('web', { port: 8080 }, [{ address: '10.0.0.1', node: 'node-1' }])],
    });
    const rulesOf = (externalLocal: boolean): string =>
      proxyProgram([{ ...port!, nodePort: 30_000, externalLocal }], hash)
        .whole.split('\n')
        .filter((line) => line.startsWith('add rule ip kube-proxy external-'))
        .join('\n');
    expect(rulesOf(false)).toMatch(/ jump mark-for-masquerade\n/);
    expect(rulesOf(true)).toMatch(/ fib saddr type local jump mark-for-masquerade\n/);
    expect(rulesOf(true)).not.toMatch(/\S{8}-\S+ jump mark-for-masquerade/);
  });
});

/**
 * Idle times of flows by interface (ec2-surface.md 3.6). A new flow gets those of the interface that sends
 * it, or of the one that receives it here if that has its own: one entry serves both. Links whose interface
 * has none of its own are not looked at, and the namespace's times hold.
 */
import { makeSet } from './make-set.ts';
import { point, type Chain, type ChainRule, type Field, type TimeoutObject } from './program.ts';
import type { Part } from './live-program.ts';

/** Idle times in seconds; an absent one is the default. */
export interface FlowTimeouts {
  readonly tcpEstablished?: number;
  readonly udpStream?: number;
  readonly udp?: number;
}

/** Defaults of EC2, in seconds. */
export const TIMEOUTS = { tcpEstablished: 432_000, udpStream: 180, udp: 30, other: 600 } as const;

/** The part of the program for all ports that have times of their own; none when no port has. */
export function timeoutsPart(
  ports: readonly { readonly link: string; readonly timeouts?: FlowTimeouts | undefined }[],
): Part | undefined {
  const byName = Map.groupBy(
    ports.flatMap(({ link, timeouts }) => (timeouts ? [{ link, timeouts: filled(timeouts) }] : [])),
    ({ timeouts }) => Object.values(timeouts).join('_'),
  );
  const kinds = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (kinds.length === 0) return undefined;
  return {
    timeouts: kinds.flatMap(([name, [one]]) => (one ? objectsOf(name, one.timeouts) : [])),
    sets: kinds.map(([name, some]) =>
      makeSet({
        name: `timeout_${name}`,
        fields: ['iifname'],
        elements: some.map(({ link }) => ({ key: [link] })),
      }),
    ),
    chains: [chainOf(kinds.map(([name]) => name))],
  };
}

function filled({
  tcpEstablished = TIMEOUTS.tcpEstablished,
  udpStream = TIMEOUTS.udpStream,
  udp = TIMEOUTS.udp,
}: FlowTimeouts): Required<FlowTimeouts> {
  return { tcpEstablished, udpStream, udp };
}

function objectsOf(name: string, times: Required<FlowTimeouts>): readonly TimeoutObject[] {
  const { tcpEstablished: established, udpStream: replied, udp: unreplied } = times;
  return [
    { name: `tcp_${name}`, protocol: 'tcp', seconds: { established } },
    { name: `udp_${name}`, protocol: 'udp', seconds: { unreplied, replied } },
  ];
}

function chainOf(names: readonly string[]): Chain {
  const rule = (port: Field, name: string, protocol: 'tcp' | 'udp'): ChainRule => [
    { op: 'lookup', fields: [port], set: `timeout_${name}` },
    { op: 'is', field: 'meta l4proto', values: [point(protocol === 'tcp' ? 6 : 17)] },
    { op: 'flow-timeout', timeout: `${protocol}_${name}` },
  ];
  const rules = (['iifname', 'oifname'] as const).flatMap((port) =>
    names.flatMap((name) => [rule(port, name, 'tcp'), rule(port, name, 'udp')]),
  );
  const known = ['established', 'related', 'invalid'] as const;
  return {
    name: 'timeouts',
    hook: { hook: 'forward', priority: 'filter + 10', policy: 'drop' },
    rules: [[{ op: 'is', field: 'ct state', values: [...known] }, ACCEPT], ...rules, [ACCEPT]],
  };
}

const ACCEPT = { op: 'verdict', verdict: { verdict: 'accept' } } as const;

/**
 * What ports may say in ARP. The fabric answers for every address and keeps the neighbours of its ports
 * itself, so all that a port ever needs is to ask: answers, announcements, and questions in somebody
 * else's name are dropped and counted. Without this a port could fill the neighbour table of the fabric.
 */
import { point, type Chain, type ChainRule, type Field } from './program.ts';

/** The only chain of the ARP table. */
export function arpChain(): Chain {
  const request = { op: 'is', field: 'arp operation', values: [point(1)] } as const;
  const ask = (...fields: readonly Field[]) => ['iifname', 'ether saddr', ...fields] as const;
  const rules: readonly ChainRule[] = [
    [{ op: 'lookup', fields: ['iifname'], set: 'arp_trusted' }, ACCEPT],
    // Who asks for its own address tells the others that it has it.
    [request, { op: 'lookup', fields: ['iifname', 'arp daddr ip'], set: 'arp_own' }, DENY],
    [
      request,
      { op: 'lookup', fields: ask('arp saddr ether', 'arp saddr ip'), set: 'arp_pinned' },
      ACCEPT,
    ],
    [request, { op: 'lookup', fields: ask('arp saddr ether'), set: 'arp_unpinned' }, ACCEPT],
    [DENY],
  ];
  return {
    name: 'arp_input',
    hook: { hook: 'input', priority: 'filter', policy: 'drop' },
    rules,
  };
}

/** Where dropped frames are counted. */
export function arpDeniedChain(): Chain {
  return {
    name: 'arp_denied',
    rules: [[{ op: 'lookup', fields: ['iifname'], set: 'arp_drops' }, DROP]],
  };
}

const ACCEPT = { op: 'verdict', verdict: { verdict: 'accept' } } as const;
const DROP = { op: 'verdict', verdict: { verdict: 'drop' } } as const;
const DENY = { op: 'verdict', verdict: { verdict: 'goto', chain: 'arp_denied' } } as const;

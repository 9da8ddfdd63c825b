/**
 * Which source address packets have when they leave the node, and by which interface replies go (spec:
 * eks-behaviour 5.6). Plain pods, and standard pods on their way out of the VPC, leave by the primary
 * interface with the node's address: nobody outside could answer theirs. A mark on the connection makes
 * sure that all its packets go the way of the first.
 *
 * The rules are those of the AWS CNI, in one table of nftables whose chains have AWS's names: its own
 * `aws-cni`, so that neither a kube-proxy of any kind nor `iptables-save` meets rules it cannot read. One
 * difference is deliberate. AWS marks in a chain of type nat, which the kernel leaves out for a
 * connection that kube-proxy has just translated; a Service with backends outside of the VPC then leaves
 * by the trunk with an address that no answer finds. Here the chain is a filter for new connections, which
 * sees the translated address.
 */
import type { HostSettings, SnatPorts } from './settings.ts';

/** Facts about the node that rules name. */
export interface NatFacts {
  /** Primary interface. */
  readonly link: string;
  /** Its IPv4 address. */
  readonly address: string;
  /** IPv4 blocks of the VPC. */
  readonly vpcCidrs: readonly string[];
}

/** The table, as `nft list` takes it. */
export const NAT_TABLE = 'table ip aws-cni';

/** A script that makes the table anew in one step, or removes it: a node without IPv4 has no facts. */
export function natProgram(settings: HostSettings, facts: NatFacts | undefined): string {
  const forget = `${NAT_TABLE}\ndelete ${NAT_TABLE}\n`;
  const chains = facts === undefined ? [] : chainsOf(settings, facts);
  if (chains.length === 0) return forget;
  return `${forget}${NAT_TABLE} {\n${chains.map(chainText).join('')}}\n`;
}

interface Chain {
  readonly name: string;
  /** Absent for a chain that others jump to. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

function chainsOf(settings: HostSettings, facts: NatFacts): readonly Chain[] {
  const restored = restoreRules(settings);
  const primary = settings.nodePortSupport ? [primaryRule(settings, facts)] : [];
  const mangle = [...primary, ...restored];
  return [
    ...(mangle.length > 0
      ? [
          {
            name: 'mangle-prerouting',
            hook: 'type filter hook prerouting priority mangle; policy accept;',
            rules: mangle,
          },
        ]
      : []),
    ...(settings.externalSnat ? [] : snatChains(settings, facts)),
  ];
}

/** What comes in by the primary interface for the node goes out by it again. */
function primaryRule({ connmark }: HostSettings, { link }: NatFacts): string {
  return `iifname "${link}" fib daddr . iif type local ${setConnmark(connmark)} comment "AWS, primary ENI"`;
}

/** Packets of marked connections get the mark that rule 1024 looks for. */
function restoreRules(settings: HostSettings): readonly string[] {
  const { nodePortSupport, externalSnat, vethPrefix, connmark } = settings;
  return [
    ...(nodePortSupport || !externalSnat ? restore(vethPrefix, connmark) : []),
    ...(nodePortSupport ? restore('vlan', connmark) : []),
  ];
}

function restore(prefix: string, mark: number): readonly string[] {
  const from = `iifname "${prefix}*"`;
  return [
    `${from} meta mark set meta mark & ${hex(~mark >>> 0)}`,
    `${from} ct mark & ${hex(mark)} == ${hex(mark)} meta mark set meta mark | ${hex(mark)}`,
  ];
}

function snatChains(settings: HostSettings, facts: NatFacts): readonly Chain[] {
  const { connmark, vethPrefix, excludedSnatCidrs, randomizeSnat } = settings;
  const exempt = [...facts.vpcCidrs, ...excludedSnatCidrs];
  return [
    { name: 'snat-mark', rules: [...exempt.map((cidr) => returnFor(cidr)), setConnmark(connmark)] },
    {
      name: 'nat-prerouting',
      hook: 'type filter hook prerouting priority dstnat + 10; policy accept;',
      rules: [
        'fib daddr type local return',
        `iifname "${vethPrefix}*" ct state new jump snat-mark comment "AWS, outbound connections"`,
        ...restore(vethPrefix, connmark),
      ],
    },
    {
      name: 'AWS-SNAT-CHAIN-0',
      rules: [
        ...facts.vpcCidrs.map((cidr) => returnFor(cidr, 'AWS SNAT CHAIN')),
        ...excludedSnatCidrs.map((cidr) => returnFor(cidr, 'AWS SNAT CHAIN EXCLUSION')),
        `oifname != "vlan*" fib daddr type != local snat to ${facts.address}${PORTS[randomizeSnat]} comment "AWS, SNAT"`,
      ],
    },
    {
      name: 'nat-postrouting',
      // After kube-proxy's chain, as on EKS: the first that translates has it.
      hook: 'type nat hook postrouting priority srcnat + 10; policy accept;',
      rules: ['jump AWS-SNAT-CHAIN-0 comment "AWS SNAT CHAIN"'],
    },
  ];
}

const PORTS: Readonly<Record<SnatPorts, string>> = {
  prng: ' fully-random',
  hashrandom: ' random',
  none: '',
};

function returnFor(cidr: string, comment?: string): string {
  return `ip daddr ${cidr} return${comment === undefined ? '' : ` comment "${comment}"`}`;
}

function setConnmark(mark: number): string {
  return `ct mark set ct mark | ${hex(mark)}`;
}

function hex(mark: number): string {
  return `0x${mark.toString(16)}`;
}

function chainText({ name, hook, rules }: Chain): string {
  const lines = [...(hook === undefined ? [] : [hook]), ...rules];
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}

import { parseCidr } from '../../base/cidr.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { EnforcingMode } from '../agent/sandbox.ts';

/** How the host's network is set, by the environment of `aws-node` (spec: eks-behaviour 5.1). */
export interface HostSettings {
  /** ENABLE_POD_ENI. */
  readonly enablePodEni: boolean;
  /** POD_SECURITY_GROUP_ENFORCING_MODE. */
  readonly enforcingMode: EnforcingMode;
  /** DISABLE_TCP_EARLY_DEMUX, of the init container: needed for TCP between a node and its strict pods. */
  readonly disableTcpEarlyDemux: boolean;
  /** AWS_VPC_K8S_CNI_EXTERNALSNAT: a NAT gateway does it, the node does not. */
  readonly externalSnat: boolean;
  /** AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS: treated like blocks of the VPC. IPv4. */
  readonly excludedSnatCidrs: readonly string[];
  /** AWS_VPC_K8S_CNI_RANDOMIZESNAT. */
  readonly randomizeSnat: SnatPorts;
  /** AWS_VPC_K8S_CNI_CONNMARK: mark and mask. */
  readonly connmark: number;
  /** AWS_VPC_K8S_CNI_VETHPREFIX. */
  readonly vethPrefix: string;
  /** AWS_VPC_CNI_NODE_PORT_SUPPORT. */
  readonly nodePortSupport: boolean;
  /** AWS_EXTERNAL_SERVICE_CIDRS: reached by the main table, whatever the pod's branch. IPv4. */
  readonly externalServiceCidrs: readonly string[];
}

/** How source ports are chosen: `prng` fully at random, `hashrandom` by a hash, `none` as they were. */
export type SnatPorts = 'prng' | 'hashrandom' | 'none';

/** What AWS's manifest of `aws-node` leaves unset. */
export const DEFAULT_HOST_SETTINGS: HostSettings = {
  enablePodEni: false,
  enforcingMode: 'strict',
  disableTcpEarlyDemux: false,
  externalSnat: false,
  excludedSnatCidrs: [],
  randomizeSnat: 'prng',
  connmark: 0x80,
  vethPrefix: 'eni',
  nodePortSupport: true,
  externalServiceCidrs: [],
};

/** The environment of a container. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Reads an environment. An error lists everything that is wrong with it, each with its variable. */
export function parseHostSettings(env: Environment): Result<HostSettings, readonly string[]> {
  const problems: string[] = [];
  const problem = (name: string, expected: string): void => {
    problems.push(`${name} is '${env[name]}' and must be ${expected}`);
  };
  const read = reader(env, problem);
  const base = DEFAULT_HOST_SETTINGS;
  const settings: HostSettings = {
    enablePodEni: read.flag('ENABLE_POD_ENI', base.enablePodEni),
    enforcingMode: read.choice('POD_SECURITY_GROUP_ENFORCING_MODE', ['strict', 'standard']),
    disableTcpEarlyDemux: read.flag('DISABLE_TCP_EARLY_DEMUX', base.disableTcpEarlyDemux),
    externalSnat: read.flag('AWS_VPC_K8S_CNI_EXTERNALSNAT', base.externalSnat),
    excludedSnatCidrs: read.cidrs('AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS'),
    randomizeSnat: read.choice('AWS_VPC_K8S_CNI_RANDOMIZESNAT', ['prng', 'hashrandom', 'none']),
    connmark: read.mark('AWS_VPC_K8S_CNI_CONNMARK', base.connmark),
    vethPrefix: read.prefix('AWS_VPC_K8S_CNI_VETHPREFIX', base.vethPrefix),
    nodePortSupport: read.flag('AWS_VPC_CNI_NODE_PORT_SUPPORT', base.nodePortSupport),
    externalServiceCidrs: read.cidrs('AWS_EXTERNAL_SERVICE_CIDRS'),
  };
  return problems.length > 0 ? err(problems) : ok(settings);
}

/** Names of links that a prefix must not take. */
const TAKEN_PREFIXES: ReadonlySet<string> = new Set(['eth', 'lo', 'vlan']);

function reader(env: Environment, problem: (name: string, expected: string) => void) {
  return {
    flag(name: string, otherwise: boolean): boolean {
      const value = env[name]?.toLowerCase() ?? '';
      if (!['', 'true', 'false'].includes(value)) problem(name, 'true or false');
      return value === '' ? otherwise : value === 'true';
    },
    /** The first choice is the default. */
    choice<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
      const value = env[name] ?? '';
      const chosen = choices.find((one) => one === value);
      if (chosen === undefined && value !== '') problem(name, choices.join(', '));
      return chosen ?? choices[0];
    },
    mark(name: string, otherwise: number): number {
      const value = env[name] ?? '';
      const mark = value === '' ? otherwise : Number(value);
      if (!Number.isInteger(mark) || mark < 1 || mark > 0xffff_ffff)
        problem(name, 'a number such as 0x80');
      return mark;
    },
    prefix(name: string, otherwise: string): string {
      const value = env[name] ?? otherwise;
      if (!/^[a-z][a-z0-9]{0,3}$/.test(value) || TAKEN_PREFIXES.has(value))
        problem(name, 'up to 4 letters, and not eth, lo or vlan');
      return value;
    },
    cidrs(name: string): readonly string[] {
      const all = (env[name] ?? '').split(',').map((one) => one.trim());
      const given = all.filter((one) => one !== '');
      if (!given.every(isBlock4)) problem(name, 'IPv4 CIDR blocks with commas between');
      return given;
    },
  };
}

function isBlock4(text: string): boolean {
  const cidr = parseCidr(text);
  return cidr.ok && cidr.value.family === 4;
}

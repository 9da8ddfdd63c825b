import { NetworkError, type Network } from '../../base/network.ts';
import { hostRuleSteps } from '../host/host-rules.ts';
import type { HostSettings } from '../host/settings.ts';
import { PRIORITY } from '../wiring/names.ts';
import type { Sandbox } from './sandbox.ts';
import { teardownSteps } from './wirer.ts';

/** Sysctls of every node; IPv6 ones may be missing from the kernel. */
const FORWARDING = { 'net.ipv4.ip_forward': '1' } as const;
/** What the AWS CNI writes for each veth and VLAN link (spec 5.5), as the default of new links. */
const IPV6_DEFAULTS = {
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.accept_redirects': '1',
  'net.ipv6.conf.default.forwarding': '0',
} as const;

/** Node-level setup (spec 5.6): what the init container of the AWS CNI does, and the host's own rules. */
export async function setUpHost(
  network: Network,
  hostNetns: string,
  settings: HostSettings,
): Promise<void> {
  await network.sysctl(hostNetns, FORWARDING);
  await network.sysctl(hostNetns, IPV6_DEFAULTS).catch(tolerateMissing);
  const earlyDemux = settings.disableTcpEarlyDemux ? '0' : '1';
  await network.sysctl(hostNetns, { 'net.ipv4.tcp_early_demux': earlyDemux });
  const { rules } = await network.read(hostNetns);
  await network.apply(hostNetns, hostRuleSteps(settings, rules));
}

/** Priorities of rules that belong to a pod. */
const POD_PRIORITIES: ReadonlySet<number> = new Set([
  PRIORITY.branch,
  PRIORITY.toPod,
  PRIORITY.fromPod,
]);

/** Removes rules at our priorities that no sandbox on record accounts for. */
export async function removeStaleRules(
  network: Network,
  hostNetns: string,
  sandboxes: readonly Sandbox[],
): Promise<number> {
  const wanted = new Set(
    sandboxes
      .flatMap(teardownSteps)
      .flatMap((step) => (step.op === 'rule-delete' ? ruleKey(step) : [])),
  );
  const { rules } = await network.read(hostNetns);
  const stale = rules.filter(
    (rule) => POD_PRIORITIES.has(rule.priority) && !wanted.has(ruleKey(rule)),
  );
  const steps = stale.map((rule) => ({ op: 'rule-delete', ...rule, ignoreMissing: true }) as const);
  await network.apply(hostNetns, steps);
  return stale.length;
}

function ruleKey(rule: {
  readonly priority: number;
  readonly table: number;
  readonly inputLink?: string;
  readonly from?: string;
  readonly to?: string;
}): string {
  const { priority, table, inputLink = '', from = '', to = '' } = rule;
  return `${priority} ${table} ${inputLink} ${from} ${to}`;
}

function tolerateMissing(error: unknown): void {
  if (!(error instanceof NetworkError) || !['ENOENT', 'EACCES', 'EPERM'].includes(error.code))
    throw error;
}

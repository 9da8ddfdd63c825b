import { NetworkError, type Network } from '../../base/network.ts';
import { LOCAL_TABLE, PRIORITY } from '../wiring/names.ts';
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

/**
 * Node-level setup (spec 5.6). Strict mode looks up own addresses only after the rules of branches
 * (priority 20 instead of 0), and without early demultiplexing: a reply of a pod to its own node
 * would otherwise be matched to the socket before it has left over the trunk.
 */
export async function setUpHost(
  network: Network,
  hostNetns: string,
  enforcingMode: 'strict' | 'standard',
): Promise<void> {
  await network.sysctl(hostNetns, FORWARDING);
  await network.sysctl(hostNetns, IPV6_DEFAULTS).catch(tolerateMissing);
  if (enforcingMode !== 'strict') return;
  await network.sysctl(hostNetns, { 'net.ipv4.tcp_early_demux': '0' });
  await network.apply(hostNetns, [
    { op: 'rule-add', priority: PRIORITY.localStrict, table: LOCAL_TABLE, ignoreExisting: true },
    { op: 'rule-delete', priority: 0, table: LOCAL_TABLE, ignoreMissing: true },
  ]);
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

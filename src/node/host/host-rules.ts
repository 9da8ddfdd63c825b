import type { NetworkStep, RuleInfo } from '../../base/network.ts';
import { LOCAL_TABLE, MAIN_TABLE, PRIORITY } from '../wiring/names.ts';
import type { HostSettings } from './settings.ts';

/**
 * Steps that bring the host's own policy rules in line with the settings (spec: eks-behaviour 5.5, 5.6).
 * Strict mode looks up own addresses only after the rules of branches, priority 20 instead of 0; that is
 * not taken back when the mode changes, because pods that are wired in strict mode need it.
 */
export function hostRuleSteps(
  settings: HostSettings,
  rules: readonly RuleInfo[],
): readonly NetworkStep[] {
  return [
    ...localSteps(settings, rules),
    ...markSteps(settings, rules),
    ...serviceSteps(settings, rules),
  ];
}

function localSteps(
  { enablePodEni, enforcingMode }: HostSettings,
  rules: readonly RuleInfo[],
): readonly NetworkStep[] {
  const done = !rules.some((one) => one.priority === 0 && one.table === LOCAL_TABLE);
  if (!enablePodEni || enforcingMode !== 'strict' || done) return [];
  return [
    { op: 'rule-add', priority: PRIORITY.localStrict, table: LOCAL_TABLE, ignoreExisting: true },
    { op: 'rule-delete', priority: 0, table: LOCAL_TABLE, ignoreMissing: true },
  ];
}

/** AWS deletes the rule and adds it again at each start; flows that go by it would lose packets. */
function markSteps(
  { nodePortSupport, externalSnat, connmark }: HostSettings,
  rules: readonly RuleInfo[],
): readonly NetworkStep[] {
  if (nodePortSupport || !externalSnat) {
    const mark = { fwmark: connmark, fwmask: connmark };
    return [{ op: 'rule-add', ...MARKED, ...mark, ignoreExisting: true }];
  }
  return rules
    .filter((one) => one.priority === PRIORITY.marked && one.table === MAIN_TABLE)
    .map(() => ({ op: 'rule-delete', ...MARKED, ignoreMissing: true }));
}

const MARKED = { priority: PRIORITY.marked, table: MAIN_TABLE } as const;

function serviceSteps(
  { externalServiceCidrs }: HostSettings,
  rules: readonly RuleInfo[],
): NetworkStep[] {
  const rule = { priority: PRIORITY.externalService, table: MAIN_TABLE } as const;
  const have = rules.filter((one) => one.priority === PRIORITY.externalService);
  const gone = have.filter(({ to = '' }) => !externalServiceCidrs.includes(to));
  return [
    ...gone.map((one): NetworkStep => ({ op: 'rule-delete', ...one, ignoreMissing: true })),
    ...externalServiceCidrs.map((to): NetworkStep => {
      return { op: 'rule-add', ...rule, to, ignoreExisting: true };
    }),
  ];
}

import { describe, expect, test } from 'vitest';
import type { RuleInfo } from '../../base/network.ts';
import { hostRuleSteps } from './host-rules.ts';
import { DEFAULT_HOST_SETTINGS, type HostSettings } from './settings.ts';

const FRESH: readonly RuleInfo[] = [
  { priority: 0, table: 255 },
  { priority: 32766, table: 254 },
];
const STRICT: readonly RuleInfo[] = [{ priority: 20, table: 255 }];

/** The steps in short: what is done to which priority, and what it leads to. */
function steps(settings: Partial<HostSettings>, rules = FRESH): string[] {
  return hostRuleSteps({ ...DEFAULT_HOST_SETTINGS, enablePodEni: true, ...settings }, rules).map(
    (step) => {
      if (!('priority' in step)) return step.op;
      const mark = step.fwmark === undefined ? '' : ` mark ${step.fwmark}/${step.fwmask}`;
      return `${step.op} ${step.priority}${mark}${step.to === undefined ? '' : ` ${step.to}`}`;
    },
  );
}

const MARK = 'rule-add 1024 mark 128/128';

describe('rules of the host', () => {
  test('strict mode moves own addresses behind the branches, adding before it deletes', () => {
    expect(steps({})).toEqual(['rule-add 20', 'rule-delete 0', MARK]);
  });

  test('are moved once', () => {
    expect(steps({}, STRICT)).toEqual([MARK]);
  });

  test.each([
    ['standard mode', { enforcingMode: 'standard' }],
    ['a node without the feature', { enablePodEni: false }],
  ] as const)('%s moves nothing, and nothing back', (_, settings) => {
    expect(steps(settings)).toEqual([MARK]);
    expect(steps(settings, STRICT)).toEqual([MARK]);
  });

  test('marked packets need a rule for node ports and for SNAT, and none without both', () => {
    const standard = { enforcingMode: 'standard', externalSnat: true } as const;
    expect(steps(standard)).toEqual([MARK]);
    expect(steps({ ...standard, externalSnat: false, nodePortSupport: false })).toEqual([MARK]);
    expect(steps({ ...standard, nodePortSupport: false })).toEqual([]);
    const before = [...FRESH, { priority: 1024, table: 254 }];
    expect(steps({ ...standard, nodePortSupport: false }, before)).toEqual(['rule-delete 1024']);
  });

  test('services outside are reached by the main table, and no longer when they are unset', () => {
    const settings = {
      enforcingMode: 'standard',
      externalServiceCidrs: ['203.0.113.0/24', '198.51.100.0/24'],
    } as const;
    const before = [...FRESH, { priority: 1535, table: 254, to: '192.0.2.0/24' }];
    expect(steps(settings, before)).toEqual([
      MARK,
      'rule-delete 1535 192.0.2.0/24',
      'rule-add 1535 203.0.113.0/24',
      'rule-add 1535 198.51.100.0/24',
    ]);
    expect(steps({ ...settings, externalServiceCidrs: [] }, before)).toEqual([
      MARK,
      'rule-delete 1535 192.0.2.0/24',
    ]);
  });
});

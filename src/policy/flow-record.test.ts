import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AWS_FIELDS,
  FLOW_FIELDS,
  FLOW_HEADER,
  flowObject,
  flowRecord,
  formatFlowRecord,
  matchesFlow,
  parseFlowRecord,
} from './flow-record.ts';

describe('a flow record', () => {
  test('begins with the fields of version 2 in AWS’s order', () => {
    expect(AWS_FIELDS.slice(0, 14).join(' ')).toBe(
      'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
    );
    expect(AWS_FIELDS).toHaveLength(29);
    expect(new Set(FLOW_FIELDS).size).toBe(FLOW_FIELDS.length);
  });

  test('comes back from its line, whatever its reason says', () => {
    const word = fc.stringMatching(/^[a-z0-9.:,-]{1,12}$/);
    const record = fc.record(
      Object.fromEntries(
        FLOW_FIELDS.map((name) => [name, name === 'reason' ? fc.string({ minLength: 1 }) : word]),
      ),
    );
    fc.assert(
      fc.property(record, (fields) => {
        const made = flowRecord(fields);
        const line = formatFlowRecord(made);
        expect(line).not.toMatch(/[\n\r]/);
        expect(parseFlowRecord(line)).toEqual(made);
      }),
    );
  });

  test('is no header, and no line that was cut off', () => {
    const line = formatFlowRecord(flowRecord({ version: '5', bytes: '7' }));
    expect(parseFlowRecord(FLOW_HEADER)).toBeUndefined();
    expect(parseFlowRecord(line.slice(0, -3))).toBeUndefined();
    expect(parseFlowRecord(`${line} more`)).toBeUndefined();
    expect(parseFlowRecord('')).toBeUndefined();
  });

  test('is for programs what is known of it, numbers as numbers', () => {
    const record = flowRecord({ version: '5', dstport: '53', 'rule-id': 'sgr-1', policy: '' });
    expect(flowObject(record)).toEqual({ version: 5, dstport: 53, rule_id: 'sgr-1' });
  });
});

describe('a filter of flow records', () => {
  const record = flowRecord({
    action: 'ACCEPT',
    'pod-namespace': 'shop',
    'pod-name': 'web-7d4b-x2x',
    'rule-group-id': 'sg-db',
    'security-group-ids': 'sg-db,sg-extra',
  });

  test.each([
    [{}, true],
    [{ pod: 'web-7d4b-x2x' }, true],
    [{ pod: 'shop/web' }, true],
    [{ pod: 'web' }, true],
    [{ pod: 'we' }, false],
    [{ pod: 'other/web' }, false],
    [{ verdict: 'accept' }, true],
    [{ verdict: 'reject' }, false],
    [{ group: 'sg-db' }, true],
    [{ group: 'sg-extra' }, true],
    [{ group: 'sg-d' }, false],
    [{ pod: 'web', verdict: 'accept', group: 'sg-x' }, false],
  ] as const)('%j: %s', (filter, expected) => {
    expect(matchesFlow(filter, record)).toBe(expected);
  });

  test('lets records about lost records pass any verdict', () => {
    const skipped = flowRecord({ 'log-status': 'SKIPDATA' });
    expect(matchesFlow({ verdict: 'reject' }, skipped)).toBe(true);
    expect(matchesFlow({ pod: 'web' }, skipped)).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import { expressionProblem, judgeConditions, type ConditionVerdict } from './condition.ts';

const REQUEST = {
  operation: 'UPDATE',
  userInfo: { username: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] },
  dryRun: false,
};
const OBJECT = {
  metadata: { name: 'n', labels: { 'a.b/c': 'd', constructor: 'x' } },
  spec: { replicas: 3, share: 0.5, list: [{ port: 80 }, { port: 443 }] },
};

function judge(...expressions: string[]): ConditionVerdict {
  const conditions = expressions.map((expression, i) => ({ name: `c${i}`, expression }));
  return judgeConditions(conditions, { object: OBJECT, oldObject: null, request: REQUEST });
}

describe('a condition', () => {
  test.each([
    ["request.userInfo.username == 'system:node:a'", true],
    ["!('system:masters' in request.userInfo.groups)", true],
    ["request.userInfo.groups.exists(g, g.startsWith('system:n'))", true],
    ["request.operation in ['CREATE', 'DELETE']", false],
    ['request.dryRun', false],
    ['has(request.subResource)', false],
    ['oldObject == null', true],
    ['object.spec.replicas == 3', true],
    ['object.spec.replicas > 2 && object.spec.share < 1.0', true],
    ['object.spec.replicas % 2 == 0', false],
    ["object.metadata.labels['a.b/c'] == 'd'", true],
    ["object.metadata.labels.constructor == 'x'", true],
    ["'toString' in object.metadata.labels", false],
    ['has(object.metadata.annotations)', false],
    ["object.metadata.?annotations['x'].orValue('none') == 'none'", true],
    ['object.spec.list.all(p, p.port < 1000)', true],
    ['object.spec.list.map(p, p.port) == [80, 443]', true],
    ["object.metadata.name.matches('^[a-z]$')", true],
    ['size(object.spec.list) == 2', true],
  ])('%s is %s', (expression, holds) => {
    expect(expressionProblem(expression)).toBeUndefined();
    expect(judge(expression).kind).toBe(holds ? 'matched' : 'excluded');
  });

  test.each([
    ['1 +', /^compilation failed: ERROR: /],
    ['"a" + 1 == "a1"', /^compilation failed: ERROR: /],
    ['nobody == 1', /^compilation failed: ERROR: .*nobody/],
    ["authorizer.group('').check('get').allowed()", /^compilation failed: ERROR: .*authorizer/],
    ['request.verb == "get"', /^compilation failed: ERROR: .*verb/],
    ["'text'", /^must evaluate to bool$/],
    ['object.metadata.name', /^must evaluate to bool$/],
    ['', /^compilation failed/],
  ])('%j is refused beforehand', (expression, problem) => {
    expect(expressionProblem(expression)).toMatch(problem);
  });
});

describe('conditions together', () => {
  test('match when there are none, or all hold', () => {
    expect(judge()).toEqual({ kind: 'matched' });
    expect(judge('true', 'true')).toEqual({ kind: 'matched' });
  });

  test('exclude by the first that is false', () => {
    expect(judge('true', 'false', 'false')).toEqual({ kind: 'excluded', by: 'c1' });
  });

  test('exclude although others fail, whatever their order', () => {
    const broken = "object.nope.x == 'y'";
    expect(judge(broken, 'false')).toEqual({ kind: 'excluded', by: 'c1' });
    expect(judge('false', broken)).toEqual({ kind: 'excluded', by: 'c0' });
  });

  test('fail with the words of every error, without pictures', () => {
    expect(judge('true', 'object.nope.x')).toEqual({
      kind: 'failed',
      message: "expression 'object.nope.x' resulted in error: No such key: nope",
    });
    const both = judge('object.a == 1', 'object.b == 1');
    expect(both.kind === 'failed' && both.message).toMatch(/^\[expression .*: a, .*: b\]$/);
  });
});

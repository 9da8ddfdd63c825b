import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../object.ts';
import { parseFieldSelector } from './field.ts';
import { matchLabelSelector, parseLabelSelector } from './label.ts';

describe('label selectors in text', () => {
  test.each([
    ['', {}, true],
    ['a=1', { a: '1' }, true],
    ['a==1', { a: '2' }, false],
    ['a!=1', {}, true],
    ['a!=1', { a: '1' }, false],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['! a', {}, true],
    ['a in (1, 2)', { a: '2' }, true],
    ['a in (1,2)', {}, false],
    ['a notin (1,2)', {}, true],
    ['a notin (1,2)', { a: '1' }, false],
    ['a=1,b in (x,y),!c', { a: '1', b: 'y' }, true],
    ['a=1,b in (x,y),!c', { a: '1', b: 'y', c: '' }, false],
    ['example.com/a=', { 'example.com/a': '' }, true],
  ])('"%s" against %j is %s', (text, labels: Record<string, string>, wanted) => {
    expect(parseLabelSelector(text)(labels)).toBe(wanted);
  });

  test.each([
    ['a > 1', { a: '2' }, true],
    ['a>1', { a: '1' }, false],
    ['a<3', { a: '2' }, true],
    ['a<5', { a: 'x' }, false],
    ['a<5', {}, false],
    ['in in (in,notin)', { in: 'notin' }, true],
    ['a in ()', { a: '' }, true],
    ['a in (b,,c)', { a: '' }, true],
    ['a in (,)', { a: 'b' }, false],
    ['a=,b', { a: '', b: 'x' }, true],
    ['constructor', {}, false],
    ['!toString', {}, true],
    ['constructor!=x', {}, true],
    [' a = b , c ', { a: 'b', c: '' }, true],
  ])('"%s" against %j is %s', (text, labels: Record<string, string>, wanted) => {
    expect(parseLabelSelector(text)(labels)).toBe(wanted);
  });

  test.each([
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['a in 1', "unable to parse requirement: found '1' expected: '('"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['=x', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=,,', "found ',', expected: identifier after ','"],
    ['a,', "found '', expected: identifier after ','"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a in (b', "unable to parse requirement: found '', expected: ',', or ')'"],
    ['a in (b c)', "unable to parse requirement: found 'c', expected: ',', or ')'"],
    ['a=(', "unable to parse requirement: found '(', expected: identifier"],
    ['a>x', "'Gt', 'Lt' operators, the value must be an integer"],
    ['a>', "'Gt', 'Lt' operators, the value must be an integer"],
    ['-a', 'unable to parse requirement: key: Invalid value: "-a": name part must consist of'],
    ['a/b/c=d', 'must have at most one "/"'],
    ['a=b_', 'values[0][a]: Invalid value: "b_": a valid label must be'],
    [`a=${'x'.repeat(64)}`, 'must be no more than 63 characters'],
  ])('"%s" is refused', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
  });
});

describe('label selectors as objects', () => {
  const all = { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] };
  test.each([
    ['absent matches nothing', undefined, { a: '1' }, false],
    ['null matches nothing', null, {}, false],
    ['empty matches everything', {}, { a: '1' }, true],
    ['all terms must hold', all, { a: '1', b: '' }, true],
    ['one that does not is enough', all, { a: '1' }, false],
    ['In', { matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }] }, { a: '1' }, true],
    ['NotIn', { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] }, {}, true],
    ['DoesNotExist', { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, {}, true],
    ['an unknown operator never', { matchExpressions: [{ key: 'a', operator: '?' }] }, {}, false],
  ])('%s', (_, selector, labels: Record<string, string>, wanted) => {
    expect(matchLabelSelector(selector)(labels)).toBe(wanted);
  });
});

describe('field selectors', () => {
  const pod: ApiObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n' },
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running' },
  };
  test.each([
    ['metadata.name=p', true],
    ['metadata.namespace=n,metadata.name!=q', true],
    ['spec.nodeName=node-1', true],
    ['spec.nodeName=', false],
    ['status.phase!=Running', false],
    ['spec.hostNetwork=false', true],
  ])('"%s" against a pod is %s', (text, wanted) => {
    expect(parseFieldSelector(text, 'pods')(pod)).toBe(wanted);
  });

  test('cannot name just any field', () => {
    expect(() => parseFieldSelector('spec.x=1', 'pods')).toThrow(
      'field label not supported: spec.x',
    );
    expect(() => parseFieldSelector('nonsense', 'pods')).toThrow(/invalid selector/);
    expect(parseFieldSelector('spec.x=', 'things.example.com', ['spec.x'])(pod)).toBe(true);
  });

  test('read what is escaped', () => {
    const named = { ...pod, metadata: { name: 'a,b=c\\d' } };
    const text = String.raw`metadata.name=a\,b\=c\\d,spec.nodeName=node-1`;
    expect(parseFieldSelector(text, 'pods')(named)).toBe(true);
    for (const bad of ['metadata.name=a=b', String.raw`metadata.name=a\b`, 'metadata.name=a\\']) {
      expect(() => parseFieldSelector(bad, 'pods')).toThrow(/invalid field selector/);
    }
  });

  test('take the source of an event from its component', () => {
    const event = { ...pod, source: { component: 'kubelet' } };
    expect(parseFieldSelector('source=kubelet', 'events')(event)).toBe(true);
  });
});

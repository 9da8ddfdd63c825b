import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, type NamedPolicy } from './evaluate.ts';
import { matches } from './evaluate-match.ts';
import { parsePolicy } from './policy-document.ts';

const ACTIONS = ['ec2:CreateVpc', 'ec2:DeleteVpc', 'ec2:CreateTags', 'iam:GetRole'];
const RESOURCES = ['arn:aws:ec2:r:1:vpc/a', 'arn:aws:ec2:r:1:subnet/a', '*'];
const pattern = (values: readonly string[]) =>
  fc.oneof(
    fc.constantFrom(...values),
    fc.constantFrom('*'),
    fc.constantFrom(...values).map((value) => `${value.slice(0, 8)}*`),
  );
const condition = fc.option(
  fc.record({
    key: fc.constantFrom('a', 'b'),
    value: fc.constantFrom('1', '2'),
    operator: fc.constantFrom('StringEquals', 'StringNotEquals', 'StringLikeIfExists', 'Null'),
  }),
  { nil: undefined },
);
const statement = fc
  .record({
    effect: fc.constantFrom('Allow', 'Deny'),
    action: pattern(ACTIONS).map((value) => (value === '*' || value.includes(':') ? value : '*')),
    not: fc.boolean(),
    resource: pattern(RESOURCES),
    condition,
  })
  .map(({ effect, action, not, resource, condition: each }) => ({
    Effect: effect,
    [not ? 'NotAction' : 'Action']: action,
    Resource: resource,
    ...(each && { Condition: { [each.operator]: { [each.key]: each.value } } }),
  }));
const policies = fc.array(fc.array(statement, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
const request = fc.record({
  action: fc.constantFrom(...ACTIONS),
  resource: fc.constantFrom(...RESOURCES),
  facts: fc
    .dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'), { noNullPrototype: true })
    .map((facts) => new Map(Object.entries(facts).map(([key, value]) => [key, [value]]))),
});

function named(statements: readonly object[]): NamedPolicy {
  const parsed = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  if (!parsed.ok) throw new Error(parsed.error);
  return { id: 'p', type: 't', policy: parsed.value };
}

describe('for any policies and request', () => {
  test('order and grouping of statements make no difference', () => {
    fc.assert(
      fc.property(policies, request, (documents, wanted) => {
        const { effect } = evaluate([documents.map(named)], wanted);
        const flat = documents.flat();
        const reversed = flat.length === 0 ? [] : [named(flat.toReversed())];
        expect(evaluate([reversed], wanted).effect).toBe(effect);
      }),
    );
  });

  test('another Deny never allows more, and another Allow never lifts a Deny', () => {
    fc.assert(
      fc.property(policies, statement, request, (documents, extra, wanted) => {
        const before = evaluate([documents.map(named)], wanted).effect;
        const after = evaluate([[...documents, [extra]].map(named)], wanted).effect;
        if (extra.Effect === 'Deny' && before !== 'allow') expect(after).not.toBe('allow');
        if (before === 'explicit-deny') expect(after).toBe('explicit-deny');
        if (extra.Effect === 'Allow' && before === 'allow') expect(after).toBe('allow');
      }),
    );
  });

  test('another layer never allows more, and the same layer twice changes nothing', () => {
    fc.assert(
      fc.property(policies, policies, request, (one, two, wanted) => {
        const first = one.map(named);
        const before = evaluate([first], wanted).effect;
        expect(evaluate([first, first], wanted).effect).toBe(before);
        const both = evaluate([first, two.map(named)], wanted).effect;
        if (both === 'allow') expect(before).toBe('allow');
        expect(evaluate([two.map(named), first], wanted).effect).toBe(both);
      }),
    );
  });
});

test('patterns mean what the same regular expression means', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 8 });
  const globs = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(globs, letters, (glob, text) => {
      const expression = glob.replaceAll('*', '.*').replaceAll('?', '.');
      expect(matches(glob, text)).toBe(new RegExp(`^${expression}$`).test(text));
    }),
    { numRuns: 2000 },
  );
});

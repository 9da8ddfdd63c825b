import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFakeKube } from '../api/client.fake.ts';
import { SECURITY_GROUPS, type SecurityGroup } from '../api/vpc/security-group.ts';
import { ID_KINDS } from '../ec2/id-kinds.ts';
import { paginate, selectObjects, selectPage, type Page, type Selection } from './describe.ts';
import { Collection } from './store/collection.ts';
import { tagKeys } from './store/keys.ts';
import { ID_INDEX } from './store/table.ts';

const RANGE = [1, 1000] as const;
const SIZE = 400;

/** Groups of three VPCs, of which the largest has nearly all; every seventh is somebody else's. */
const groups = new Collection<SecurityGroup>({
  kube: createFakeKube(),
  resource: SECURITY_GROUPS,
  idKind: ID_KINDS.group,
  indexes: { vpc: ({ spec }) => [spec.vpcId], tag: tagKeys },
});
for (let i = 0; i < SIZE; i += 1)
  groups.table.apply({
    metadata: { name: idOf((i * 7919) % SIZE), uid: `u${i}`, resourceVersion: String(i + 1) },
    spec: {
      account: i % 7 === 0 ? 'other' : 'own',
      vpcId: ['vpc-small', 'vpc-medium'][i] ?? 'vpc-large',
      groupName: `g${i % 5}`,
      description: '',
      rules: [],
      tags: { colour: ['red', 'green', 'blue'][i % 3] ?? '' },
    },
  });

function idOf(i: number): string {
  return `sg-${i.toString(16).padStart(17, '0')}`;
}

const selection: Selection<SecurityGroup> = {
  visible: ({ spec }) => spec.account === 'own',
  table: () => ({
    tags: ({ spec }) => spec.tags,
    indexed: { 'group-id': ID_INDEX, 'vpc-id': 'vpc' },
    filters: {
      'group-id': ({ metadata }) => [metadata.name],
      'group-name': ({ spec }) => [spec.groupName],
      'vpc-id': ({ spec }) => [spec.vpcId],
    },
  }),
};

const filter = fc.oneof(
  fc.constantFrom('vpc-small', 'vpc-large', 'vpc-*', 'vpc-none').map((value) => ({
    Name: 'vpc-id',
    Values: [value],
  })),
  fc.uniqueArray(fc.constantFrom('red', 'green', 'pink'), { minLength: 1 }).map((Values) => ({
    Name: 'tag:colour',
    Values,
  })),
  fc.constantFrom('g1', 'g*', 'x').map((value) => ({ Name: 'group-name', Values: [value] })),
  fc.array(fc.nat(SIZE + 5).map(idOf), { minLength: 1, maxLength: 4 }).map((Values) => ({
    Name: 'group-id',
    Values,
  })),
);

const requests = fc.record(
  { filters: fc.array(filter, { maxLength: 3 }), MaxResults: fc.integer({ min: 1, max: 500 }) },
  { requiredKeys: ['filters'] },
);

/** All pages, from the first to the one without a token. */
function pages(page: (NextToken: string | undefined) => Page<SecurityGroup>): string[][] {
  const out: string[][] = [];
  let token: string | undefined;
  do {
    const { items, nextToken } = page(token);
    out.push(items.map(({ metadata }) => metadata.name));
    token = nextToken;
  } while (token !== undefined);
  return out;
}

test('pages are those of the selected objects, cut afterwards', () => {
  fc.assert(
    fc.property(requests, ({ filters, MaxResults }) => {
      const request = { ids: undefined, filters };
      const wanted = pages((NextToken) => {
        const found = selectObjects(groups, request, selection);
        const key = ({ metadata }: SecurityGroup): string => metadata.name;
        return paginate(found, { MaxResults, NextToken }, { key, range: RANGE });
      });
      const got = pages((NextToken) =>
        selectPage(
          groups,
          { ...request, page: { MaxResults, NextToken } },
          { ...selection, range: RANGE },
        ),
      );
      if (MaxResults === undefined) for (const each of [...wanted, ...got]) each.sort();
      expect(got).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['a size out of range', { MaxResults: 1001 }, 'InvalidParameterValue'],
  ['a token that is none', { NextToken: 'x' }, 'InvalidNextToken'],
])('%s is refused', (_what, page, code) => {
  const request = { ids: undefined, filters: undefined, page };
  expect(() => selectPage(groups, request, { ...selection, range: RANGE })).toThrow(
    expect.objectContaining({ code }),
  );
});

import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
});
afterAll(() => api.close());

const offerings = (input: ec2.DescribeInstanceTypeOfferingsCommandInput) =>
  client.send(new ec2.DescribeInstanceTypeOfferingsCommand(input));
const ofType = (type: string): ec2.Filter[] => [{ Name: 'instance-type', Values: [type] }];

test.each([
  [undefined, ['us-east-1']],
  ['region', ['us-east-1']],
  ['availability-zone', ['a', 'b', 'c', 'd', 'e', 'f'].map((zone) => `us-east-1${zone}`)],
  ['availability-zone-id', [1, 2, 3, 4, 5, 6].map((zone) => `use1-az${zone}`)],
] as const)('types are offered by %s', async (LocationType, places) => {
  const found = await offerings({ LocationType, Filters: ofType('m5.large') });
  expect(found.InstanceTypeOfferings).toEqual(
    places.map((Location) => ({
      InstanceType: 'm5.large',
      LocationType: LocationType ?? 'region',
      Location,
    })),
  );
});

test('families and places are found by patterns, page by page', async () => {
  const LocationType = 'availability-zone';
  const Filters = [...ofType('m5.*'), { Name: 'location', Values: ['us-east-1b'] }];
  const all = (await offerings({ LocationType, Filters })).InstanceTypeOfferings ?? [];
  expect(all.length).toBeGreaterThan(5);
  expect(new Set(all.map((each) => each.Location))).toEqual(new Set(['us-east-1b']));
  const first = await offerings({ LocationType, Filters, MaxResults: 5 });
  const { NextToken } = first;
  const rest = await offerings({ LocationType, Filters, NextToken });
  const names = [first, rest].flatMap((page) =>
    (page.InstanceTypeOfferings ?? []).map((each) => each.InstanceType),
  );
  expect(new Set(names)).toEqual(new Set(all.map((each) => each.InstanceType)));
});

test('types that nobody offers are not found, and other places are refused', async () => {
  expect((await offerings({ Filters: ofType('z9.huge') })).InstanceTypeOfferings).toEqual([]);
  await expect(offerings({ LocationType: 'planet' as 'region' })).rejects.toMatchObject({
    name: 'InvalidParameterValue',
  });
});

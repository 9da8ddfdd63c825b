import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  InstanceTypeOffering,
} from '@aws-sdk/client-ec2';
import { instanceTypes } from '../../ec2/limits.ts';
import type { Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { invalidValue } from '../own.ts';
import { zonesOf } from '../zones.ts';

const FILTERS: FilterTable<InstanceTypeOffering> = {
  filters: {
    'instance-type': (each) => [each.InstanceType],
    location: (each) => [each.Location],
  },
};

/** DescribeInstanceTypeOfferings: every type that we know is there in every place. */
export const describeInstanceTypeOfferings: Handler<
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult
> = (input, { region }) => {
  const LocationType = input.LocationType ?? 'region';
  const places = locations(region, LocationType);
  const test = filterTest(FILTERS, input.Filters);
  const offerings = places
    .flatMap((Location) =>
      instanceTypes().map((name) => ({
        InstanceType: name as NonNullable<InstanceTypeOffering['InstanceType']>,
        LocationType,
        Location,
      })),
    )
    .filter(test);
  const page = paginate(offerings, input, {
    key: (each) => `${each.Location} ${each.InstanceType}`,
    range: [5, 1000],
  });
  return { InstanceTypeOfferings: [...page.items], NextToken: page.nextToken };
};

function locations(region: string, type: string): readonly string[] {
  if (type === 'region') return [region];
  if (type === 'availability-zone') return zonesOf(region).map(({ name }) => name);
  if (type === 'availability-zone-id') return zonesOf(region).map(({ id }) => id);
  throw invalidValue(`Value (${type}) for parameter locationType is invalid.`);
}

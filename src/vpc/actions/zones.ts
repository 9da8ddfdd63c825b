import type {
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
  DescribeRegionsRequest,
  DescribeRegionsResult,
} from '@aws-sdk/client-ec2';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { invalidValue } from '../own.ts';
import { REGIONS, zonesOf, type Zone } from '../zones.ts';

const ZONE_TYPE = 'availability-zone';
const OPT_IN = 'opt-in-not-required';

/** DescribeAvailabilityZones. */
export const describeAvailabilityZones: Handler<
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult
> = (input, call) => {
  const zones = zonesOf(call.region);
  const wanted = [...(input.ZoneNames ?? []), ...(input.ZoneIds ?? [])];
  const unknown = wanted.find((want) => !zones.some((zone) => isNamed(zone, want)));
  if (unknown !== undefined) throw invalidValue(`Invalid availability zone: [${unknown}]`);
  const table: FilterTable<Zone> = {
    filters: {
      'zone-name': ({ name }) => [name],
      'zone-id': ({ id }) => [id],
      'zone-type': () => [ZONE_TYPE],
      state: () => ['available'],
      'region-name': () => [call.region],
      'group-name': () => [call.region],
      'opt-in-status': () => [OPT_IN],
    },
  };
  const test = filterTest(table, input.Filters);
  const chosen = zones.filter(
    (zone) => (wanted.length === 0 || wanted.some((want) => isNamed(zone, want))) && test(zone),
  );
  return {
    AvailabilityZones: chosen.map(({ name, id }) => ({
      ZoneName: name,
      ZoneId: id,
      State: 'available',
      RegionName: call.region,
      GroupName: call.region,
      NetworkBorderGroup: call.region,
      ZoneType: ZONE_TYPE,
      OptInStatus: OPT_IN,
      Messages: [],
    })),
  };
};

function isNamed(zone: Zone, text: string): boolean {
  return zone.name === text || zone.id === text;
}

/** DescribeRegions. */
export const describeRegions: Handler<DescribeRegionsRequest, DescribeRegionsResult> = (
  input,
  call,
) => {
  const known = [...new Set([call.homeRegion, ...REGIONS, call.region])];
  const unknown = input.RegionNames?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Ec2Error('InvalidParameterValue', `Invalid region provided: [${unknown}]`);
  const table: FilterTable<string> = {
    filters: {
      'region-name': (name) => [name],
      endpoint: (name) => [endpoint(name)],
      'opt-in-status': () => [OPT_IN],
    },
  };
  const test = filterTest(table, input.Filters);
  const names = input.RegionNames?.length ? input.RegionNames : known;
  return {
    Regions: names.filter(test).map((name) => ({
      RegionName: name,
      Endpoint: endpoint(name),
      OptInStatus: OPT_IN,
    })),
  };
};

function endpoint(region: string): string {
  return `ec2.${region}.amazonaws.com`;
}

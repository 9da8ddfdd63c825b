const LETTERS = ['a', 'b', 'c'] as const;

/** An availability zone. */
export interface Zone {
  readonly name: string;
  /** Such as `use1-az1`. */
  readonly id: string;
}

/** Regions that DescribeRegions lists; any other region works too, its zones are made alike. */
export const REGIONS: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'eu-central-1',
  'eu-west-1',
  'ap-southeast-1',
  'ap-northeast-1',
];

/** The zones of a region: a, b and c. */
export function zonesOf(region: string): readonly Zone[] {
  return LETTERS.map((letter, i) => ({
    name: `${region}${letter}`,
    id: `${shortRegion(region)}-az${i + 1}`,
  }));
}

/** The id of a zone name. */
export function zoneIdOf(zoneName: string): string {
  const region = zoneName.slice(0, -1);
  return zonesOf(region).find(({ name }) => name === zoneName)?.id ?? zoneName;
}

/** us-east-1 -> use1, ap-southeast-1 -> apse1. */
function shortRegion(region: string): string {
  const [area = '', direction = '', number = ''] = region.split('-');
  const compass = /^(north|south|central)?(east|west)?$/.exec(direction);
  const initials = [compass?.[1], compass?.[2]].map((word) => word?.charAt(0) ?? '').join('');
  return `${area}${initials}${number}`;
}

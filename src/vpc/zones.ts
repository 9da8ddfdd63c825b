/** An availability zone. */
export interface Zone {
  readonly name: string;
  /** Such as `use1-az1`. */
  readonly id: string;
}

/**
 * The regions that every account has: those that need no opting in. Any other region works too, its
 * zones are made alike.
 */
export const REGIONS: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'sa-east-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
];

/** How many zones an account sees, where it is not three. */
const ZONE_COUNTS: Readonly<Record<string, number>> = {
  'us-east-1': 6,
  'us-west-1': 2,
  'us-west-2': 4,
  'ap-northeast-2': 4,
};
const USUAL_ZONES = 3;
const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** The zones of a region: a, b and so on. */
export function zonesOf(region: string): readonly Zone[] {
  const count = ZONE_COUNTS[region] ?? USUAL_ZONES;
  return LETTERS.slice(0, count).map((letter, i) => ({
    name: `${region}${letter}`,
    id: `${shortRegion(region)}-az${i + 1}`,
  }));
}

/** The id of a zone name. */
export function zoneIdOf(zoneName: string): string {
  const region = zoneName.slice(0, -1);
  return zonesOf(region).find(({ name }) => name === zoneName)?.id ?? zoneName;
}

/** us-east-1 -> use1, ap-southeast-1 -> apse1, us-gov-west-1 -> usgw1. */
function shortRegion(region: string): string {
  const words = region.split('-');
  const [direction = '', number = ''] = words.slice(-2);
  const area = words.slice(0, -2);
  const compass = /^(north|south|central)?(east|west)?$/.exec(direction);
  const initials = [...area.slice(1), compass?.[1], compass?.[2]].map((word) => word?.charAt(0));
  return `${area[0] ?? ''}${initials.join('')}${number}`;
}

import type { Place } from '../context.ts';
import { invalidValue } from '../own.ts';
import { zonesOf, type Zone } from '../zones.ts';

/** The zone that a request names by name or id, or the first of the region. */
export function pickZone(
  { region }: Place,
  input: {
    readonly AvailabilityZone?: string | undefined;
    readonly AvailabilityZoneId?: string | undefined;
  },
): Zone {
  const zones = zonesOf(region);
  const { AvailabilityZone: name, AvailabilityZoneId: id } = input;
  const wanted = name ?? id;
  const zone = zones.find(
    (each) => wanted === undefined || wanted === (name === undefined ? each.id : each.name),
  );
  if (zone !== undefined) return zone;
  const names = zones.map((each) => each.name).join(', ');
  throw invalidValue(
    `Value (${wanted}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${names}.`,
  );
}

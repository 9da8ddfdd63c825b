import { numberAt, textAt } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { ageText, count, text, wide, type Column, type CellContext } from './column.ts';

/** Columns of events, in their core form; the events.k8s.io form has other names for some fields. */
export const EVENT_COLUMNS: readonly Column[] = [
  text('Last Seen', lastSeenText),
  text('Type', (event) => textAt(event, 'type')),
  text('Reason', (event) => textAt(event, 'reason')),
  text('Object', objectText),
  wide('Subobject', (event) => either(event, 'involvedObject', 'regarding', 'fieldPath')),
  wide('Source', sourceText),
  text('Message', (event) => (textAt(event, 'message') || textAt(event, 'note')).trim()),
  wide('First Seen', firstSeenText),
  { ...count('Count', countOf), priority: 1 },
  wide('Name', ({ metadata }) => metadata.name),
];

function either(event: ApiObject, core: string, events: string, field: string): string {
  return textAt(event, core, field) || textAt(event, events, field);
}

function objectText(event: ApiObject): string {
  const kind = either(event, 'involvedObject', 'regarding', 'kind').toLowerCase();
  return `${kind}/${either(event, 'involvedObject', 'regarding', 'name')}`;
}

function firstTime(event: ApiObject): string {
  return (
    textAt(event, 'firstTimestamp') ||
    textAt(event, 'deprecatedFirstTimestamp') ||
    textAt(event, 'eventTime') ||
    (event.metadata.creationTimestamp ?? '')
  );
}

function lastSeenText(event: ApiObject, { nowMs }: CellContext): string {
  const last =
    textAt(event, 'series', 'lastObservedTime') ||
    textAt(event, 'lastTimestamp') ||
    textAt(event, 'deprecatedLastTimestamp') ||
    firstTime(event);
  return ageText(last, nowMs);
}

function firstSeenText(event: ApiObject, { nowMs }: CellContext): string {
  return ageText(firstTime(event), nowMs);
}

function countOf(event: ApiObject): number {
  return (
    numberAt(event, 'series', 'count') ??
    numberAt(event, 'count') ??
    numberAt(event, 'deprecatedCount') ??
    1
  );
}

function sourceText(event: ApiObject): string {
  const component =
    either(event, 'source', 'deprecatedSource', 'component') ||
    textAt(event, 'reportingComponent') ||
    textAt(event, 'reportingController');
  const host = either(event, 'source', 'deprecatedSource', 'host');
  return host === '' ? component : `${component}, ${host}`;
}

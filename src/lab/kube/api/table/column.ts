import type { ApiObject } from '../object.ts';

/** What cells may need besides the object. */
export interface CellContext {
  readonly nowMs: number;
}

/** A column of a table. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** 0 is always shown, 1 with -o wide. */
  readonly priority?: 0 | 1;
  cell(object: ApiObject, context: CellContext): unknown;
}

/** The object's name. */
export const NAME_COLUMN: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  cell: ({ metadata }) => metadata.name,
};

/** How long ago the object was made. */
export const AGE_COLUMN: Column = {
  name: 'Age',
  type: 'string',
  cell: ({ metadata }, { nowMs }) => ageText(metadata.creationTimestamp, nowMs),
};

/** A column of text with -o wide. */
export function wide(name: string, cell: Column['cell']): Column {
  return { name, type: 'string', priority: 1, cell };
}

/** A column of text. */
export function text(name: string, cell: Column['cell']): Column {
  return { name, type: 'string', cell };
}

/** A column of numbers. */
export function count(name: string, cell: Column['cell']): Column {
  return { name, type: 'integer', cell };
}

/** How long ago a timestamp was, in the words of kubectl; `<unknown>` without one. */
export function ageText(timestamp: unknown, nowMs: number): string {
  const thenMs = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(thenMs)) return '<unknown>';
  return durationText(Math.floor((nowMs - thenMs) / 1000));
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `45s`, `5m30s`, `3h5m`, `2d3h`, `5d` (k8s.io/apimachinery/pkg/util/duration HumanDuration). */
export function durationText(seconds: number): string {
  // A clock that is a little ahead is no reason to alarm.
  if (seconds < -1) return '<invalid>';
  if (seconds < 2 * MINUTE) return `${Math.max(0, seconds)}s`;
  if (seconds < 10 * MINUTE) return two(seconds, [MINUTE, 'm'], [1, 's']);
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return two(seconds, [HOUR, 'h'], [MINUTE, 'm']);
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return two(seconds, [DAY, 'd'], [HOUR, 'h']);
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return two(seconds, [YEAR, 'y'], [DAY, 'd']);
  return `${Math.floor(seconds / YEAR)}y`;
}

type Unit = readonly [seconds: number, name: string];

function two(seconds: number, [big, bigName]: Unit, [small, smallName]: Unit): string {
  const first = Math.floor(seconds / big);
  const second = Math.floor((seconds % big) / small);
  return second === 0 ? `${first}${bigName}` : `${first}${bigName}${second}${smallName}`;
}

import type { PrinterColumn } from '../registry/kind.ts';
import { AGE_COLUMN, ageText, NAME_COLUMN, type Column } from './column.ts';
import { findByPath } from './json-path.ts';

/** Name, then the columns that a CRD declares. */
export function customColumns(declared: readonly PrinterColumn[]): readonly Column[] {
  return [NAME_COLUMN, ...declared.map(customColumn)];
}

function customColumn(declared: PrinterColumn): Column {
  const { name, jsonPath, type } = declared;
  if (jsonPath === '.metadata.creationTimestamp' && type === 'date') {
    return { ...AGE_COLUMN, name };
  }
  return {
    name,
    type: type as Column['type'],
    ...(declared.format !== undefined && { format: declared.format }),
    ...(declared.description !== undefined && { description: declared.description }),
    priority: (declared.priority ?? 0) > 0 ? 1 : 0,
    cell: (object, { nowMs }) => cellOf(findByPath(object, jsonPath), type, nowMs),
  };
}

function cellOf(found: readonly unknown[], type: string, nowMs: number): unknown {
  const value = found.length === 1 ? found[0] : found;
  if (found.length === 0 || value === null || value === undefined) return null;
  if (type === 'date') return ageText(value, nowMs);
  const wanted = SCALAR_TYPES[type];
  if (wanted === undefined) return typeof value === 'string' ? value : JSON.stringify(value);
  return typeof value === wanted ? value : null;
}

/** JSON types of the column types that are shown as they are. */
const SCALAR_TYPES: Readonly<Record<string, string>> = {
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
};

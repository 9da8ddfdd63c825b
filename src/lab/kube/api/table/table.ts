import type { Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { apiVersionOf, type Kind } from '../registry/kind.ts';
import type { Column } from './column.ts';
import { columnsOf } from './columns.ts';

/** How a table is wanted. */
export interface TableOptions {
  readonly metadata: Fields;
  /** What of each object goes with its row: None, Metadata or Object. */
  readonly include: string;
  /** Version of meta.k8s.io. */
  readonly version: string;
  readonly nowMs: number;
}

/** Objects as rows of a meta/v1 Table. */
export function tableOf(kind: Kind, objects: readonly ApiObject[], options: TableOptions): Fields {
  const columns = columnsOf(kind);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: options.metadata,
    columnDefinitions: columns.map(definitionOf),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options) ?? null),
      object: included(kind, object, options),
    })),
  };
}

/** Metadata of a table that holds one object. */
export function tableMetadata(object: ApiObject): Fields {
  return { resourceVersion: object.metadata.resourceVersion };
}

function definitionOf(column: Column): Fields {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? column.name,
    priority: column.priority ?? 0,
  };
}

function included(kind: Kind, object: ApiObject, options: TableOptions): unknown {
  if (options.include === 'None') return undefined;
  if (options.include === 'Object') return { ...object, apiVersion: apiVersionOf(kind) };
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: object.metadata,
  };
}

import type { Kind } from '../registry/kind.ts';
import { AGE_COLUMN, NAME_COLUMN, type Column } from './column.ts';
import { customColumns } from './custom.ts';
import { EVENT_COLUMNS } from './event.ts';
import { NODE_COLUMNS } from './node.ts';
import { POD_COLUMNS } from './pod.ts';
import { SIMPLE_COLUMNS } from './simple.ts';
import { WORKLOAD_COLUMNS } from './workload.ts';

/** Columns by storage; the texts are those of k8s.io/kubernetes/pkg/printers/internalversion. */
const BUILTIN: Readonly<Record<string, readonly Column[]>> = {
  pods: POD_COLUMNS,
  nodes: NODE_COLUMNS,
  events: EVENT_COLUMNS,
  ...WORKLOAD_COLUMNS,
  ...SIMPLE_COLUMNS,
};

/** The columns of a kind: its own, its CRD's, or just name and age. */
export function columnsOf(kind: Kind): readonly Column[] {
  if (kind.custom !== undefined) return customColumns(kind.custom.columns);
  return BUILTIN[kind.storage] ?? [NAME_COLUMN, AGE_COLUMN];
}

import { at, fieldsOf, listOf, numberAt, textAt } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { AGE_COLUMN, count, NAME_COLUMN, text, wide, type Column } from './column.ts';

const WIDE: readonly Column[] = [
  wide('Containers', (object) => containerTexts(object, 'name')),
  wide('Images', (object) => containerTexts(object, 'image')),
  wide('Selector', (object) => selectorText(at(object, 'spec', 'selector'))),
];

/** Columns of the kinds of apps/v1. */
export const WORKLOAD_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  'deployments.apps': [
    NAME_COLUMN,
    text('Ready', (object) => `${status(object, 'readyReplicas')}/${desired(object)}`),
    count('Up-to-date', (object) => status(object, 'updatedReplicas')),
    count('Available', (object) => status(object, 'availableReplicas')),
    AGE_COLUMN,
    ...WIDE,
  ],
  'replicasets.apps': [
    NAME_COLUMN,
    count('Desired', desired),
    count('Current', (object) => status(object, 'replicas')),
    count('Ready', (object) => status(object, 'readyReplicas')),
    AGE_COLUMN,
    ...WIDE,
  ],
  'daemonsets.apps': [
    NAME_COLUMN,
    count('Desired', (object) => status(object, 'desiredNumberScheduled')),
    count('Current', (object) => status(object, 'currentNumberScheduled')),
    count('Ready', (object) => status(object, 'numberReady')),
    count('Up-to-date', (object) => status(object, 'updatedNumberScheduled')),
    count('Available', (object) => status(object, 'numberAvailable')),
    text('Node Selector', (object) =>
      mapText(at(object, 'spec', 'template', 'spec', 'nodeSelector')),
    ),
    AGE_COLUMN,
    ...WIDE,
  ],
  'controllerrevisions.apps': [
    NAME_COLUMN,
    text('Controller', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
      const kind = textAt(owner, 'kind').toLowerCase();
      return owner === undefined ? '<none>' : `${kind}.apps/${textAt(owner, 'name')}`;
    }),
    count('Revision', (object) => object['revision']),
    AGE_COLUMN,
  ],
};

function status(object: ApiObject, field: string): number {
  return numberAt(object, 'status', field) ?? 0;
}

function desired(object: ApiObject): number {
  return numberAt(object, 'spec', 'replicas') ?? 0;
}

function containerTexts(object: ApiObject, field: string): string {
  return listOf(at(object, 'spec', 'template', 'spec', 'containers'))
    .map((container) => textAt(container, field))
    .join(',');
}

/** `a=b,c=d`, or `<none>`. */
export function mapText(map: unknown): string {
  const parts = Object.entries(fieldsOf(map)).map(([key, value]) => `${key}=${String(value)}`);
  return parts.length === 0 ? '<none>' : parts.sort().join(',');
}

/** A label selector as text: `a=b,c in (d,e)`. */
export function selectorText(selector: unknown): string {
  const labels = at(selector, 'matchLabels');
  const parts = Object.keys(fieldsOf(labels)).length === 0 ? [] : [mapText(labels)];
  for (const expression of listOf(at(selector, 'matchExpressions'))) {
    const key = textAt(expression, 'key');
    const values = listOf(at(expression, 'values')).join(',');
    const operator = textAt(expression, 'operator');
    if (operator === 'Exists') parts.push(key);
    else if (operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${operator === 'In' ? 'in' : 'notin'} (${values})`);
  }
  return parts.length === 0 ? '<none>' : parts.join(',');
}

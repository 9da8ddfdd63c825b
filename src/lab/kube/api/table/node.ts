import { at, isFields, listOf, textAt } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { AGE_COLUMN, NAME_COLUMN, text, wide, type Column } from './column.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';

/** Columns of nodes. */
export const NODE_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  text('Status', statusText),
  text('Roles', rolesText),
  AGE_COLUMN,
  text('Version', (node) => textAt(node, 'status', 'nodeInfo', 'kubeletVersion')),
  wide('Internal-IP', (node) => addressOf(node, 'InternalIP')),
  wide('External-IP', (node) => addressOf(node, 'ExternalIP')),
  wide('OS-Image', (node) => infoOf(node, 'osImage')),
  wide('Kernel-Version', (node) => infoOf(node, 'kernelVersion')),
  wide('Container-Runtime', (node) => infoOf(node, 'containerRuntimeVersion')),
];

function statusText(node: ApiObject): string {
  const ready = listOf(at(node, 'status', 'conditions')).find(
    (condition) => textAt(condition, 'type') === 'Ready',
  );
  const status = textAt(ready, 'status');
  const words = [status === '' ? 'Unknown' : status === 'True' ? 'Ready' : 'NotReady'];
  if (at(node, 'spec', 'unschedulable') === true) words.push('SchedulingDisabled');
  return words.join(',');
}

function rolesText({ metadata }: ApiObject): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return [key.slice(ROLE_PREFIX.length)];
    return key === ROLE_LABEL && value !== '' ? [value] : [];
  });
  return roles.length === 0 ? '<none>' : roles.sort().join(',');
}

function addressOf(node: ApiObject, type: string): string {
  const found = listOf(at(node, 'status', 'addresses'))
    .filter(isFields)
    .find((address) => address['type'] === type);
  return textAt(found, 'address') || '<none>';
}

function infoOf(node: ApiObject, field: string): string {
  return textAt(node, 'status', 'nodeInfo', field) || '<unknown>';
}

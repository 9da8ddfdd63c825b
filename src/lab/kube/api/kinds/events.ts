import { childOf, fieldsOf, numberAt, textAt, type Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { Behaviour } from '../registry/kind.ts';
import { invalidValue, required } from '../status.ts';

/**
 * Events are one resource with two faces: core/v1, as it is stored, and events.k8s.io/v1. The
 * fields are renamed as in k8s.io/kubernetes/pkg/apis/events/v1/conversion.go.
 */
const RENAMED: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

/** The stored form of an events.k8s.io/v1 Event. */
export function eventToStored(event: ApiObject): ApiObject {
  const core: ApiObject = { ...event, apiVersion: 'v1' };
  for (const [to, from] of RENAMED) move(core, from, to);
  return core;
}

/** The events.k8s.io/v1 form of a stored Event. */
export function eventToServed(event: ApiObject): ApiObject {
  const served: ApiObject = { ...event, apiVersion: 'events.k8s.io/v1' };
  for (const [from, to] of RENAMED) move(served, from, to);
  return served;
}

function move(fields: Fields, from: string, to: string): void {
  if (fields[from] === undefined) return;
  fields[to] = fields[from];
  delete fields[from];
}

/** Rules of Events, in their stored form. */
export const EVENT: Behaviour = {
  defaults: (event) => {
    childOf(event, 'involvedObject');
    if (numberAt(event, 'count') === undefined && textAt(event, 'lastTimestamp') !== '') {
      event['count'] = 1;
    }
  },
  validate: (event) => {
    const involved = fieldsOf(event['involvedObject']);
    const namespace = textAt(involved, 'namespace') || 'default';
    if (event.metadata.namespace !== namespace) {
      const detail = 'does not match event.namespace';
      return [invalidValue('involvedObject.namespace', textAt(involved, 'namespace'), detail)];
    }
    return textAt(involved, 'kind') === '' ? [required('involvedObject.kind')] : [];
  },
};

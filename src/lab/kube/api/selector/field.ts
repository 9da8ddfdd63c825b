import { textAt } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { badRequest } from '../status.ts';

/** Tells whether an object is selected. */
export type ObjectMatch = (object: ApiObject) => boolean;

/** Fields that a selector may name, by resource, besides metadata.name and metadata.namespace. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  'events.events.k8s.io': [
    'reason',
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.resourceVersion',
    'regarding.fieldPath',
    'reportingController',
    'type',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  'replicasets.apps': ['status.replicas'],
};

const DEFAULTS: Readonly<Record<string, string>> = {
  'spec.hostNetwork': 'false',
  'spec.unschedulable': 'false',
};

/**
 * Parses `a=b,c!=d`. `served` is the resource as the client names it (`pods`, `events.events.k8s.io`);
 * `extra` are paths that a CRD declares selectable. Throws 400 for a field that cannot be selected.
 */
export function parseFieldSelector(
  text: string,
  served: string,
  extra: readonly string[] = [],
): ObjectMatch {
  const known = new Set([
    'metadata.name',
    'metadata.namespace',
    ...(SELECTABLE[served] ?? []),
    ...extra,
  ]);
  const terms = splitTerms(text).map((term) => parseTerm(term, { text, known }));
  return (object) => terms.every((term) => term(object));
}

/** Splits at commas, but not at those behind a backslash. */
function splitTerms(text: string): readonly string[] {
  return text.match(/(?:[^\\,]|\\.|\\$)+/gs) ?? [];
}

function parseTerm(
  term: string,
  { text, known }: { readonly text: string; readonly known: ReadonlySet<string> },
): ObjectMatch {
  const match = /^([^=!]+)(==|!=|=)(.*)$/s.exec(term);
  if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
  const [, field = '', operator, escaped = ''] = match;
  if (!known.has(field)) throw badRequest(`field label not supported: ${field}`);
  const value = unescaped(escaped);
  const path = field.split('.');
  const wanted = operator !== '!=';
  return (object) => (fieldText(object, field, path) === value) === wanted;
}

/** Backslashes stand before backslashes, commas and equal signs that are part of the value. */
function unescaped(text: string): string {
  return text.replaceAll(/\\(.?)|=/gs, (found, escaped: string | undefined) => {
    if (escaped !== undefined && /^[\\,=]$/.test(escaped)) return escaped;
    throw badRequest(`invalid field selector: '${found}' must be escaped or escapes nothing`);
  });
}

function fieldText(object: ApiObject, field: string, path: readonly string[]): string {
  if (field === 'source') {
    return textAt(object, 'source', 'component') || textAt(object, 'reportingComponent');
  }
  return textAt(object, ...path) || (DEFAULTS[field] ?? '');
}

import {
  at,
  childOf,
  fieldsOf,
  isFields,
  listOf,
  setDefault,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { Behaviour } from '../registry/kind.ts';
import { invalidValue, required, type FieldProblem } from '../status.ts';
import { timestampOf } from '../time.ts';
import { immutableProblem } from './metadata.ts';

/** Rules of CustomResourceDefinitions. Its objects are served in the same moment: see registry/crd.ts. */
export const CUSTOM_RESOURCE_DEFINITION: Behaviour = {
  defaults: (crd) => {
    const spec = childOf(crd, 'spec');
    const names = childOf(spec, 'names');
    const kind = textAt(names, 'kind');
    setDefault(names, 'singular', kind.toLowerCase());
    setDefault(names, 'listKind', `${kind}List`);
    setDefault(spec, 'conversion', { strategy: 'None' });
  },
  prepareCreate: (crd, context) => {
    crd['status'] = acceptedStatus(crd, timestampOf(context.clock.nowMs()));
  },
  prepareUpdate: (crd, before) => {
    crd['status'] = {
      ...fieldsOf(before['status']),
      acceptedNames: at(crd, 'spec', 'names'),
    };
  },
  validate: (crd, before) => [
    ...nameProblems(crd),
    ...versionProblems(listOf(at(crd, 'spec', 'versions'))),
    ...(before === undefined ? [] : fixedProblems(crd, before)),
  ],
};

function acceptedStatus(crd: ApiObject, now: string): Fields {
  const condition = (type: string, reason: string, message: string): Fields => ({
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime: now,
  });
  const stored = listOf(at(crd, 'spec', 'versions')).filter((v) => at(v, 'storage') === true);
  return {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: at(crd, 'spec', 'names'),
    storedVersions: stored.map((version) => textAt(version, 'name')),
  };
}

function nameProblems(crd: ApiObject): FieldProblem[] {
  const spec = fieldsOf(crd['spec']);
  const wanted = `${textAt(spec, 'names', 'plural')}.${textAt(spec, 'group')}`;
  const missing = [
    ['spec.group', textAt(spec, 'group')],
    ['spec.scope', textAt(spec, 'scope')],
    ['spec.names.plural', textAt(spec, 'names', 'plural')],
    ['spec.names.kind', textAt(spec, 'names', 'kind')],
  ].filter(([, value]) => value === '');
  if (missing.length > 0) return missing.map(([path = '']) => required(path));
  if (crd.metadata.name === wanted) return [];
  const detail = 'must be spec.names.plural+"."+spec.group';
  return [invalidValue('metadata.name', crd.metadata.name, detail)];
}

function versionProblems(versions: readonly unknown[]): FieldProblem[] {
  const stored = versions.filter((version) => at(version, 'storage') === true).length;
  const list = versions.map((version) => ({ ...fieldsOf(version) }));
  return [
    ...(stored === 1
      ? []
      : [
          invalidValue(
            'spec.versions',
            list.map(({ name }) => name),
            'must have exactly one version marked as storage version',
          ),
        ]),
    ...list.flatMap((version, index) => schemaProblems(version, `spec.versions[${index}]`)),
  ];
}

function schemaProblems(version: Fields, path: string): FieldProblem[] {
  const schema = at(version, 'schema', 'openAPIV3Schema');
  const where = `${path}.schema.openAPIV3Schema`;
  if (!isFields(schema)) return [required(where, 'schemas are required')];
  if (schema['type'] === 'object') return structuralProblems(schema, where);
  return [invalidValue(`${where}.type`, textAt(schema, 'type'), 'must be object at the root')];
}

/** Every node of a structural schema has a type (apiextensions "Specifying a structural schema"). */
function structuralProblems(schema: Fields, path: string): FieldProblem[] {
  const free =
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    schema['x-kubernetes-int-or-string'] === true;
  const missing =
    schema['type'] === undefined && !free
      ? [required(`${path}.type`, 'must not be empty for specified object fields')]
      : [];
  const inner = [
    ...Object.entries(fieldsOf(schema['properties'])).map(
      ([name, each]) => [`${path}.properties[${name}]`, each] as const,
    ),
    [`${path}.items`, schema['items']] as const,
    [`${path}.additionalProperties`, schema['additionalProperties']] as const,
  ];
  return [
    ...missing,
    ...inner.flatMap(([where, each]) => (isFields(each) ? structuralProblems(each, where) : [])),
  ];
}

function fixedProblems(crd: ApiObject, before: ApiObject): FieldProblem[] {
  return [['group'], ['scope'], ['names', 'kind'], ['names', 'plural']].flatMap((path) =>
    immutableProblem(
      `spec.${path.join('.')}`,
      at(crd, 'spec', ...path),
      at(before, 'spec', ...path),
    ),
  );
}

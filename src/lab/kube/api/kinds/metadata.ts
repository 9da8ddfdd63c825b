import type { ApiMeta, ApiObject } from '../object.ts';
import { sameJson } from '../../../../base/json.ts';
import { forbiddenField, invalidValue, required, type FieldProblem } from '../status.ts';
import {
  labelKeyProblems,
  labelMapProblems,
  labelProblems,
  subdomainProblems,
} from './name-rules.ts';

/** Resources whose names are DNS labels. */
const LABEL_NAMED: ReadonlySet<string> = new Set(['namespaces', 'services']);
const ANNOTATIONS_LIMIT_BYTES = 262_144;

/** Problems of the metadata of a new or changed object. */
export function metadataProblems(
  object: ApiObject,
  storage: string,
  before?: ApiObject,
): FieldProblem[] {
  const { metadata } = object;
  return [
    ...(before === undefined ? nameProblems(metadata, storage) : []),
    ...labelMapProblems(metadata.labels, 'metadata.labels'),
    ...annotationProblems(metadata),
    ...ownerProblems(metadata),
    ...finalizerProblems(metadata, before?.metadata),
  ];
}

function nameProblems(metadata: ApiMeta, storage: string): FieldProblem[] {
  if (metadata.name === '') {
    return [required('metadata.name', 'name or generateName is required')];
  }
  return LABEL_NAMED.has(storage)
    ? labelProblems(metadata.name, 'metadata.name')
    : subdomainProblems(metadata.name, 'metadata.name');
}

function annotationProblems(metadata: ApiMeta): FieldProblem[] {
  const entries = Object.entries(metadata.annotations ?? {});
  const sizeBytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const problems = entries.flatMap(([key]) =>
    labelKeyProblems(key.toLowerCase(), 'metadata.annotations'),
  );
  if (sizeBytes <= ANNOTATIONS_LIMIT_BYTES) return problems;
  const text = `Too long: may not be more than ${ANNOTATIONS_LIMIT_BYTES} bytes`;
  return [...problems, { path: 'metadata.annotations', reason: 'FieldValueTooLong', text }];
}

function ownerProblems(metadata: ApiMeta): FieldProblem[] {
  const owners = metadata.ownerReferences ?? [];
  const problems = owners.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((field) => !owner[field])
      .map((field) =>
        invalidValue(`metadata.ownerReferences[${index}].${field}`, '', 'must not be empty'),
      ),
  );
  if (owners.filter(({ controller }) => controller === true).length <= 1) return problems;
  const detail = 'Only one reference can have Controller set to true.';
  return [...problems, invalidValue('metadata.ownerReferences', owners, detail)];
}

function finalizerProblems(metadata: ApiMeta, before: ApiMeta | undefined): FieldProblem[] {
  if (before?.deletionTimestamp === undefined) return [];
  const added = (metadata.finalizers ?? []).filter((name) => !before.finalizers?.includes(name));
  if (added.length === 0) return [];
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return [forbiddenField('metadata.finalizers', detail)];
}

/** Problem of a field that must stay as it was. */
export function immutableProblem(path: string, value: unknown, before: unknown): FieldProblem[] {
  if (sameJson(value, before)) return [];
  return [invalidValue(path, value ?? null, 'field is immutable')];
}

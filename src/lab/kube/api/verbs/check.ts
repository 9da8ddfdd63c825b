import { metadataProblems } from '../kinds/metadata.ts';
import type { ApiObject } from '../object.ts';
import type { Kind } from '../registry/kind.ts';
import { validateSchema } from '../schema/validate.ts';
import { invalid, invalidValue, type FieldProblem } from '../status.ts';

/** Refuses (422) an object that breaks the rules of its kind; `object` is in its stored form. */
export function checkObject(kind: Kind, object: ApiObject, before?: ApiObject): void {
  const problems = [
    ...metadataProblems(object, kind.storage, before),
    ...uidProblems(object, before),
    ...(kind.behaviour.validate?.(object, before) ?? []),
    ...(kind.custom === undefined ? [] : customProblems(kind, object)),
  ];
  const name = object.metadata.name || (object.metadata.generateName ?? '');
  if (problems.length > 0) throw invalid(kind, name, problems);
}

function uidProblems(object: ApiObject, before: ApiObject | undefined): FieldProblem[] {
  if (before === undefined || object.metadata.uid === before.metadata.uid) return [];
  return [invalidValue('metadata.uid', object.metadata.uid, 'field is immutable')];
}

function customProblems(kind: Kind, object: ApiObject): FieldProblem[] {
  const { metadata: _metadata, ...rest } = object;
  const schema = { ...kind.schema, required: kind.schema.required?.filter(isOwnField) ?? [] };
  return validateSchema(rest, withoutMetadata(schema));
}

function isOwnField(field: string): boolean {
  return field !== 'metadata';
}

function withoutMetadata(schema: Kind['schema']): Kind['schema'] {
  const { metadata: _metadata, ...properties } = schema.properties ?? {};
  return { ...schema, properties };
}

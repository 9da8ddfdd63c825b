import { VIRTUAL_RESOURCES } from '../discovery/virtual.ts';
import { at, fieldsOf, isFields, type Fields } from '../../../../base/json.ts';
import type { Registry } from '../registry/registry.ts';
import { reachableSchemas } from './components.ts';

/** A schema of OpenAPI v2, as far as Kubernetes publishes it. */
export interface SwaggerSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SwaggerSchema>>;
  readonly items?: SwaggerSchema;
  readonly additionalProperties?: SwaggerSchema;
  readonly 'x-kubernetes-group-version-kind'?: unknown;
  readonly 'x-kubernetes-patch-merge-key'?: unknown;
  readonly 'x-kubernetes-patch-strategy'?: unknown;
}

/** An OpenAPI v2 document: types only, operations are in the v3 documents. */
export interface Swagger {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Fields;
  readonly definitions: Readonly<Record<string, SwaggerSchema>>;
}

const V3_PREFIX = '#/components/schemas/';
const EXTENSIONS = [
  'x-kubernetes-group-version-kind',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
] as const;

/**
 * The OpenAPI v2 document of all kinds. kubectl reads it where the v3 documents say nothing: for
 * `kind: List` in a file, and for kinds that the server does not have.
 */
export function swaggerDocument(registry: Registry): Swagger {
  const schemas = reachableSchemas(registry.all(), VIRTUAL_RESOURCES);
  return {
    swagger: '2.0',
    info: { title: 'Trunkline lab', version: 'v1.32.0' },
    paths: {},
    definitions: Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, swaggerSchema(schema)]),
    ),
  };
}

/** What v2 cannot say (anyOf, oneOf, defaults) is left out; what is left allows more, never less. */
function swaggerSchema(given: unknown): SwaggerSchema {
  const schema = fieldsOf(given);
  const reference = at(schema, '$ref') ?? firstReference(schema['allOf']);
  const text = (key: string): string | undefined =>
    typeof schema[key] === 'string' ? schema[key] : undefined;
  const description = text('description');
  const marks = EXTENSIONS.filter((key) => schema[key] !== undefined);
  return {
    ...(description !== undefined && { description }),
    ...(typeof reference === 'string'
      ? { $ref: reference.replace(V3_PREFIX, '#/definitions/') }
      : typedSchema(schema)),
    ...Object.fromEntries(marks.map((key) => [key, schema[key]])),
  };
}

function firstReference(list: unknown): unknown {
  return Array.isArray(list) ? at(list[0], '$ref') : undefined;
}

function typedSchema(schema: Fields): SwaggerSchema {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return { type: 'string', format: 'int-or-string' };
  }
  const { type, format, required, properties, items, additionalProperties } = schema;
  return {
    ...(typeof type === 'string' && { type }),
    ...(typeof format === 'string' && { format }),
    ...(Array.isArray(required) && { required: required.map(String) }),
    ...(isFields(properties) && { properties: mapped(properties) }),
    ...(type === 'array' && { items: swaggerSchema(items) }),
    ...(isFields(additionalProperties) && {
      additionalProperties: swaggerSchema(additionalProperties),
    }),
  };
}

function mapped(properties: Fields): Readonly<Record<string, SwaggerSchema>> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, each]) => [key, swaggerSchema(each)]),
  );
}

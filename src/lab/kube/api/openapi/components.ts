import type { VirtualResource } from '../discovery/virtual.ts';
import type { Fields } from '../../../../base/json.ts';
import type { Kind } from '../registry/kind.ts';
import { builtinRef, builtinSchema } from '../schema/builtin.ts';
import type { GroupVersionKind, JsonSchema } from '../schema/json-schema.ts';

const REF_TAIL = /#\/components\/schemas\/io\.k8s\.api\.(.+)$/;

/** The schemas of the kinds and all that they refer to. */
export function reachableSchemas(
  kinds: readonly Kind[],
  virtual: readonly VirtualResource[],
): Fields {
  const schemas: Fields = {};
  const pending: string[] = [];
  for (const kind of kinds) {
    schemas[schemaName(kind)] = markedSchema(kind, rootSchema(kind));
    collectRefs(schemas[schemaName(kind)], pending);
  }
  for (const { typeName, ...gvk } of virtual) {
    const name = `io.k8s.api.${typeName}`;
    schemas[name] = markedSchema(gvk, builtinSchema(typeName));
    collectRefs(schemas[name], pending);
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const name = `io.k8s.api.${next}`;
    if (schemas[name] !== undefined) continue;
    schemas[name] = published(builtinSchema(next));
    collectRefs(schemas[name], pending);
  }
  return schemas;
}

/** The name of a kind's schema within a document. */
export function schemaName(kind: Kind): string {
  if (kind.typeName !== undefined) return `io.k8s.api.${kind.typeName}`;
  const domain = kind.group.split('.').toReversed().join('.');
  return `${domain}.${kind.version}.${kind.kind}`;
}

function rootSchema(kind: Kind): JsonSchema {
  if (kind.custom === undefined) return kind.schema;
  const text = (description: string): JsonSchema => ({ type: 'string', description });
  return {
    ...kind.schema,
    properties: {
      ...kind.schema.properties,
      apiVersion: text('Version of the schema of this object.'),
      kind: text('The resource that this object represents.'),
      metadata: {
        allOf: [{ $ref: builtinRef('v1.ObjectMeta') }],
        description: "Standard object's metadata.",
      },
    },
  };
}

function markedSchema(gvk: GroupVersionKind, schema: JsonSchema): Fields {
  const { group, version, kind } = gvk;
  return {
    ...published(schema),
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
}

/** Marks of ours that readers of OpenAPI would not understand, in their terms. */
function published(schema: JsonSchema): Fields {
  return mapSchema(schema) as Fields;
}

function mapSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapSchema);
  if (typeof value !== 'object' || value === null) return value;
  const result: Fields = {};
  for (const [key, item] of Object.entries(value)) result[key] = mapSchema(item);
  if (result['x-kubernetes-int-or-string'] === true && result['type'] === undefined) {
    result['oneOf'] = [{ type: 'integer' }, { type: 'string' }];
  }
  if (result['format'] === 'quantity') delete result['format'];
  return result;
}

function collectRefs(value: unknown, into: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === '$ref' && typeof item === 'string') {
      const name = REF_TAIL.exec(item)?.[1];
      if (name !== undefined) into.push(name);
    } else {
      collectRefs(item, into);
    }
  }
}

import type { Swagger, SwaggerSchema } from './swagger.ts';

/** Media type of the document below; kubectl takes no other form of OpenAPI v2. */
export const SWAGGER_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/*
 * The Protobuf form of an OpenAPI v2 document: message `openapi.v2.Document` of
 * github.com/google/gnostic, the fields that Kubernetes uses. All of them are length-delimited.
 */

/** The document as kubectl reads it. */
export function encodeSwagger(document: Swagger): Buffer {
  const { swagger, info, definitions } = document;
  return message([
    [1, text(swagger)],
    [2, message([text(info.title), text(info.version)].map((each, i) => [i + 1, each]))],
    [8, message([])],
    [9, named(definitions)],
  ]);
}

type Part = readonly [field: number, payload: Buffer];

function message(parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.flatMap(([field, payload]) => [
      varint((field << 3) | 2),
      varint(payload.length),
      payload,
    ]),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

function text(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}

/** `Definitions` and `Properties` alike: a list of NamedSchema. */
function named(schemas: Readonly<Record<string, SwaggerSchema>>): Buffer {
  return message(
    Object.entries(schemas).map(([name, schema]) => [
      1,
      message([
        [1, text(name)],
        [2, encodeSchema(schema)],
      ]),
    ]),
  );
}

function encodeSchema(schema: SwaggerSchema): Buffer {
  const { $ref, format, description, type, items, properties, additionalProperties } = schema;
  const texts = [
    [1, $ref],
    [2, format],
    [4, description],
  ] as const;
  return message([
    ...texts.flatMap(([field, value]): Part[] =>
      value === undefined ? [] : [[field, text(value)]],
    ),
    ...(schema.required ?? []).map((name): Part => [19, text(name)]),
    ...(additionalProperties === undefined
      ? []
      : [part(21, [1, encodeSchema(additionalProperties)])]),
    ...(type === undefined ? [] : [part(22, [1, text(type)])]),
    ...(items === undefined ? [] : [part(23, [1, encodeSchema(items)])]),
    ...(properties === undefined ? [] : [[25, named(properties)] as const]),
    ...extensions(schema),
  ]);
}

function part(field: number, inner: Part): Part {
  return [field, message([inner])];
}

/** Vendor extensions travel as YAML, of which JSON is a part. */
function extensions(schema: SwaggerSchema): Part[] {
  return Object.entries(schema)
    .filter(([key]) => key.startsWith('x-'))
    .map(([key, value]) => {
      const any = message([[2, text(JSON.stringify(value))]]);
      return [
        31,
        message([
          [1, text(key)],
          [2, any],
        ]),
      ];
    });
}

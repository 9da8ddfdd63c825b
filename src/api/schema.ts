/**
 * OpenAPI v3 structural schemas as constants, and the TypeScript types that follow from them. One
 * constant per custom resource is the source of its type, its CRD and its validation.
 */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
}

/** The type of the values that a schema admits. Unlisted properties are optional. */
export type FromSchema<S> = S extends { enum: readonly (infer E)[] }
  ? E
  : S extends { type: 'string' }
    ? string
    : S extends { type: 'integer' | 'number' }
      ? number
      : S extends { type: 'boolean' }
        ? boolean
        : S extends { type: 'array'; items: infer I }
          ? readonly FromSchema<I>[]
          : S extends { type: 'object'; properties: infer P }
            ? ObjectFromSchema<P, S extends { required: readonly (infer R)[] } ? R : never>
            : S extends { type: 'object'; additionalProperties: infer V }
              ? Readonly<Record<string, FromSchema<V>>>
              : S extends { type: 'object' }
                ? Readonly<Record<string, unknown>>
                : never;

type ObjectFromSchema<P, R> = {
  readonly [K in keyof P as K extends R ? K : never]: FromSchema<P[K]>;
} & {
  readonly [K in keyof P as K extends R ? never : K]?: FromSchema<P[K]>;
};

/** A map from strings to strings, such as labels or tags. */
export const STRING_MAP: {
  readonly type: 'object';
  readonly additionalProperties: { readonly type: 'string' };
} = {
  type: 'object',
  additionalProperties: { type: 'string' },
};

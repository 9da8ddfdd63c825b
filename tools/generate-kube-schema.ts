/**
 * Writes src/lab/kube/api/generated/kube-schema.json: the types of the built-in kinds that the
 * embedded API server serves and all that they reach, taken from the installed
 * @kubernetes/client-node (attribute tables for types, declarations for texts and required fields).
 * Run `node tools/generate-kube-schema.ts` after an upgrade of that package.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = resolve(import.meta.dirname, '..');
const MODELS = join(ROOT, 'node_modules/@kubernetes/client-node/dist/gen/models');
const TARGET = join(ROOT, 'src/lab/kube/api/generated/kube-schema.json');

/** Class of the client -> API group of the kind. */
const KINDS: Readonly<Record<string, string>> = {
  V1Namespace: 'core',
  V1Node: 'core',
  V1Pod: 'core',
  V1ServiceAccount: 'core',
  V1ConfigMap: 'core',
  V1Secret: 'core',
  CoreV1Event: 'core',
  V1Service: 'core',
  V1Endpoints: 'core',
  V1Binding: 'core',
  EventsV1Event: 'events',
  V1Deployment: 'apps',
  V1ReplicaSet: 'apps',
  V1DaemonSet: 'apps',
  V1ControllerRevision: 'apps',
  V1EndpointSlice: 'discovery',
  V1Lease: 'coordination',
  V1CustomResourceDefinition: 'apiextensions',
  V1MutatingWebhookConfiguration: 'admissionregistration',
  V1ValidatingWebhookConfiguration: 'admissionregistration',
  V1SelfSubjectAccessReview: 'authorization',
  V1SelfSubjectReview: 'authentication',
  V1Eviction: 'policy',
  V1Scale: 'autoscaling',
  V1DeleteOptions: 'meta',
  V1Status: 'meta',
};

/** Texts that hold a resource quantity: the API also takes numbers for them. */
const QUANTITIES: ReadonlySet<string> = new Set([
  'limits',
  'requests',
  'capacity',
  'allocatable',
  'allocatedResources',
  'overhead',
  'sizeLimit',
  'divisor',
  'hard',
  'used',
]);

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 's',
  boolean: 'b',
  Date: 't',
  V1MicroTime: 'm',
  IntOrString: 'x',
  any: 'a',
  object: 'a',
  RuntimeRawExtension: 'a',
};

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

interface CompactType {
  readonly d?: string;
  /** name -> [type, description] or [type, description, 1] when required. */
  readonly f: Readonly<Record<string, readonly [string, string] | readonly [string, string, 1]>>;
}

function typeName(className: string): string {
  const group = KINDS[className];
  const short = className.replace(/^(CoreV1|EventsV1|V1)(?=[A-Z])/, '');
  return group === undefined ? `v1.${short}` : `${group}.v1.${short}`;
}

function compactType(attribute: Attribute, pending: string[]): string {
  const { type } = attribute;
  const list = /^Array<(.+)>$/.exec(type);
  if (list) return `[]${compactType({ ...attribute, type: list[1] ?? '' }, pending)}`;
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map) return `{}${compactType({ ...attribute, type: map[1] ?? '' }, pending)}`;
  const scalar = scalarCode(attribute);
  if (scalar !== undefined) return scalar;
  pending.push(type);
  return `#${typeName(type)}`;
}

function scalarCode({ type, format, baseName }: Attribute): string | undefined {
  if (type === 'string' && QUANTITIES.has(baseName)) return 'q';
  if (type === 'string' && format === 'byte') return 'y';
  if (type === 'number') return NUMBERS[format] ?? 'n';
  return PRIMITIVES[type];
}

const NUMBERS: Readonly<Record<string, string>> = { int32: 'i', int64: 'l' };

interface Declared {
  readonly description: string;
  readonly fields: ReadonlyMap<string, { readonly description: string; readonly needed: boolean }>;
}

function cleanText(text: string): string {
  return text
    .replaceAll(/^\s*\*? ?/gm, '')
    .replaceAll(/\\(['"`])/g, '$1')
    .trim();
}

function declarationOf(className: string): Declared {
  const text = readFileSync(join(MODELS, `${className}.d.ts`), 'utf8');
  const about = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export declare class/.exec(text);
  const pattern = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {4}'([^']+)'(\??):/gm;
  const fields = new Map(
    [...text.matchAll(pattern)].map((match) => [
      match[2] ?? '',
      { description: cleanText(match[1] ?? ''), needed: match[3] !== '?' },
    ]),
  );
  return { description: cleanText(about?.[1] ?? ''), fields };
}

async function attributesOf(className: string): Promise<readonly Attribute[]> {
  const url = pathToFileURL(join(MODELS, `${className}.js`)).href;
  const module = (await import(url)) as Record<string, { attributeTypeMap: Attribute[] }>;
  return module[className]?.attributeTypeMap ?? [];
}

async function compact(className: string, pending: string[]): Promise<CompactType> {
  const declared = declarationOf(className);
  const fields: Record<string, readonly [string, string] | readonly [string, string, 1]> = {};
  for (const attribute of await attributesOf(className)) {
    const type = compactType(attribute, pending);
    const field = declared.fields.get(attribute.baseName);
    const description = field?.description ?? '';
    fields[attribute.baseName] =
      field?.needed === true ? [type, description, 1] : [type, description];
  }
  return { ...(declared.description !== '' && { d: declared.description }), f: fields };
}

async function main(): Promise<void> {
  const types: Record<string, CompactType> = {};
  // The two types that hold schemas reach themselves; they are plain objects to us.
  types['v1.JSONSchemaProps'] = { d: 'An OpenAPI v3 schema.', f: {} };
  const pending = Object.keys(KINDS);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const name = typeName(next);
    if (types[name] === undefined) types[name] = await compact(next, pending);
  }
  const sorted = Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1)));
  const lines = Object.entries(sorted).map(
    ([name, type]) => `${JSON.stringify(name)}:${JSON.stringify(type)}`,
  );
  writeFileSync(TARGET, `{\n${lines.join(',\n')}\n}\n`);
  console.log(`${lines.length} types written to ${TARGET}`);
}

await main();

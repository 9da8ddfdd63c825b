import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

/**
 * Writes `src/ec2/generated/{ec2,sts,iam,eks}.json` from the static schemas of the pinned AWS SDK (DESIGN:
 * D4). The schema layout is not a promised API of the SDK, so it is read here, once, and the result
 * is checked in; `generate-ec2-schema.test.ts` fails when it no longer matches the installed SDK.
 *
 * A shape is one line of text, so that the model costs little more than its size in memory until
 * an action is used: `S <name> <required members> <member>...`, `L <name> <type> <item element>` or
 * `M <name> <key type> <value type>`.
 * A member is `<name>:<type>[:<wire name>[:<xml name>[:<flag>]]]`; the flag is `i` for an idempotency
 * token and, under `rest-json`, `l` for a label of the path or `q` for a query parameter. A type
 * is s, n, b, t (timestamp), x (blob) or the number of a shape. Empty names stand for the usual
 * ones: wire name = member name; xml name = member name, with a lower first letter under `ec2`.
 */
export interface GeneratedModel {
  readonly sdkVersion: string;
  readonly checksum: string;
  readonly protocol: Protocol;
  readonly version: string;
  readonly namespace: string;
  /** `<action> <input shape or -> <output shape or ->`, and under `rest-json` method, path, status. */
  readonly actions: readonly string[];
  readonly shapes: readonly string[];
}

type Protocol = 'ec2' | 'query' | 'rest-json';

/** Services whose contract is generated. */
export const SERVICES = {
  ec2: {
    protocol: 'ec2',
    version: '2016-11-15',
    namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  },
  sts: {
    protocol: 'query',
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  },
  iam: {
    protocol: 'query',
    version: '2010-05-08',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  },
  eks: { protocol: 'rest-json', version: '2017-11-01', namespace: '' },
} as const;

const KIND = { simple: 0, list: 1, map: 2, struct: 3, union: 4, operation: 9 } as const;
const HTTP_LABEL = 1;
const IDEMPOTENCY_TOKEN = 4;
const SCALARS: Readonly<Record<number, string>> = { 0: 's', 1: 'n', 2: 'b', 4: 't', 21: 'x' };
const LIST_OF = 64;
const MAP_OF = 128;
const ROOT = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

interface Traits {
  readonly xmlName?: string;
  readonly ec2QueryName?: string;
  readonly idempotencyToken?: 1;
  readonly httpLabel?: 1;
  readonly httpQuery?: string;
}

/** Reads the installed SDK and answers the compact model. */
export function buildModel(service: keyof typeof SERVICES): GeneratedModel {
  const sdk = require(`@aws-sdk/client-${service}`) as Record<string, unknown>;
  const operations = Object.values(sdk).filter(
    (value): value is unknown[] => Array.isArray(value) && value[0] === KIND.operation,
  );
  const shapes = new ShapeTable(SERVICES[service].protocol);
  const actions = operations
    .sort((a, b) => (String(a[2]) < String(b[2]) ? -1 : 1))
    .map(([, , name, traits, input, output]) =>
      [name, shapes.root(input), shapes.root(output), ...httpOf(traits)].join(' '),
    );
  const body = { ...SERVICES[service], actions, shapes: shapes.lines };
  const checksum = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  return { sdkVersion: sdkVersion(service), checksum, ...body };
}

/** Method, path and status of an operation that has a place of its own. */
function httpOf(traits: unknown): readonly unknown[] {
  return ((traits as { readonly http?: readonly unknown[] } | 0 | undefined) || {}).http ?? [];
}

/** Path of the checked-in model. */
export function modelPath(service: keyof typeof SERVICES): string {
  return join(ROOT, 'src/ec2/generated', `${service}.json`);
}

function sdkVersion(service: string): string {
  const path = join(ROOT, `node_modules/@aws-sdk/client-${service}/package.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

class ShapeTable {
  readonly lines: string[] = [];
  readonly #numbers = new Map<unknown, number>();
  readonly #protocol: Protocol;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** The type of an operation's input or output; `-` when it has none. */
  root(reference: unknown): string {
    const type = this.#type(reference);
    return /^\d+$/.test(type) ? type : '-';
  }

  #type(reference: unknown): string {
    const schema = typeof reference === 'function' ? (reference as () => unknown)() : reference;
    if (typeof schema === 'number') return this.#scalarOrList(schema);
    if (!Array.isArray(schema)) return '-';
    if (schema[0] === KIND.simple) return this.#scalarOrList(schema[4] as number);
    return String(this.#shape(schema));
  }

  #scalarOrList(code: number): string {
    const scalar = SCALARS[code];
    if (scalar !== undefined) return scalar;
    return String(this.#numbers.get(code) ?? this.#add(code, scalarsLine(code)));
  }

  #shape(schema: readonly unknown[]): number {
    const known = this.#numbers.get(schema);
    if (known !== undefined) return known;
    const number = this.#add(schema, '');
    this.lines[number] = this.#line(schema);
    return number;
  }

  #add(key: unknown, line: string): number {
    const number = this.lines.push(line) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  #line(schema: readonly unknown[]): string {
    if (schema[0] === KIND.list) return this.#list(schema);
    return schema[0] === KIND.map ? this.#map(schema) : this.#struct(schema);
  }

  #map([, , name, , key, value]: readonly unknown[]): string {
    return `M ${name} ${this.#type(memberOf(key)[0])} ${this.#type(memberOf(value)[0])}`;
  }

  #list([, , name, , item]: readonly unknown[]): string {
    const [type, traits] = memberOf(item);
    return `L ${name} ${this.#type(type)} ${traits.xmlName ?? 'member'}`;
  }

  #struct([kind, , name, , names, references, required]: readonly unknown[]): string {
    if (kind !== KIND.struct && kind !== KIND.union)
      throw new Error(`Unknown shape kind ${kind} of ${name}`);
    const members = (names as string[]).map((member, i) =>
      this.#member(member, (references as unknown[])[i]),
    );
    return ['S', name, required ?? 0, ...members].join(' ');
  }

  #member(name: string, reference: unknown): string {
    const [type, traits] = memberOf(reference);
    const ec2 = this.#protocol === 'ec2';
    const xmlName = traits.xmlName ?? name;
    const wireName = ec2
      ? (traits.ec2QueryName ?? capitalised(xmlName))
      : (traits.httpQuery ?? xmlName);
    const usualXmlName = ec2 ? name.charAt(0).toLowerCase() + name.slice(1) : name;
    const fields = [
      name,
      this.#type(type),
      wireName === name ? '' : wireName,
      xmlName === usualXmlName ? '' : xmlName,
      flagOf(traits),
    ];
    return fields.join(':').replace(/:+$/, '');
  }
}

/** A member reference is a schema, or a pair of schema and traits (an object, or a bit set). */
function memberOf(reference: unknown): [unknown, Traits] {
  if (!Array.isArray(reference) || reference.length !== 2) return [reference, {}];
  const traits: unknown = reference[1];
  if (typeof traits === 'object') return [reference[0], traits as Traits];
  return [reference[0], BIT_TRAITS[Number(traits)] ?? {}];
}

const BIT_TRAITS: Readonly<Record<number, Traits>> = {
  [HTTP_LABEL]: { httpLabel: 1 },
  [IDEMPOTENCY_TOKEN]: { idempotencyToken: 1 },
};

/** Where a member travels counts more than that it is a token: DELETE requests have both. */
function flagOf(traits: Traits): string {
  if (traits.httpLabel) return 'l';
  if (traits.httpQuery !== undefined) return 'q';
  return traits.idempotencyToken ? 'i' : '';
}

/** The SDK numbers lists and maps of a scalar instead of describing them. */
function scalarsLine(code: number): string {
  const value = SCALARS[code - MAP_OF];
  if (value !== undefined) return `M map-of-${value} s ${value}`;
  const item = SCALARS[code - LIST_OF];
  if (item === undefined) throw new Error(`Unknown type code ${code} in the SDK schemas`);
  return `L list-of-${item} ${item} member`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function writeLimits(): void {
  type Source = Record<string, Record<string, unknown> & { networkCards: { maxEnis: number }[] }>;
  const source = JSON.parse(readFileSync(process.argv[3] ?? '', 'utf8')) as Source;
  const rows = Object.entries(source).map(([type, limits]) => [
    type,
    [
      limits['maxEnis'],
      limits['ipv4PerEni'],
      limits['branchEnis'],
      limits['isTrunkingCompatible'] ? 1 : 0,
      limits['hypervisor'],
      limits['isBareMetal'] ? 1 : 0,
      limits['defaultNetworkCardIndex'],
      limits.networkCards.map((card) => card.maxEnis),
    ],
  ]);
  const lines = rows.map((row) => `  ${JSON.stringify(row[0])}: ${JSON.stringify(row[1])}`);
  writeFileSync(join(ROOT, 'src/ec2/data/instance-limits.json'), `{\n${lines.join(',\n')}\n}\n`);
}

function main(): void {
  if (process.argv[2] === 'limits') return writeLimits();
  mkdirSync(join(ROOT, 'src/ec2/generated'), { recursive: true });
  for (const service of Object.keys(SERVICES) as (keyof typeof SERVICES)[]) {
    const model = buildModel(service);
    writeFileSync(modelPath(service), `${JSON.stringify(model, null, 1)}\n`);
    console.log(`${service}: ${model.actions.length} actions, ${model.shapes.length} shapes`);
  }
}

if (import.meta.main) main();

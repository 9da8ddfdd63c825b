import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ID_KINDS } from '../src/ec2/id-kinds.ts';

/**
 * Which error codes the source of an action can raise: a walk over the declarations that it names,
 * directly or through others, in `src/vpc` and `src/ec2`. It reads text, not types, so a code may be
 * listed that the action never reaches; it misses none that is written out.
 */
export interface Sources {
  /** The codes below an exported name of a file. */
  codesOf(file: string, name: string): readonly string[];
  /** Where an action's handler is declared, from the tables of actions. */
  findHandler(handler: string): string | undefined;
}

interface Declaration {
  readonly text: string;
  /** Names in the text that may be declarations. */
  readonly words: ReadonlySet<string>;
}

interface SourceFile {
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly imports: ReadonlyMap<string, string>;
}

const ROOT = resolve(import.meta.dirname, '..');
const ADDRESS_POOL = join(ROOT, 'src/vpc/store/address-pool.ts');
const FOLDERS = ['src/vpc', 'src/ec2'];
const DECLARATION = /^(?:export )?(?:abstract )?(?:async )?(?:const|function\*?|class) (\w+)/gm;
type KindName = keyof typeof ID_KINDS;

/** Reads all sources. */
export function readSources(): Sources {
  const files = new Map<string, SourceFile>();
  for (const folder of FOLDERS)
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.ts') && !/\.(test|fake|prop)\.ts$/.test(name)) {
        const path = join(ROOT, folder, name);
        files.set(path, parseFile(path));
      }
  const kinds = collectionKinds(files);
  return {
    codesOf: (file, name) => [...collect(files, kinds, [file, name])].sort(),
    findHandler: (handler) =>
      [...files].find(
        ([path, { declarations }]) => declarations.has(handler) && path.includes('/src/vpc/'),
      )?.[0],
  };
}

function parseFile(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  const starts = [...text.matchAll(DECLARATION)];
  const declarations = new Map(
    starts.map((match, i) => {
      const body = text.slice(match.index, starts[i + 1]?.index);
      return [match[1] ?? '', { text: body, words: new Set(body.match(/\b[A-Za-z_]\w+\b/g)) }];
    }),
  );
  const imports = new Map<string, string>();
  for (const match of text.matchAll(/^import (?!type)\{([^}]*)\} from '(\.[^']+)'/gm))
    for (const name of (match[1] ?? '').split(','))
      imports.set(name.trim().split(' ')[0] ?? '', resolve(dirname(path), match[2] ?? ''));
  return { declarations, imports };
}

/** `store.groups` -> `group`, as the store says when it makes the collection. */
function collectionKinds(files: ReadonlyMap<string, SourceFile>): ReadonlyMap<string, KindName> {
  const kinds = new Map<string, KindName>();
  for (const { declarations } of files.values())
    for (const { text } of declarations.values())
      for (const match of text.matchAll(/(\w+)(?::| =) make\(\s*\w+,\s*ID_KINDS\.(\w+)/g))
        kinds.set(match[1] ?? '', match[2] as KindName);
  return kinds;
}

function collect(
  files: ReadonlyMap<string, SourceFile>,
  kinds: ReadonlyMap<string, KindName>,
  start: readonly [string, string],
): Set<string> {
  const codes = new Set<string>();
  const seen = new Set<string>();
  const queue = [start];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [path, name] = next;
    const file = files.get(path);
    const declaration = file?.declarations.get(name);
    if (file === undefined || declaration === undefined || seen.has(`${path}:${name}`)) continue;
    seen.add(`${path}:${name}`);
    for (const code of codesIn(declaration.text, kinds)) codes.add(code);
    queue.push(...neighbours(file, { path, name, declaration }));
  }
  return codes;
}

/** What a declaration names: others of its file, imports, and the pools behind the store. */
function* neighbours(
  { declarations, imports }: SourceFile,
  from: { readonly path: string; readonly name: string; readonly declaration: Declaration },
): Iterable<readonly [string, string]> {
  const { text, words } = from.declaration;
  for (const word of words) {
    const imported = imports.get(word);
    if (imported !== undefined) yield [imported, word];
    else if (word !== from.name && declarations.has(word)) yield [from.path, word];
  }
  if (text.includes('addresses.reserve(')) yield [ADDRESS_POOL, 'AddressPool'];
}

function* codesIn(text: string, kinds: ReadonlyMap<string, KindName>): Iterable<string> {
  for (const match of text.matchAll(/new Ec2Error\(\s*'([A-Za-z.]+)'/g)) yield match[1] ?? '';
  for (const match of text.matchAll(/notFound\(\s*ID_KINDS\.(\w+)/g))
    yield* kindCodes(match[1] as KindName, ['notFound']);
  for (const match of text.matchAll(/checkId\(\s*ID_KINDS\.(\w+)/g))
    yield* kindCodes(match[1] as KindName, ['malformed']);
  const byId =
    /(?:own\(call, |ownVpc|selectObjects\(\s*)(?:call\.)?(?:store\.)?(\w+)?|store\.(\w+)\.(?:must|missing)/g;
  for (const match of text.matchAll(byId)) {
    const collection = match[1] ?? match[2] ?? 'vpcs';
    const kind = kinds.get(collection);
    if (kind !== undefined) yield* kindCodes(kind, ['malformed', 'notFound']);
  }
}

function* kindCodes(
  name: KindName,
  which: readonly ('malformed' | 'notFound')[],
): Iterable<string> {
  const kind = Object.hasOwn(ID_KINDS, name) ? ID_KINDS[name] : undefined;
  if (kind !== undefined) for (const each of which) yield kind[each];
}

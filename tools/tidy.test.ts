import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LONG_FILES } from './tidy.allow.ts';

/** Layers and what each may import besides itself (docs/ARCHITECTURE.md, "The tree"). */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: ['base'],
  ec2: ['base'],
  policy: ['base', 'api', 'ec2'],
  dataplane: ['base', 'policy'],
  io: ['base', 'api', 'ec2'],
  controller: ['base', 'api', 'ec2', 'policy'],
  vpc: ['base', 'ec2', 'api'],
  node: ['base', 'api', 'ec2', 'policy', 'dataplane'],
  lab: ['base', 'api', 'ec2', 'policy', 'dataplane', 'io', 'controller', 'vpc', 'node', 'cli'],
  cli: ['base', 'api', 'ec2', 'policy'],
  bin: [
    'base',
    'api',
    'ec2',
    'policy',
    'dataplane',
    'io',
    'controller',
    'vpc',
    'node',
    'lab',
    'cli',
  ],
};
const PURE = new Set(['base', 'api', 'ec2', 'policy', 'dataplane']);
/** Type-only imports that pure layers may take from npm: the contract of EC2 is the SDK's types. */
const PURE_TYPE_IMPORTS = /^@aws-sdk\/client-/;
const ROOT = resolve(import.meta.dirname, '..');
const MAX_SOURCE_LINES = 400;
const MAX_TEST_LINES = 800;

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const pattern = /^(?:import|export)\s+(type\s+)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    target: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }));
}

function layerOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function isTestFile(file: string): boolean {
  return /\.(test|contract|fake)\.ts$/.test(file);
}

const files = sourceFiles('src');
const production = files.filter((file) => !isTestFile(file));
const imports = production.flatMap(importsOf);

describe('the tree', () => {
  test('was scanned at all', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(imports.length).toBeGreaterThan(60);
  });

  test('has only known layers', () => {
    expect(files.map(layerOf).filter((layer) => !(layer in LAYERS))).toEqual([]);
  });

  test('imports only towards base', () => {
    const wrong = imports
      .filter(({ target }) => target.startsWith('.'))
      .map(({ file, target }) => ({
        file,
        target: relative(ROOT, resolve(ROOT, dirname(file), target)),
      }))
      .filter(({ file, target }) => {
        const from = layerOf(file);
        const to = layerOf(target);
        return from !== to && !LAYERS[from]?.includes(to);
      });
    expect(wrong).toEqual([]);
  });

  test('keeps pure layers free of Node and npm', () => {
    const wrong = imports.filter(
      ({ file, target, typeOnly }) =>
        PURE.has(layerOf(file)) &&
        !target.startsWith('.') &&
        !(typeOnly && PURE_TYPE_IMPORTS.test(target)),
    );
    expect(wrong).toEqual([]);
  });

  test('names the extension in relative imports', () => {
    const wrong = imports.filter(
      ({ target }) => target.startsWith('.') && !/\.(ts|json)$/.test(target),
    );
    expect(wrong).toEqual([]);
  });

  test('keeps files short', () => {
    const long = files.filter((file) => {
      const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').length;
      return lines > (isTestFile(file) ? MAX_TEST_LINES : MAX_SOURCE_LINES);
    });
    expect(long.filter((file) => !(file in LONG_FILES))).toEqual([]);
  });

  test('has no vague file names', () => {
    const vague = /(^|[/-])(utils?|helpers?|common|misc|manager)\.ts$/;
    expect(files.filter((file) => vague.test(file))).toEqual([]);
  });
});

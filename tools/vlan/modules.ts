/**
 * Kernel modules of an unpacked kernel package: which files a set of features needs, dependencies
 * first. Read from the modules themselves, so that neither kmod nor depmod has to run on this machine.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A module to load, uncompressed. */
export interface KernelModule {
  readonly name: string;
  readonly data: Buffer;
}

/**
 * The modules that `wanted` need, in the order in which to load them. `missing` names what the
 * kernel has neither as a module nor built in. `folder` is `lib/modules/<release>` of the package.
 */
export function modulesFor(
  folder: string,
  wanted: readonly string[],
): { readonly modules: readonly KernelModule[]; readonly missing: readonly string[] } {
  const files = new Map(moduleFiles(folder).map((path) => [nameOf(path), path]));
  const builtin = new Set(lines(join(folder, 'modules.builtin')).map(nameOf));
  const modules = new Map<string, KernelModule>();
  const missing: string[] = [];
  const visit = (name: string): void => {
    if (modules.has(name) || builtin.has(name)) return;
    const path = files.get(name);
    if (path === undefined) {
      missing.push(name);
      return;
    }
    const data = contents(path);
    for (const other of dependenciesOf(data)) visit(other);
    modules.set(name, { name, data });
  };
  for (const name of wanted) visit(canonical(name));
  return { modules: [...modules.values()], missing };
}

/** The `depends=` entry of the .modinfo section. */
export function dependenciesOf(data: Buffer): readonly string[] {
  const key = '\0depends=';
  const start = data.indexOf(key);
  if (start < 0) return [];
  const from = start + key.length;
  const text = data.toString('latin1', from, data.indexOf(0, from));
  return text === '' ? [] : text.split(',').map(canonical);
}

function moduleFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ko(\.xz)?$/.test(name))
    .map((name) => join(folder, name));
}

/** Debian packs modules by xz from release 13 on. */
function contents(path: string): Buffer {
  if (!path.endsWith('.xz')) return readFileSync(path);
  const { status, stdout } = spawnSync('xz', ['-dc', path], { maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`Cannot unpack ${path}: is xz-utils installed?`);
  return stdout;
}

function nameOf(path: string): string {
  return canonical(basename(path).replace(/\.ko(\.xz)?$/, ''));
}

/** The kernel takes `-` and `_` in module names for the same. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

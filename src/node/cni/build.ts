import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** A plugin ready to be executed by a container runtime. */
export interface CniPlugin {
  /** Path of the executable, named `aws-cni`. */
  readonly path: string;
  /** `bun`: one compiled executable; `node`: a script for this Node. */
  readonly kind: 'bun' | 'node';
}

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../../..');
const BUN = join(ROOT, 'node_modules/@oven/bun-linux-x64/bin/bun');
const NAME = 'aws-cni';

/**
 * Builds the plugin into `outDir`, or takes the one that is there when it was built from the same
 * sources. Compiling takes about a second and the executable has 100 MB, so that `outDir` should live longer
 * than one run.
 */
export async function buildCniPlugin(options: {
  readonly outDir: string;
  /** Default: `bun` when its package is installed. */
  readonly kind?: 'bun' | 'node';
}): Promise<CniPlugin> {
  const kind = options.kind ?? (existsSync(BUN) ? 'bun' : 'node');
  const path = join(options.outDir, NAME);
  const stampPath = join(options.outDir, `.${NAME}.sources`);
  const stamp = `${kind} ${sourceHash(kind)}`;
  if (existsSync(path) && readText(stampPath) === stamp) return { path, kind };
  await mkdir(options.outDir, { recursive: true });
  const draft = join(options.outDir, `.${NAME}.${process.pid}`);
  try {
    await (kind === 'bun' ? compileWithBun(draft, options.outDir) : bundleForNode(draft));
    await chmod(draft, 0o755);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  await writeFile(stampPath, stamp);
  return { path, kind };
}

/** Changes when a source of the plugin or its compiler does. */
function sourceHash(kind: 'bun' | 'node'): string {
  const hash = createHash('sha256');
  const names = readdirSync(import.meta.dirname).filter((name) => /^[a-z-.]+\.ts$/.test(name));
  for (const name of names.sort())
    if (!name.endsWith('.test.ts')) hash.update(readFileSync(join(import.meta.dirname, name)));
  hash.update(
    kind === 'bun' ? (readText(join(BUN, '../../package.json')) ?? '') : process.execPath,
  );
  return hash.digest('hex');
}

async function compileWithBun(target: string, workDir: string): Promise<void> {
  const entry = join(import.meta.dirname, 'plugin-bun.real.ts');
  const args = ['build', '--compile', '--bytecode', '--minify'];
  // A compiled program would otherwise read .env and bunfig.toml of the folder it is started in.
  const closed = ['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  await run(BUN, [...args, ...closed, `--outfile=${target}`, entry], {
    cwd: workDir,
    env: { PATH: '/usr/bin:/bin', HOME: workDir, TMPDIR: workDir },
  });
}

async function bundleForNode(target: string): Promise<void> {
  const { build } = await import('esbuild');
  // The runtime's environment must not steer our process: NODE_OPTIONS, NODE_EXTRA_CA_CERTS (33 ms).
  const clean = '-u NODE_OPTIONS -u NODE_EXTRA_CA_CERTS -u NODE_PATH';
  await build({
    entryPoints: [join(import.meta.dirname, 'plugin-node.real.ts')],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    minify: true,
    banner: { js: `#!/usr/bin/env -S ${clean} ${process.execPath}` },
  });
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

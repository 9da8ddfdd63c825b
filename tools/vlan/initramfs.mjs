/** The first file system of the guest: busybox, the modules to load, and the bundled tests. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { ROOT } from '../node24.mjs';
import { archive } from './cpio.ts';

const INIT = resolve(ROOT, 'tools/vlan/init.sh');
const TESTS = resolve(ROOT, 'test/vlan/main.ts');

/**
 * The compressed archive.
 * @param {{ busybox: string, modules: readonly { name: string, data: Uint8Array }[] }} parts
 */
export async function initramfs({ busybox, modules }) {
  const files = Object.fromEntries(
    modules.map(({ name, data }, at) => [`modules/${String(at).padStart(3, '0')}-${name}`, data]),
  );
  files['bin/busybox'] = readFileSync(busybox);
  files['tests.mjs'] = await bundle();
  files.init = readFileSync(INIT);
  const folders = ['bin', 'modules', 'proc', 'dev', 'below', 'above', 'root'];
  return gzipSync(archive({ folders, files }), { level: 1 });
}

/** One file: an emulated CPU takes ten times as long to read and strip 150 of them. */
async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [TESTS],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].contents;
}

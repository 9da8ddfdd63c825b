import { PGlite } from '@electric-sql/pglite';
import { rename, rm, stat } from 'node:fs/promises';
import { SEED } from './seed.ts';

/**
 * Makes a data folder with the seed in it, by initdb. That takes 3 s and 450 MB, so it happens once
 * per installation and never beside a running lab; servers start from copies.
 *
 * Peak memory of a server (VmHWM), PGlite 0.5.14 on Node 24.21, two cores:
 *   initdb at start, default flags                          1190 MB
 *   initdb at start, V8 flags below                          490-670 MB, 3-5 s
 *   prepared folder, shared_buffers 128 MB (the default)     336 MB, 0.54 s
 *   the same with the V8 flags                               251 MB, 0.53 s
 *   the same with shared_buffers 2 MB  <- what we run        124 MB, 0.33 s
 * The WebAssembly module declares 128 MB of memory at least, of which only touched pages count.
 */
export async function makeTemplate(folder: string): Promise<void> {
  const temporary = `${folder}.${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  const database = await PGlite.create({
    dataDir: temporary,
    initDbStartParams: ['-c', 'shared_buffers=2MB', '-c', 'max_connections=20', '--wal-segsize=1'],
  });
  await database.exec(SEED);
  await database.close();
  // Whoever renames first wins; the other's work is the same.
  await rename(temporary, folder).catch(async (error: unknown) => {
    await rm(temporary, { recursive: true, force: true });
    if (!(await isFolder(folder))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

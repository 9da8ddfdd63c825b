/**
 * Builds the program that reads answers with the Go SDK (main.go), of the version that the VPC CNI
 * pins. A minute and a half and 3 GB of memory the first time, nothing after. Without Go or the
 * module proxy it says so, and the tests are skipped.
 */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findGoReader, goReaderPath } from '../go-reader.ts';

const program = goReaderPath();
if ('skipped' in findGoReader()) {
  const folder = dirname(program);
  mkdirSync(folder, { recursive: true });
  process.stdout.write('Building the reader with the Go SDK\n');
  const env = {
    GOPATH: join(folder, 'go'),
    GOCACHE: join(folder, 'go-build'),
    ...process.env,
    GOFLAGS: '-buildvcs=false -modcacherw -mod=readonly',
  };
  const build = promisify(execFile)('go', ['build', '-o', program, '.'], {
    cwd: import.meta.dirname,
    env,
  });
  await build.catch((error: unknown) => {
    const [line] = String(error).split('\n');
    process.stdout.write(`Skipped: cannot build the reader with the Go SDK (${line})\n`);
  });
}

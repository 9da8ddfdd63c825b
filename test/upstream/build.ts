/**
 * Builds the programs of others that Trunkline must be able to carry, unchanged, from the Go module
 * proxy. Minutes the first time (two processors: five for each module), seconds after. Without Go or
 * the proxy it says so, and the tests are skipped.
 */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import {
  UPSTREAM_CONTROLLER,
  UPSTREAM_FOLDER,
  UPSTREAM_IPAMD,
  UPSTREAM_PLUGIN,
  whyMissing,
} from './programs.ts';

const run = promisify(execFile);
const MODULES = [
  {
    module: 'github.com/aws/amazon-vpc-resource-controller-k8s@v1.8.2',
    programs: [{ path: UPSTREAM_CONTROLLER, source: '.' }],
  },
  {
    module: 'github.com/aws/amazon-vpc-cni-k8s@v1.23.2',
    programs: [
      { path: UPSTREAM_IPAMD, source: './cmd/aws-k8s-agent' },
      { path: UPSTREAM_PLUGIN, source: './cmd/routed-eni-cni-plugin' },
    ],
  },
] as const;
/** Modules and objects stay beside the programs, unless the caller has folders of his own. */
const env = {
  GOPATH: join(UPSTREAM_FOLDER, 'go'),
  GOCACHE: join(UPSTREAM_FOLDER, 'go-build'),
  ...process.env,
  GOFLAGS: '-buildvcs=false -modcacherw',
};

mkdirSync(UPSTREAM_FOLDER, { recursive: true });
try {
  for (const { module, programs } of MODULES) {
    const wanted = programs.filter(({ path }) => whyMissing(path) !== undefined);
    if (wanted.length === 0) continue;
    const { stdout } = await run('go', ['mod', 'download', '-json', module], { env });
    const { Dir: folder } = JSON.parse(stdout) as { readonly Dir: string };
    for (const { path, source } of wanted) {
      process.stdout.write(`Building ${basename(path)} of ${module}\n`);
      await run('go', ['build', '-o', path, source], { cwd: folder, env });
    }
  }
} catch (error) {
  const [line] = String(error).split('\n');
  process.stdout.write(`Skipped: cannot build the programs of others (${line})\n`);
}

import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SANDBOX = resolve(ROOT, 'src/lab/launch/sandbox.sh');
const BOOTSTRAP = resolve(ROOT, 'tools/bootstrap.mjs');
const run = promisify(execFile);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a shell script in a mount namespace of its own, with no npm and no apt-get unless linked. */
async function shell(script: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  try {
    return { code: 0, ...(await run('/bin/sh', [SANDBOX, 'sh', '-c', script], { env })) };
  } catch (error) {
    return error as Outcome;
  }
}

/** A Node.js of this machine that is too old for the project itself, as npm may run on. */
function olderNode(): string | undefined {
  const found = execFileSync('/bin/sh', ['-c', 'which -a node; true']).toString().split('\n');
  return found.filter(Boolean).find((path) => {
    const version = execFileSync(path, ['-p', 'process.versions.node']).toString();
    return Number.parseInt(version, 10) < 24;
  });
}

describe('the bootstrap', () => {
  test('is quick when nothing is missing', async () => {
    const beganMs = performance.now();
    const outcome = await run(process.execPath, [BOOTSTRAP, 'setup']);
    expect(outcome).toEqual({ stdout: '', stderr: '' });
    expect(performance.now() - beganMs).toBeLessThan(1000); // 40 ms on an idle machine
  });

  test('prints the command to type where it cannot install', async () => {
    // Without /usr/sbin there is no nft; without apt-get in the path nothing can be installed.
    const script = `mkdir /run/bin && for name in env mount unshare nsenter setpriv setsid; do ln -s "$(command -v $name)" /run/bin; done
      mount -t tmpfs none /usr/sbin && PATH=/run/bin exec '${process.execPath}' '${BOOTSTRAP}' setup`;
    const { code, stderr } = await shell(script, process.env);
    expect(code).toBe(3);
    expect(stderr).toContain(
      'Run this first: sudo apt-get install -y --no-install-recommends nftables iproute2',
    );
  });

  test('refuses an unknown verb', async () => {
    const { code } = await shell(`'${process.execPath}' '${BOOTSTRAP}' dance`, process.env);
    expect(code).toBe(2);
  });
});

describe('a clone of another state', () => {
  let clone: string;

  beforeEach(async () => {
    clone = await mkdtemp(join(tmpdir(), 'tl-clone-'));
    await mkdir(join(clone, 'tools'));
    for (const file of ['tools/bootstrap.mjs', 'tools/node24.mjs', 'package-lock.json']) {
      await cp(join(ROOT, file), join(clone, file));
    }
    await mkdir(join(clone, 'bin'));
    // Stands for npm: says how it was called, and installs nothing.
    const npm = '#!/bin/sh\necho "npm $*" >&2\nexit 1\n';
    await writeFile(join(clone, 'bin/npm'), npm, { mode: 0o755 });
  });
  afterEach(() => rm(clone, { recursive: true, force: true }));

  async function bootstrap(): Promise<Outcome> {
    const env = { ...process.env, PATH: `${clone}/bin:${process.env['PATH']}` };
    return shell(`'${process.execPath}' '${clone}/tools/bootstrap.mjs' setup`, env);
  }

  test('without packages is installed', async () => {
    const { code, stderr } = await bootstrap();
    expect(code).toBe(1);
    expect(stderr).toContain('Installing npm packages (none are installed)');
    expect(stderr).toContain('npm install --no-save');
  });

  test.each([
    [
      'an older package is installed',
      '"version": "24.21.0"',
      '"version": "24.20.0"',
      'node changed',
    ],
    ['as it is nothing is done', '', '', ''],
  ])('when %s', async (_, before, after, said) => {
    await mkdir(join(clone, 'node_modules/.cache/trunkline/postgres-0.0.0-01234567'), {
      recursive: true,
    });
    await symlink(join(ROOT, 'node_modules/node'), join(clone, 'node_modules/node'));
    const script = `sed 's/${before}/${after}/' '${ROOT}/node_modules/.package-lock.json' > '${clone}/node_modules/.package-lock.json'`;
    await run('sh', ['-c', before === '' ? script.replace('s///', '') : script]);
    await mkdir(join(clone, 'node_modules/.bin'));
    const { stderr } = await bootstrap();
    if (said === '') expect(stderr).toBe('');
    else expect(stderr).toContain(said);
  });
});

describe('npx trunkline', () => {
  test('runs under Node.js 24 whatever Node.js runs npm', async ({ skip }) => {
    const node = olderNode();
    if (node === undefined) skip('this machine has no older Node.js');
    const bin = resolve(ROOT, 'src/bin/trunkline.mjs');
    const { stdout } = await run(node ?? '', [bin, 'lab', 'up', '--help']);
    expect(stdout).toContain('Usage: trunkline lab up');
  });

  test('passes the exit status on', async ({ skip }) => {
    const node = olderNode();
    if (node === undefined) skip('this machine has no older Node.js');
    const bin = resolve(ROOT, 'src/bin/trunkline.mjs');
    const outcome = await run(node ?? '', [bin, 'nonsense']).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 2 });
  });
});

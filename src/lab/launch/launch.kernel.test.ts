import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/**
 * Labs started as users start them, by the command line in a process of its own, with a tiny main in
 * place of the real lab. "The machine" is the sandbox of the kernel tests.
 */
const TINY = resolve(import.meta.dirname, '../../../test/launch/tiny-trunkline.ts');
const SANDBOX = resolve(import.meta.dirname, 'sandbox.sh');
const run = promisify(execFile);
let temp: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), 'tl-'));
  env = { ...process.env, TMPDIR: temp, XDG_STATE_HOME: join(temp, 'state') };
});
afterEach(async () => {
  await trunkline('lab', 'down', '--all');
  await rm(temp, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function trunkline(...args: string[]): Promise<Outcome> {
  try {
    return { code: 0, ...(await run(process.execPath, [TINY, ...args], { env, timeout: 40_000 })) };
  } catch (error) {
    return error as Outcome;
  }
}

function inForeground(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [TINY, ...args], { env, stdio: 'pipe' });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => parts.push(text));
  }
  return { child, output: () => parts.join('') };
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`Not within 15 s: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Command lines of processes that a lab started: in its own PID namespace, visible from here. */
function labProcesses(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid');
      } catch {
        return false;
      }
    });
}

/** All that labs left under the temp and state folders. */
function leftFiles(): string[] {
  const names = readdirSync(temp, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name !== 'state');
}

async function environmentOf(name: string): Promise<Record<string, string>> {
  const { stdout } = await trunkline('lab', 'env', '--name', name, '-o', 'json');
  return JSON.parse(stdout) as Record<string, string>;
}

describe('a lab in the background', () => {
  test('serves clients of the machine from a network namespace of its own', async () => {
    expect(await trunkline('lab', 'up')).toMatchObject({ code: 0 });
    const { AWS_ENDPOINT_URL_EC2: endpoint = '', KUBECONFIG: kubeconfig = '' } =
      await environmentOf('lab');
    const answer = (await (await fetch(endpoint)).json()) as { name: string; netns: string };
    expect(answer.name).toBe('ec2');
    expect(answer.netns).not.toBe(readlinkSync('/proc/self/ns/net'));
    const kubePort = /127\.0\.0\.1:(\d+)/.exec(await readFile(kubeconfig, 'utf8'))?.[1];
    expect(await (await fetch(`http://127.0.0.1:${kubePort}`)).json()).toMatchObject({
      name: 'kube',
    });
  });

  test('gives a shell what it needs through eval', async () => {
    await trunkline('lab', 'up');
    const script = `eval "$('${process.execPath}' '${TINY}' lab env)"; printf '%s|%s|%s' "$AWS_SECRET_ACCESS_KEY" "\${AWS_PROFILE-unset}" "\${AWS_PAGER-unset}"`;
    const { stdout } = await run('sh', ['-c', script], { env: { ...env, AWS_PROFILE: 'mine' } });
    expect(stdout).toBe("it's secret|unset|");
  });

  test('leaves nothing behind when it is taken down', async () => {
    await trunkline('lab', 'up');
    expect(labProcesses().length).toBeGreaterThan(2);
    expect(await trunkline('lab', 'down')).toMatchObject({ code: 0, stdout: 'Stopped lab lab.\n' });
    expect(labProcesses()).toEqual([]);
    expect(leftFiles()).toEqual([]);
  });

  test('reaps orphans, so that no zombies gather', async () => {
    await trunkline('lab', 'up');
    const stateOf = async (pid: string): Promise<string> =>
      (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).replace(/.*\) /s, '')[0] ?? '';
    // A process may end between being listed and being read.
    const commandOf = (pid: string): Promise<string> =>
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const commands = async (): Promise<string> =>
      (await Promise.all(labProcesses().map(commandOf))).join('\n');
    await until(
      'the short orphan is over',
      async () => !(await commands()).includes('sleep\u00000.1'),
    );
    expect(await commands()).toContain('1987654');
    // A process that has just ended is a zombie for a moment; one that stays is the defect.
    await until(
      'no zombie is left',
      async () => !(await Promise.all(labProcesses().map(stateOf))).includes('Z'),
    );
  });

  test('runs beside another one, but not twice under one name', async () => {
    await trunkline('lab', 'up');
    expect(await trunkline('lab', 'up', '--name', 'two')).toMatchObject({ code: 0 });
    const again = await trunkline('lab', 'up');
    expect(again.code).toBe(3);
    expect(again.stderr).toMatch(/Lab lab is already running \(process \d+\): stop it with/);
    const [one, two] = [await environmentOf('lab'), await environmentOf('two')];
    expect(one['AWS_ENDPOINT_URL']).not.toBe(two['AWS_ENDPOINT_URL']);
    expect((await trunkline('lab', 'env')).stderr).toContain('Several labs are running (lab, two)');
  });

  test('stops and starts a component', async () => {
    await trunkline('lab', 'up');
    expect((await trunkline('lab', 'stop', 'webhook')).stdout).toBe('webhook: stopped\n');
    expect((await trunkline('lab', 'status')).stdout).toMatch(/stopped +webhook/);
    expect((await trunkline('lab', 'start', 'webhook')).stdout).toBe('webhook: running\n');
    expect(await trunkline('lab', 'stop', 'moon')).toMatchObject({
      code: 3,
      stderr: 'trunkline: Unknown component moon: webhook\n',
    });
  });

  test('says why it did not come up, and leaves its log only', async () => {
    const outcome = await trunkline('lab', 'up', '--name', 'broken');
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toContain('The tiny lab is broken. Log: ');
    const path = 'state/trunkline/labs/broken/lab.log';
    expect(leftFiles().filter((name) => !path.startsWith(name))).toEqual([]);
    expect(leftFiles()).toContain(path);
    expect(labProcesses()).toEqual([]);
  });

  test('is killed when it does not close', async () => {
    await trunkline('lab', 'up', '--name', 'stubborn');
    expect(await trunkline('lab', 'down')).toMatchObject({ code: 0 });
    expect(labProcesses()).toEqual([]);
    expect(leftFiles()).toEqual([]);
  }, 40_000);

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'is given up when the command that starts it gets %s before it is ready',
    async (signal) => {
      const { child, output } = inForeground('lab', 'up', '--name', 'slow');
      await until('it is coming up', () => output().includes('Opening servers'));
      child.kill(signal);
      await until('nothing is left', () => labProcesses().length + leftFiles().length === 0);
    },
  );

  test('keeps its data where --state says', async () => {
    const folder = join(temp, 'kept');
    const outcome = await trunkline('lab', 'up', '--state', folder);
    expect(outcome.stderr).toContain(`data in ${folder}`);
    await trunkline('lab', 'down');
    expect(existsSync(folder)).toBe(true);
  });
});

describe('a lab in the foreground', () => {
  test('ends by itself after the scenario, with nothing left', async () => {
    const outcome = await trunkline('demo');
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain('verdicts: all good\n');
    expect(labProcesses()).toEqual([]);
    expect(leftFiles()).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('closes on %s', async (signal) => {
    const { child, output } = inForeground('lab', 'up', '--foreground');
    await until('it is up', () => output().includes('Tiny lab is up'));
    // Twice in a moment is one key press: a terminal and npm both pass it on.
    child.kill(signal);
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(output()).toContain('Stopping the lab');
    expect(labProcesses()).toEqual([]);
    expect(leftFiles()).toEqual([]);
  });

  test('says that it was stopped in the middle of something', async () => {
    const { child, output } = inForeground('demo', '--name', 'slow');
    const exited = once(child, 'exit');
    await until('it is coming up', () => output().includes('Opening servers'));
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(output()).toMatch(/· Stopped\n$/);
    expect(leftFiles()).toEqual([]);
  });

  test('is killed by a second Ctrl-C', async () => {
    const { child, output } = inForeground('lab', 'up', '--foreground', '--name', 'stubborn');
    await until('it is up', () => output().includes('Tiny lab is up'));
    child.kill('SIGINT');
    await new Promise((done) => setTimeout(done, 900));
    const beganMs = Date.now();
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(Date.now() - beganMs).toBeLessThan(3000);
    expect(labProcesses()).toEqual([]);
  });

  test('goes with its process on kill -9; the next start removes its files and says so', async () => {
    const { child, output } = inForeground('lab', 'up', '--foreground');
    await until('it is up', () => output().includes('Tiny lab is up'));
    child.kill('SIGKILL');
    await until('all processes are gone', () => labProcesses().length === 0);
    expect(leftFiles()).not.toEqual([]);
    expect((await trunkline('lab', 'status')).stdout).toContain('lab: dead');
    const next = await trunkline('demo');
    expect(next.code).toBe(0);
    expect(next.stderr).toContain('Removed what lab lab left behind: it had been killed');
    expect(leftFiles()).toEqual([]);
  });

  test('goes with the process that started it', async () => {
    // As npm: starts the command and waits. `; true` keeps the shell from becoming the command.
    const script = `'${process.execPath}' '${TINY}' lab up --foreground; true`;
    const parent = spawn('sh', ['-c', script], { env, stdio: 'pipe' });
    const parts: string[] = [];
    parent.stdout.setEncoding('utf8').on('data', (text: string) => parts.push(text));
    await until('it is up', () => parts.join('').includes('Tiny lab is up'));
    parent.kill('SIGKILL');
    await until('all processes are gone', () => labProcesses().length === 0);
  });

  test('does not start on a kernel that forbids it, and says what to change', async () => {
    // Inside a namespace whose limit of user namespaces is 0, none can be made.
    const script = `echo 0 >/proc/sys/user/max_user_namespaces && exec '${process.execPath}' '${TINY}' demo`;
    const outcome = await run('sh', [SANDBOX, 'sh', '-c', script], { env }).catch(
      (error: unknown) => error as Outcome,
    );
    expect(outcome).toMatchObject({ code: 3 });
    expect(outcome.stderr).toContain('sysctl user.max_user_namespaces=15000');
    expect(leftFiles()).toEqual([]);
  });

  test('names the programs that are missing, with the package of each', async () => {
    env['PATH'] = join(temp, 'nowhere');
    const script = `mount -t tmpfs none /usr/sbin && exec '${process.execPath}' '${TINY}' demo`;
    const outcome = await run('sh', [SANDBOX, 'sh', '-c', script], {
      env: { ...env, PATH: process.env['PATH'] },
    }).catch((error: unknown) => error as Outcome);
    expect(outcome).toMatchObject({ code: 3 });
    expect(outcome.stderr).toMatch(/Missing programs: .*nft.*apt-get install -y .*nftables/);
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../base/clock.fake.ts';
import { createFakeLabPort, type FakeLabPort } from './lab-port.fake.ts';
import { runProgram } from './program.ts';
import type { VpcServeRequest } from './vpc-serve.ts';

let lab: FakeLabPort;
let interactive: boolean;
let served: VpcServeRequest[];

beforeEach(() => {
  lab = createFakeLabPort();
  interactive = false;
  served = [];
});

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly progress: string;
  readonly errors: string;
}

async function trunkline(...argv: string[]): Promise<Outcome> {
  const said = { out: '', progress: '', errors: '' };
  const clock = createFakeClock();
  const status = await runProgram(
    argv,
    {
      lab,
      vpcServe: async (request, listening) => {
        served.push(request);
        listening('http://127.0.0.1:1');
      },
      clock,
      beganMs: clock.nowMs(),
      write: (text) => void (said.out += text),
      terminal: { write: (text) => void (said.progress += text), live: false },
      interactive,
    },
    (text) => void (said.errors += text),
  );
  return { status, ...said };
}

describe('lab up', () => {
  test('answers how to use the lab, and keeps progress apart from the answer', async () => {
    const outcome = await trunkline('lab', 'up');
    expect(outcome.status).toBe(0);
    expect(outcome.out).toContain('eval "$(npx trunkline lab env --name lab)"');
    expect(outcome.progress).toBe('  0.0s … Starting\n  0.0s ✓ Up\n');
  });

  test('answers in JSON when asked', async () => {
    const { out } = await trunkline('lab', 'up', '--name', 'two', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ name: 'two', kubePort: 4001 });
  });

  test('says that the name is taken', async () => {
    await trunkline('lab', 'up');
    expect(await trunkline('lab', 'up')).toMatchObject({
      status: 3,
      out: '',
      errors: 'trunkline: Lab lab is already running\n',
    });
  });

  test.each([
    [['--foreground'], { name: 'lab', linkDriver: 'auto', mode: 'lab', stay: true }],
    [
      ['--foreground', '--state', 'd', '--link-driver', 'veth'],
      { stateFolder: 'd', linkDriver: 'veth' },
    ],
  ])('%j becomes the lab', async (options, request) => {
    await trunkline('lab', 'up', ...options);
    expect(lab.foreground).toMatchObject([request]);
  });
});

describe('demo', () => {
  test.each([
    [true, [], true],
    [true, ['--exit'], false],
    [false, [], false],
  ])('with a terminal %s and options %j stays: %s', async (terminal, options, stay) => {
    interactive = terminal;
    await trunkline('demo', ...options);
    expect(lab.foreground).toMatchObject([{ name: 'demo', mode: 'demo', stay }]);
  });
});

describe('lab down', () => {
  test('stops the only lab without being told its name', async () => {
    await trunkline('lab', 'up', '--name', 'one');
    expect(await trunkline('lab', 'down')).toMatchObject({ status: 0, out: 'Stopped lab one.\n' });
    expect(await lab.list()).toEqual([]);
  });

  test('asks which when there are several, and takes the name as argument or option', async () => {
    for (const name of ['a', 'b', 'c']) await trunkline('lab', 'up', '--name', name);
    const { status, errors } = await trunkline('lab', 'down');
    expect({ status, errors }).toEqual({
      status: 3,
      errors: 'trunkline: Several labs are running (a, b, c): say which with --name\n',
    });
    expect((await trunkline('lab', 'down', 'b')).out).toBe('Stopped lab b.\n');
    expect((await trunkline('lab', 'down', '--name', 'a')).out).toBe('Stopped lab a.\n');
    expect((await lab.list()).map(({ name }) => name)).toEqual(['c']);
  });

  test('stops all with --all, also when there is none', async () => {
    for (const name of ['a', 'b']) await trunkline('lab', 'up', '--name', name);
    expect((await trunkline('lab', 'down', '--all')).out).toBe('Stopped lab a.\nStopped lab b.\n');
    expect(await trunkline('lab', 'down', '--all')).toMatchObject({
      status: 0,
      out: 'No lab is running.\n',
    });
  });

  test('removes what a killed lab left, and that is all there was to do', async () => {
    await trunkline('lab', 'up');
    lab.kill('lab');
    expect(await trunkline('lab', 'down')).toMatchObject({
      status: 0,
      out: 'Removed what lab lab left behind: it had been killed.\n',
    });
  });

  test('says that nothing runs', async () => {
    const { status, errors } = await trunkline('lab', 'down');
    expect(status).toBe(3);
    expect(errors).toContain('No lab is running');
  });
});

describe('lab status', () => {
  test('shows each lab with its parts', async () => {
    await trunkline('lab', 'up');
    await trunkline('lab', 'stop', 'webhook');
    const { out } = await trunkline('lab', 'status');
    expect(out).toContain('lab: running\n');
    expect(out).toContain('https://127.0.0.1:4001');
    expect(out).toMatch(/stopped +webhook\n$/);
  });

  test('shows a dead lab as dead', async () => {
    await trunkline('lab', 'up');
    lab.kill('lab');
    const { out } = await trunkline('lab', 'status', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([{ name: 'lab', state: 'dead', components: [] }]);
  });

  test('is empty JSON when nothing runs', async () => {
    expect((await trunkline('lab', 'status', '-o', 'json')).out).toBe('[]\n');
  });
});

describe('lab stop and start', () => {
  test('answer the new state', async () => {
    await trunkline('lab', 'up');
    expect((await trunkline('lab', 'stop', 'webhook')).out).toBe('webhook: stopped\n');
    const { out } = await trunkline('lab', 'start', 'webhook', '-o', 'json');
    expect(JSON.parse(out)).toEqual({ name: 'webhook', running: true });
  });

  test('know no other component', async () => {
    await trunkline('lab', 'up');
    expect(await trunkline('lab', 'stop', 'moon')).toMatchObject({ status: 3 });
  });
});

describe('wrong use', () => {
  test.each([
    [['lab', 'nonsense'], 'unknown command'],
    [['lab', 'up', '--link-driver', 'rope'], 'Allowed choices are auto, vlan, veth'],
    [['lab', 'status', '-o', 'xml'], 'Allowed choices are text, json'],
    [['lab', 'stop'], "missing required argument 'component'"],
    [['lab', 'up', '--colour'], "unknown option '--colour'"],
  ])('%j has status 2 and says why', async (argv, why) => {
    const outcome = await trunkline(...argv);
    expect(outcome).toMatchObject({ status: 2, out: '' });
    expect(outcome.errors).toContain(why);
  });
});

describe('help', () => {
  test.each([
    [],
    ['demo'],
    ['lab', 'up'],
    ['lab', 'down'],
    ['lab', 'status'],
    ['lab', 'env'],
    ['lab', 'stop'],
    ['lab', 'start'],
  ])('%s %s has examples', async (...command) => {
    const { status, out } = await trunkline(...command.filter(Boolean), '--help');
    expect(status).toBe(0);
    expect(out).toContain('Examples:\n  ');
  });

  test('says that no images are pulled', async () => {
    expect((await trunkline('lab', 'up', '--help')).out).toContain('No images are pulled');
  });
});

describe('vpc serve', () => {
  test('serves on loopback, in memory, unless told otherwise', async () => {
    const outcome = await trunkline('vpc', 'serve');
    expect(outcome).toMatchObject({ status: 0, out: 'Serving on http://127.0.0.1:1\n' });
    expect(served).toEqual([
      {
        host: '127.0.0.1',
        port: 4566,
        accountId: '123456789012',
        accessKeyId: 'AKIATRUNKLINEDEFAULT',
        secretAccessKey: 'trunkline',
        storePath: undefined,
        region: 'us-east-1',
        seeds: [],
        dev: false,
        tls: undefined,
        knobsFile: undefined,
      },
    ]);
  });

  test('takes everything from its options', async () => {
    const options =
      '--listen [::]:0 --account 111122223333 --access-key AKIAX:a:b/c= --store ./x ' +
      '--seed default-vpcs --tls-cert c.pem --tls-key k.pem --knobs k.json';
    await trunkline('vpc', 'serve', ...options.split(' '));
    expect(served).toMatchObject([
      {
        host: '::',
        port: 0,
        accountId: '111122223333',
        accessKeyId: 'AKIAX',
        secretAccessKey: 'a:b/c=',
        storePath: './x',
        seeds: ['default-vpcs'],
        tls: { certFile: 'c.pem', keyFile: 'k.pem' },
        knobsFile: 'k.json',
      },
    ]);
  });

  const KEY = ['--access-key', 'AKIAX:secret'];
  const TLS = ['--tls-cert', 'c', '--tls-key', 'k'];
  const PUBLIC = ['--listen', '0.0.0.0:80'];
  test.each([
    ['no port', ['--listen', 'localhost'], 'Expected HOST:PORT'],
    ['a short account', ['--account', '12'], 'Expected 12 digits'],
    ['a key without a secret', ['--access-key', 'AKIA'], 'Expected ID:SECRET'],
    ['an unknown seed', ['--seed', 'x'], 'Allowed choices are default-vpcs'],
    ['half of TLS', ['--tls-cert', 'c'], 'go together'],
    ['the default key in public', [...PUBLIC, ...TLS], 'with the default key'],
    ['plain text in public', [...PUBLIC, ...KEY], 'without TLS'],
    ['an open reset in public', [...PUBLIC, ...KEY, ...TLS, '--dev'], 'with --dev'],
  ])('refuses %s', async (_what, options, problem) => {
    const outcome = await trunkline('vpc', 'serve', ...options);
    expect(outcome).toMatchObject({ status: 2, out: '' });
    expect(outcome.errors).toContain(problem);
    expect(served).toEqual([]);
  });
});

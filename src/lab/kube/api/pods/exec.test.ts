import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { KubeError } from '../../../../api/kube-error.ts';
import type { ContainerTarget, ExecSession, LogOptions, PodRuntime } from '../../pod-runtime.ts';
import { startTestServer, type TestServer } from '../test-server.fake.ts';

/** From the machine, not from npm. */
const KUBECTL = 'kubectl';

/** A kubelet that runs commands as processes of the test's own machine. */
class ProcessRuntime implements PodRuntime {
  readonly sizes: string[] = [];
  readonly killed: string[] = [];
  logOptions: LogOptions | undefined;

  async *logs(
    target: ContainerTarget,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    this.logOptions = options;
    if (options.previous === true) {
      const text = `previous terminated container "${target.container}" not found`;
      throw new KubeError('BadRequest', text, { status: 400 });
    }
    yield Buffer.from(`log of ${target.namespace}/${target.pod}/${target.container}\n`);
    if (options.follow !== true) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  attach({ container }: ContainerTarget): Promise<ExecSession> {
    if (container !== 'main') {
      const text = `unable to upgrade connection: container not found ("${container}")`;
      return Promise.reject(new KubeError('BadRequest', text, { status: 400 }));
    }
    const main = spawn('sh', ['-c', 'read line; echo "got $line"; echo bad >&2; exit 3']);
    return Promise.resolve({
      stdin: main.stdin,
      stdout: main.stdout,
      stderr: main.stderr,
      resize: () => undefined,
      exited: new Promise((resolve) => {
        main.once('close', () => resolve({ code: 0 }));
      }),
      kill: () => void this.killed.push('attachment'),
    });
  }

  exec(_: ContainerTarget, { command }: { command: readonly string[] }): Promise<ExecSession> {
    const [file = '', ...parameters] = command;
    if (file === 'missing') {
      const text = 'exec: "missing": executable file not found in $PATH';
      return Promise.reject(new KubeError('InternalError', text, { status: 500 }));
    }
    const child = spawn(file, parameters);
    return Promise.resolve({
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      resize: (columns, rows) => void this.sizes.push(`${columns}x${rows}`),
      exited: new Promise((resolve) => {
        child.once('exit', (code) => resolve({ code: code ?? 137 }));
      }),
      kill: () => {
        this.killed.push(command.join(' '));
        child.kill('SIGKILL');
      },
    });
  }
}

let server: TestServer;
let runtime: ProcessRuntime;

beforeEach(async () => {
  runtime = new ProcessRuntime();
  server = await startTestServer({
    podRuntime: (nodeName) => (nodeName === 'n1' ? runtime : undefined),
  });
  await createPod('p', 'n1', ['main', 'side']);
  await createPod('lost', 'n2', ['main']);
});
afterEach(() => server.close());

async function createPod(
  name: string,
  nodeName: string,
  containers: readonly string[],
): Promise<void> {
  const body = {
    metadata: { name },
    spec: { nodeName, containers: containers.map((each) => ({ name: each, image: 'i' })) },
  };
  const answer = await server.fetch('/api/v1/namespaces/default/pods', { method: 'POST', body });
  expect(answer.status).toBe(201);
}

interface Exec {
  readonly protocol: string;
  readonly out: Record<number, string>;
  send(channel: number, data: string | Buffer): void;
  /** The final status. */
  readonly status: Promise<Record<string, unknown>>;
  close(): void;
}

function exec(command: readonly string[], { stdin = false, protocols = V5 } = {}): Promise<Exec> {
  const query = new URLSearchParams({ container: 'main', stdout: 'true', stderr: 'true' });
  if (stdin) query.set('stdin', 'true');
  for (const each of command) query.append('command', each);
  const url = `${server.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/p/exec?${query}`;
  const socket = new WebSocket(url, protocols, {
    ca: server.api.caPem,
    headers: { authorization: `Bearer ${server.token}` },
  });
  const out: Record<number, string> = {};
  const status = new Promise<Record<string, unknown>>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const channel = data[0] ?? 0;
      out[channel] = (out[channel] ?? '') + data.subarray(1).toString();
      if (channel === 3) resolve(JSON.parse(data.subarray(1).toString()));
    });
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      resolve({
        protocol: socket.protocol,
        out,
        status,
        send: (channel, data) => {
          socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
        },
        close: () => socket.close(),
      });
    });
  });
}

const V5 = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

describe('exec over websockets', () => {
  test('keeps the streams apart and ends with success', async () => {
    const run = await exec(['sh', '-c', 'echo out; echo err >&2']);
    expect(run.protocol).toBe('v5.channel.k8s.io');
    expect(await run.status).toEqual({ metadata: {}, status: 'Success' });
    expect(run.out[1]).toBe('out\n');
    expect(run.out[2]).toBe('err\n');
  });

  test('tells the exit code', async () => {
    const run = await exec(['sh', '-c', 'exit 7']);
    expect(await run.status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  test('passes input on until the client closes that stream (v5)', async () => {
    const run = await exec(['cat'], { stdin: true });
    run.send(0, 'one ');
    run.send(0, 'two');
    run.send(255, Buffer.from([0]));
    expect(await run.status).toMatchObject({ status: 'Success' });
    expect(run.out[1]).toBe('one two');
  });

  test('speaks v4 as well', async () => {
    const run = await exec(['echo', 'x'], { protocols: ['v4.channel.k8s.io'] });
    expect(run.protocol).toBe('v4.channel.k8s.io');
    await run.status;
    expect(run.out[1]).toBe('x\n');
  });

  test('passes sizes on and ignores what is none', async () => {
    const run = await exec(['cat'], { stdin: true });
    run.send(4, '{"Width":80,"Height":24}');
    run.send(4, 'nonsense');
    run.send(9, 'unknown channel');
    run.send(255, Buffer.from([0]));
    await run.status;
    expect(runtime.sizes).toEqual(['80x24']);
  });

  test('says why a command cannot be started', async () => {
    const run = await exec(['missing']);
    expect(await run.status).toMatchObject({
      status: 'Failure',
      message: expect.stringContaining('executable file not found'),
    });
  });

  test('delivers much output whole', async () => {
    const run = await exec(['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x']);
    await run.status;
    expect(run.out[1]?.length).toBe(3_000_000);
  });

  test('ends the command when the client goes', async () => {
    const run = await exec(['sleep', '60']);
    run.close();
    const untilMs = performance.now() + 3000;
    while (runtime.killed.length === 0 && performance.now() < untilMs) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    expect(runtime.killed).toEqual(['sleep 60']);
  });

  test.each([
    ['without a subprotocol that it knows', ['v1.channel.k8s.io'], /400/],
    ['by SPDY', [], /400/],
  ])('is refused %s', async (_, protocols, text) => {
    await expect(exec(['ls'], { protocols })).rejects.toThrow(text);
  });

  test('is refused to nobody', async () => {
    const honest = server;
    server = { ...honest, token: 'wrong' };
    await expect(exec(['ls'])).rejects.toThrow(/401/);
    server = honest;
  });

  test('is refused as plain HTTP, with a reason', async () => {
    const path = '/api/v1/namespaces/default/pods/p/exec?command=ls';
    const { status, json } = await server.fetch(path, { method: 'POST' });
    expect(status).toBe(400);
    expect(json.message).toContain('websockets only');
  });
});

describe('logs', () => {
  const log = (pod: string, query: string): ReturnType<TestServer['fetch']> =>
    server.fetch(`/api/v1/namespaces/default/pods/${pod}/log?${query}`);

  test('come from the kubelet of the node, with the options of the client', async () => {
    const answer = await log('p', 'container=side&tailLines=5&timestamps=true&limitBytes=100');
    expect(answer.text).toBe('log of default/p/side\n');
    expect(runtime.logOptions).toEqual({
      follow: false,
      previous: false,
      timestamps: true,
      tailLines: 5,
      limitBytes: 100,
    });
  });

  test.each([
    ['p', '', 400, 'a container name must be specified for pod p, choose one of: [main side]'],
    ['p', 'container=x', 400, 'container x is not valid for pod p'],
    ['none', '', 404, 'pods "none" not found'],
    ['lost', '', 503, 'no kubelet of node n2 is connected'],
    ['p', 'container=main&previous=true', 400, 'previous terminated container "main" not found'],
    ['p', 'container=main&tailLines=-1', 400, 'tailLines: Invalid value: -1'],
    ['p', 'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 400, 'at most one of'],
  ])('of %s with "%s" are refused with %d', async (pod, query, status, text) => {
    const answer = await log(pod, query);
    expect(answer.status).toBe(status);
    expect(answer.json.message).toContain(text);
  });
});

const kubectlWorks = await new Promise<boolean>((resolve) => {
  execFile(KUBECTL, ['version', '--client'], (error) => resolve(error === null));
});

describe.skipIf(!kubectlWorks)('real kubectl', { timeout: 20_000 }, () => {
  test('runs commands with input and exit code, and reads logs', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'trunkline-exec-'));
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'lab',
          cluster: {
            server: server.url,
            'certificate-authority-data': Buffer.from(server.api.caPem).toString('base64'),
          },
        },
      ],
      users: [{ name: 'me', user: { token: server.token } }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'me' } }],
      'current-context': 'lab',
    };
    await writeFile(join(dir, 'config'), JSON.stringify(config));
    const env = { ...process.env, KUBECONFIG: join(dir, 'config'), HOME: dir };
    const failures: string[] = [];
    const kubectl = (words: string[], input = ''): Promise<{ code: number; out: string }> =>
      new Promise((resolve) => {
        const child = execFile(KUBECTL, words, { env }, (error, out, err) => {
          failures.push(err);
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, out });
        });
        child.stdin?.end(input);
      });
    try {
      expect(await kubectl(['exec', 'p', '-c', 'main', '--', 'echo', 'hello'])).toEqual({
        code: 0,
        out: 'hello\n',
      });
      expect(await kubectl(['exec', '-i', 'p', '-c', 'main', '--', 'cat'], 'typed')).toEqual({
        code: 0,
        out: 'typed',
      });
      expect((await kubectl(['exec', 'p', '-c', 'main', '--', 'sh', '-c', 'exit 3'])).code).toBe(3);
      expect((await kubectl(['logs', 'p', '-c', 'side'])).out).toBe('log of default/p/side\n');
      expect(await kubectl(['attach', '-i', 'p', '-c', 'main'], 'hello\n')).toEqual({
        code: 0,
        out: 'got hello\n',
      });
      expect(failures.at(-1)).toContain('bad\n');
      await server.fetch('/api/v1/namespaces/default/pods/p/status', {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { status: { phase: 'Running' } },
      });
      const refused: [string[], string][] = [
        [['exec', 'p', '-c', 'none', '--', 'ls'], 'container none is not valid for pod p'],
        [['exec', 'none', '--', 'ls'], 'pods "none" not found'],
        [['attach', 'p', '-c', 'side'], 'container not found ("side")'],
        [['port-forward', 'p', '8080:80'], 'port-forward is not available in the lab'],
      ];
      for (const [words, text] of refused) {
        expect((await kubectl(words)).code, words.join(' ')).not.toBe(0);
        expect(failures.at(-1)).toContain(text);
      }
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FakeKube } from '../../../api/client.fake.ts';
import { CONFIG_MAPS } from '../../../api/core/config-map.ts';
import { EVENTS } from '../../../api/core/event.ts';
import { LEASES } from '../../../api/core/lease.ts';
import { NODES } from '../../../api/core/node.ts';
import { PODS, type Container, type Pod, type PodSpec } from '../../../api/core/pod.ts';
import { SECRETS } from '../../../api/core/secret.ts';
import type { ExecSession } from '../pod-runtime.ts';
import type { Kubelet } from './kubelet.ts';
import { eventually, processesWith, shell, TestNode } from './test-node.fake.ts';

const HOST = 'host-b';
let node: TestNode;
let folder: string;
let kube: FakeKube;
let kubelet: Kubelet;

beforeEach(async () => {
  node = new TestNode(HOST, {
    labels: { team: 'blue' },
    plugin: { mtu: '9001', capabilities: { 'io.kubernetes.cri.pod-annotations': true } },
  });
  await node.start();
  ({ folder, kube, kubelet } = node);
});

afterEach(() => node.close());

const key = { name: 'p', namespace: 'default' };
const live = (): Pod | undefined => kube.peek(PODS, key);
const status = () => live()?.status;
const podNamespaces = () => readdirSync('/run/netns').filter((name) => name.startsWith('cni-'));
const notes = () => join(folder, 'bin', 'notes');
const calls = (verb: string) =>
  existsSync(notes()) ? readdirSync(notes()).filter((name) => name.startsWith(`${verb}.`)) : [];

function container(overrides: Partial<Container> = {}): Container {
  return { name: 'main', image: 'example.com/app:1', ...overrides };
}

async function run(
  containers: readonly Partial<Container>[],
  spec: Partial<PodSpec> = {},
): Promise<Pod> {
  return kube.create(PODS, {
    metadata: { ...key, annotations: { hello: 'world' }, labels: { app: 'p' } },
    spec: {
      nodeName: 'node-1',
      terminationGracePeriodSeconds: 1,
      containers: containers.map((c, i) => container({ name: i === 0 ? 'main' : `c${i}`, ...c })),
      ...spec,
    },
  });
}

function condition(type: string) {
  return status()?.conditions?.find((candidate) => candidate.type === type);
}

function events(reason: string) {
  return kube.peekAll(EVENTS).filter((event) => event.reason === reason);
}

async function ready(): Promise<void> {
  await eventually(() => expect(condition('Ready')?.status).toBe('True'));
}

async function logs(options: Parameters<Kubelet['runtime']['logs']>[1] = {}): Promise<string> {
  let text = '';
  const target = { namespace: 'default', pod: 'p' };
  const { signal } = new AbortController();
  for await (const chunk of kubelet.runtime.logs(target, options, signal))
    text += Buffer.from(chunk).toString();
  return text;
}

async function finish(session: ExecSession) {
  let stdout = '';
  let stderr = '';
  session.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  session.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const { code } = await session.exited;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { code, stdout, stderr };
}

async function exec(...command: string[]) {
  const target = { namespace: 'default', pod: 'p' };
  return finish(await kubelet.runtime.exec(target, { command, stdin: false, tty: false }));
}

describe('the node', () => {
  test('registers with labels, provider id, addresses, capacity, and renews its lease', async () => {
    const registered = kube.peek(NODES, { name: 'node-1' });
    expect(registered?.metadata.labels).toMatchObject({
      'kubernetes.io/os': 'linux',
      'kubernetes.io/hostname': 'node-1',
      'node.kubernetes.io/instance-type': 'm5.large',
      'topology.kubernetes.io/zone': 'us-east-1a',
      'topology.kubernetes.io/region': 'us-east-1',
      team: 'blue',
    });
    expect(registered?.spec?.providerID).toBe('aws:///us-east-1a/i-0123456789abcdef0');
    expect(registered?.status).toMatchObject({
      allocatable: { pods: '29' },
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Ready', status: 'True' }),
      ]),
    });
    await eventually(() =>
      expect(
        kube.peek(LEASES, { name: 'node-1', namespace: 'kube-node-lease' })?.spec,
      ).toMatchObject({ holderIdentity: 'node-1' }),
    );
  });

  test('makes an extended resource allocatable within a second', async () => {
    const body = { status: { capacity: { 'vpc.amazonaws.com/pod-eni': '9' } } };
    await kube.patch(NODES, { name: 'node-1' }, { type: 'merge', subresource: 'status', body });
    await vi.waitFor(
      () =>
        expect(kube.peek(NODES, { name: 'node-1' })?.status?.allocatable).toMatchObject({
          'vpc.amazonaws.com/pod-eni': '9',
        }),
      { timeout: 1000, interval: 10 },
    );
  });
});

describe('the sandbox', () => {
  test('is wired by the plugin as a process with the environment and stdin of CNI', async () => {
    const pod = await run([shell('sleep 100')]);
    await ready();
    const [env = '', input = ''] = readFileSync(join(notes(), calls('ADD')[0] ?? ''), 'utf8').split(
      '\n\n',
    );
    const variables = Object.fromEntries(env.split('\n').map((line) => line.split(/=(.*)/s, 2)));
    const id = variables['CNI_CONTAINERID'];
    expect(variables).toMatchObject({
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: expect.stringMatching(/^[0-9a-f]{64}$/),
      CNI_NETNS: expect.stringMatching(/^\/run\/netns\/cni-[0-9a-f-]{36}$/),
      CNI_IFNAME: 'eth0',
      CNI_PATH: join(folder, 'bin'),
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_INFRA_CONTAINER_ID=${id};K8S_POD_UID=${pod.metadata.uid}`,
    });
    expect(Object.keys(variables).filter((name) => name.startsWith('NODE'))).toEqual([]);
    expect(JSON.parse(input)).toEqual({
      cniVersion: '0.4.0',
      name: 'aws-cni',
      type: 'aws-cni',
      mtu: '9001',
      runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { hello: 'world' } },
    });
    expect(status()).toMatchObject({
      phase: 'Running',
      podIP: '10.99.0.1',
      podIPs: [{ ip: '10.99.0.1' }],
      hostIP: '10.98.0.1',
      qosClass: 'BestEffort',
    });
    expect(condition('PodReadyToStartContainers')?.status).toBe('True');
  });

  test('that cannot be wired keeps the pod from running, says why, and is tried again', async () => {
    node.breakPlugin('fail');
    await run([shell(`touch ${folder}/ran; sleep 100`)]);
    await eventually(() => expect(calls('ADD').length).toBeGreaterThanOrEqual(2));
    const [event] = events('FailedCreatePodSandBox');
    expect(event?.message).toBe(
      'Failed to create pod sandbox: plugin type="aws-cni" failed (add): add cmd: failed to assign an IP address to container',
    );
    expect(existsSync(join(folder, 'ran'))).toBe(false);
    expect(status()?.phase).toBe('Pending');
    expect(status()?.podIP).toBeUndefined();
    await eventually(() => expect(calls('DEL').length).toBeGreaterThanOrEqual(1));
    node.repairPlugin('fail');
    await kube.patch(PODS, key, {
      type: 'merge',
      body: { metadata: { annotations: { now: 'yes' } } },
    });
    await ready();
    await eventually(() => expect(existsSync(join(folder, 'ran'))).toBe(true));
    expect(podNamespaces()).toHaveLength(1);
  });

  test('goes with the pod: DEL gets the result of ADD, and no process, link or namespace is left', async () => {
    // The child leaves its process group and ignores SIGTERM.
    await run([shell('setsid sh -c "trap : TERM; while :; do sleep 4321; done" & sleep 4321')]);
    await ready();
    await eventually(() => expect(processesWith('4321').length).toBeGreaterThan(0));
    await kube.delete(PODS, key);
    await eventually(() => expect(live()).toBeUndefined());
    expect(processesWith('4321')).toEqual([]);
    expect(podNamespaces()).toEqual([]);
    const [del = ''] = calls('DEL');
    const input = readFileSync(join(notes(), del), 'utf8').split('\n\n')[1] ?? '';
    expect(JSON.parse(input)).toMatchObject({
      name: 'aws-cni',
      prevResult: { ips: [{ address: '10.99.0.1/32' }] },
    });
    expect(calls('DEL')).toHaveLength(1);
    expect(readdirSync(join(folder, 'state', 'sandboxes'))).toEqual([]);
    expect(events('Killing')).toHaveLength(1);
  });

  test('of a pod with hostNetwork is the namespace of the node', async () => {
    await run([shell('ip -o address show dev lo; sleep 100')], { hostNetwork: true });
    await ready();
    await eventually(async () => expect(await logs()).toContain('10.98.0.1'));
    expect(status()?.podIP).toBe('10.98.0.1');
    expect(calls('ADD')).toEqual([]);
  });
});

describe('containers', () => {
  test('get their environment from literals, fields, ConfigMaps and Secrets', async () => {
    kube.seed(CONFIG_MAPS, {
      metadata: { name: 'c', namespace: 'default' },
      data: { a: '1', B: '2' },
    });
    kube.seed(SECRETS, {
      metadata: { name: 's', namespace: 'default' },
      data: { k: btoa('hidden') },
    });
    const field = (fieldPath: string) => ({ fieldRef: { fieldPath } });
    await run([
      {
        ...shell('env; sleep 100'),
        env: [
          { name: 'PLAIN', value: 'x' },
          { name: 'TWICE', value: '$(PLAIN)$(PLAIN) $$(PLAIN) $(NONE)' },
          { name: 'IP', valueFrom: field('status.podIP') },
          { name: 'HOST', valueFrom: field('status.hostIP') },
          { name: 'NODE', valueFrom: field('spec.nodeName') },
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'a' } } },
          { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        ],
        envFrom: [{ prefix: 'C_', configMapRef: { name: 'c' } }],
      },
    ]);
    await ready();
    await eventually(async () => {
      const lines = (await logs()).split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'PLAIN=x',
          'TWICE=xx $(PLAIN) $(NONE)',
          'IP=10.99.0.1',
          'HOST=10.98.0.1',
          'NODE=node-1',
          'A=1',
          'S=hidden',
          'C_B=2',
          'HOSTNAME=p',
        ]),
      );
    });
  });

  test('wait for a ConfigMap that is missing, and say so', async () => {
    await run([{ ...shell('sleep 100'), envFrom: [{ configMapRef: { name: 'later' } }] }]);
    await eventually(() =>
      expect(status()?.containerStatuses?.[0]?.state).toEqual({
        waiting: { reason: 'CreateContainerConfigError', message: 'configmap "later" not found' },
      }),
    );
    kube.seed(CONFIG_MAPS, { metadata: { name: 'later', namespace: 'default' }, data: {} });
    await ready();
  });

  test('start after the init containers, which run in order and once', async () => {
    const note = (word: string) => `echo ${word} >> ${folder}/order`;
    await run([shell(`${note('main')}; sleep 100`)], {
      initContainers: [
        container({ name: 'one', ...shell(`sleep 0.2; ${note('one')}`) }),
        container({
          name: 'two',
          ...shell(`test -e ${folder}/flag || { touch ${folder}/flag; exit 3; }; ${note('two')}`),
        }),
      ],
    });
    await ready();
    // A container counts as started before its program has done anything.
    await eventually(() =>
      expect(readFileSync(join(folder, 'order'), 'utf8')).toBe('one\ntwo\nmain\n'),
    );
    expect(status()?.initContainerStatuses?.map(({ restartCount }) => restartCount)).toEqual([
      0, 1,
    ]);
    expect(condition('Initialized')?.status).toBe('True');
  });

  test('that fail are restarted with a growing pause and keep their last state and log', async () => {
    await run([shell(`echo run; exit 3`)]);
    await eventually(() => {
      expect(status()?.containerStatuses?.[0]).toMatchObject({
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 3, reason: 'Error' } },
      });
    });
    expect(status()?.containerStatuses?.[0]?.restartCount).toBeGreaterThanOrEqual(1);
    expect(status()?.phase).toBe('Running');
    expect(await logs({ previous: true })).toBe('run\n');
    expect(events('BackOff').length).toBeGreaterThan(0);
  });

  test('of a pod that is never restarted decide its phase, and the sandbox goes', async () => {
    await run([shell('exit 0'), shell('echo bad >&2; exit 4')], { restartPolicy: 'Never' });
    await eventually(() => expect(status()?.phase).toBe('Failed'));
    await eventually(() => expect(calls('DEL')).toHaveLength(1));
    expect(status()?.containerStatuses?.map(({ state }) => state)).toMatchObject([
      { terminated: { exitCode: 0, reason: 'Completed' } },
      { terminated: { exitCode: 4, reason: 'Error' } },
    ]);
    await eventually(() => expect(podNamespaces()).toEqual([]));
    expect(await logs()).toBe('');
    await kube.delete(PODS, key);
    await eventually(() => expect(live()).toBeUndefined());
  });

  test('whose program does not exist fail with a clear message', async () => {
    await run([{ command: ['no-such-program'] }], { restartPolicy: 'Never' });
    await eventually(() => expect(status()?.phase).toBe('Failed'));
    expect(status()?.containerStatuses?.[0]?.state).toMatchObject({
      terminated: {
        exitCode: 128,
        reason: 'StartError',
        message: expect.stringContaining('executable file not found in $PATH'),
      },
    });
  });

  test('of an unknown image answer HTTP, and the event says that nothing was pulled', async () => {
    await run([
      {
        image: 'nginx:1.27',
        ports: [{ containerPort: 8081 }],
        readinessProbe: { httpGet: { port: 8081 }, periodSeconds: 1 },
      },
    ]);
    await ready();
    expect(events('Pulled')[0]?.message).toBe(
      'Image "nginx:1.27" is not pulled in the lab: runs an HTTP echo server on its declared ports',
    );
    const answer = execFileSync(
      'nsenter',
      [`--net=/run/netns/${HOST}`, 'curl', '-s', 'http://10.99.0.1:8081/a?b=c'],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(answer)).toEqual({
      pod: 'p',
      namespace: 'default',
      client: '10.98.0.1',
      method: 'GET',
      path: '/a?b=c',
      port: 8081,
    });
  });
});

describe('logs', () => {
  test('are followed until the container ends', async () => {
    await run([shell('for i in 1 2 3; do echo line $i; sleep 0.1; done')], {
      restartPolicy: 'Never',
    });
    await eventually(() =>
      expect(status()?.containerStatuses?.[0]?.state).not.toHaveProperty('waiting'),
    );
    expect(await logs({ follow: true })).toBe('line 1\nline 2\nline 3\n');
    expect(await logs({ tailLines: 1 })).toBe('line 3\n');
    expect(await logs({ tailLines: 1, timestamps: true })).toMatch(/^\d{4}-.*Z line 3\n$/);
    expect(await logs({ sinceTime: '2999-01-01T00:00:00Z' })).toBe('');
  });

  test('of a container that has not started are refused', async () => {
    node.breakPlugin('fail');
    await run([shell('sleep 100')]);
    await eventually(() => expect(calls('ADD').length).toBeGreaterThan(0));
    await expect(logs()).rejects.toMatchObject({ reason: 'BadRequest' });
  });
});

describe('exec', () => {
  test('runs in the namespace, environment and folder of the container and keeps the exit code', async () => {
    await run([{ ...shell('sleep 100'), workingDir: '/tmp', env: [{ name: 'X', value: 'y' }] }]);
    await ready();
    expect(await exec('sh', '-c', 'ip -o -4 address show dev eth0; echo $X; pwd; exit 7')).toEqual({
      code: 7,
      stdout: expect.stringMatching(/10\.99\.0\.1[\s\S]*\ny\n\/tmp\n$/),
      stderr: '',
    });
    expect((await exec('sh', '-c', 'command -v psql')).stdout).toBe(`${folder}/state/tools/psql\n`);
    await expect(exec('no-such-program')).rejects.toThrow('executable file not found in $PATH');
  });

  test('passes stdin on, and ends its processes when the client goes', async () => {
    await run([shell('sleep 100')]);
    await ready();
    const target = { namespace: 'default', pod: 'p' };
    const cat = await kubelet.runtime.exec(target, { command: ['cat'], stdin: true, tty: false });
    cat.stdin.end('hello');
    expect(await finish(cat)).toEqual({ code: 0, stdout: 'hello', stderr: '' });
    const command = ['sh', '-c', 'setsid sleep 8765 & sleep 8765'];
    const lost = await kubelet.runtime.exec(target, { command, stdin: false, tty: false });
    await eventually(() => expect(processesWith('8765').length).toBeGreaterThan(1));
    lost.kill();
    expect((await lost.exited).code).toBe(137);
    await eventually(() => expect(processesWith('8765')).toEqual([]));
  });

  test('gives a terminal that can be resized', async () => {
    await run([shell('sleep 100')]);
    await ready();
    const target = { namespace: 'default', pod: 'p' };
    const command = ['sh', '-c', 'test -t 0 && echo terminal; read go; stty size; exit 5'];
    const session = await kubelet.runtime.exec(target, { command, stdin: true, tty: true });
    let seen = '';
    session.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually(() => expect(seen).toContain('terminal'));
    session.resize(132, 43);
    await new Promise((resolve) => setTimeout(resolve, 200));
    session.stdin.write('go\n');
    expect((await session.exited).code).toBe(5);
    expect(seen).toContain('43 132');
  });
});

describe('probes', () => {
  test('come from the node, not from the namespace of the lab', async () => {
    const readinessProbe = { tcpSocket: { port: 9000 }, periodSeconds: 1 };
    await run([{ image: 'x', ports: [{ containerPort: 9000 }], readinessProbe }]);
    await ready();
    const { stdout } = await exec('sh', '-c', 'ip -o address show dev eth0');
    expect(stdout).toContain('10.99.0.1');
  });

  test('that fail make the container unready, with an event', async () => {
    const readinessProbe = { httpGet: { port: 9999 }, periodSeconds: 1 };
    await run([{ ...shell('sleep 100'), readinessProbe }]);
    await eventually(() =>
      expect(events('Unhealthy')[0]?.message).toBe(
        'Readiness probe failed: Get "http://10.99.0.1:9999/": dial tcp 10.99.0.1:9999: connect: connection refused',
      ),
    );
    expect(condition('Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady' });
  });

  test('of liveness restart the container', async () => {
    const livenessProbe = {
      exec: { command: ['test', '-e', join(folder, 'healthy')] },
      periodSeconds: 1,
      failureThreshold: 1,
    };
    await run([{ ...shell('sleep 100'), livenessProbe }]);
    await eventually(() =>
      expect(status()?.containerStatuses?.[0]?.restartCount).toBeGreaterThanOrEqual(1),
    );
    expect(events('Killing')[0]?.message).toBe(
      'Container main failed liveness probe, will be restarted',
    );
    writeFileSync(join(folder, 'healthy'), '');
    await ready();
  });
});

describe('the end', () => {
  test('comes after the grace period for programs that ignore SIGTERM', async () => {
    await run([shell('trap "echo ignored" TERM; echo armed; while :; do sleep 0.1; done')]);
    await eventually(async () => expect(await logs()).toBe('armed\n'));
    const startedMs = Date.now();
    await kube.delete(PODS, key);
    await eventually(() => expect(live()).toBeUndefined());
    expect(Date.now() - startedMs).toBeGreaterThan(900);
    expect(Date.now() - startedMs).toBeLessThan(4000);
  });

  test('of a pod removed by force leaves nothing', async () => {
    await run([shell('sleep 5432')]);
    await ready();
    kube.drop(PODS, key);
    await eventually(() => expect(podNamespaces()).toEqual([]));
    expect(processesWith('5432')).toEqual([]);
  });

  test('of the kubelet kills all pods, and the next one starts them anew', async () => {
    await run([shell('exec sleep 6543')]);
    await ready();
    await node.stop();
    expect(processesWith('6543')).toEqual([]);
    expect(podNamespaces()).toEqual([]);
    expect(live()).toBeDefined();
    await node.boot();
    await eventually(() => expect(processesWith('6543').length).toBe(1));
    await eventually(() => expect(status()?.containerStatuses?.[0]?.restartCount).toBe(1));
  });
});

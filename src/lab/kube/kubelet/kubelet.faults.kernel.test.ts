import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExecSession } from '../pod-runtime.ts';
import { eventually, processesWith, shell, TestNode } from './test-node.fake.ts';

let node: TestNode;

beforeEach(async () => {
  node = new TestNode('host-f', { cniTimeoutMs: 1_000 });
  await node.start();
});
afterEach(() => node.close());

const target = (pod: string) => ({ namespace: 'default', pod });
const ready = (name: string): Promise<void> =>
  eventually(() => expect(node.isReady(name), JSON.stringify(node.pod(name)?.status)).toBe(true));
const gone = (name: string): Promise<void> =>
  eventually(() => expect(node.pod(name)).toBeUndefined());

/** What a session printed until it ended. */
async function output(session: ExecSession): Promise<{ code: number; text: string }> {
  let text = '';
  session.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  session.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const { code } = await session.exited;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { code, text };
}

describe('a container', () => {
  test('that is killed is started again, and its neighbour is left alone', async () => {
    await node.run('p', ['echo main; exec sleep 1111', 'exec sleep 2222']);
    await ready('p');
    const [pid = 0] = processesWith('1111');
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(node.container('p')?.restartCount).toBe(1));
    await ready('p');
    expect(node.container('p')?.lastState).toMatchObject({
      terminated: { exitCode: 137, reason: 'Error' },
    });
    expect(node.container('p', 1)?.restartCount).toBe(0);
    expect(processesWith('1111')).toHaveLength(1);
    expect(await node.logs('p', { previous: true })).toBe('main\n');
  });

  test('takes what runs beside it with it when it ends', async () => {
    await node.run('p', ['exec sleep 1212']);
    await ready('p');
    const options = { command: ['sleep', '3434'], stdin: false, tty: false };
    const session = await node.kubelet.runtime.exec(target('p'), options);
    await eventually(() => expect(processesWith('3434')).toHaveLength(1));
    process.kill(processesWith('1212')[0] ?? 0, 'SIGKILL');
    expect((await session.exited).code).toBe(137);
    expect(processesWith('3434')).toEqual([]);
  });

  test('loses nothing of its last output, however much it is', async () => {
    const script = 'i=0; while [ $i -lt 3000 ]; do echo "line $i $PATH$PATH"; i=$((i+1)); done';
    await node.run('p', [script], { restartPolicy: 'Never' });
    await eventually(() => expect(node.pod('p')?.status?.phase).toBe('Succeeded'));
    const lines = (await node.logs('p')).split('\n');
    expect(lines).toHaveLength(3001);
    expect(lines.at(-2)).toMatch(/^line 2999 /);
  });

  test('that crashes again and again waits longer each time, and can be deleted meanwhile', async () => {
    await node.run('p', ['echo run; exit 1']);
    await eventually(() => expect(node.container('p')?.restartCount).toBeGreaterThanOrEqual(2));
    await eventually(() =>
      expect(node.container('p')?.state).toMatchObject({ waiting: { reason: 'CrashLoopBackOff' } }),
    );
    const waits = node.events('BackOff');
    expect(waits[0]?.message).toContain('Back-off restarting failed container=c0 pod=p_default');
    const startedMs = Date.now();
    await node.remove('p');
    await gone('p');
    expect(Date.now() - startedMs).toBeLessThan(1500);
    expect(node.remains()).toEqual([]);
  });

  test('whose liveness fails is stopped once, with its grace, and says so once', async () => {
    const livenessProbe = {
      exec: { command: ['test', '-e', join(node.folder, 'healthy')] },
      // The trap has to be set before the first probe fails.
      initialDelaySeconds: 1,
      periodSeconds: 1,
      failureThreshold: 1,
    };
    const script = 'trap "echo asked" TERM; while :; do sleep 0.1; done';
    await node.run('p', [{ ...shell(script), livenessProbe }], {
      terminationGracePeriodSeconds: 3,
    });
    await eventually(() => expect(node.container('p')?.restartCount).toBe(1));
    writeFileSync(join(node.folder, 'healthy'), '');
    expect(node.events('Killing')).toHaveLength(1);
    expect(node.events('Killing')[0]?.count ?? 1).toBe(1);
    expect(await node.logs('p', { previous: true })).toContain('asked\n');
    expect(node.container('p')?.lastState).toMatchObject({ terminated: { exitCode: 137 } });
  });
});

describe('an init container that fails', () => {
  const init = (script: string) => [{ name: 'init', image: 'i', ...shell(script) }];

  test('fails the pod that is never restarted, whose containers never run', async () => {
    await node.run('p', [`touch ${node.folder}/ran`], {
      initContainers: init('exit 5'),
      restartPolicy: 'Never',
    });
    await eventually(() => expect(node.pod('p')?.status?.phase).toBe('Failed'));
    expect(node.pod('p')?.status?.initContainerStatuses?.[0]?.state).toMatchObject({
      terminated: { exitCode: 5, reason: 'Error' },
    });
    expect(node.container('p')?.state).toMatchObject({ waiting: { reason: 'PodInitializing' } });
    await eventually(() => expect(node.remains()).toEqual([]));
    expect(node.events('Created')).toHaveLength(1);
  });

  test('is tried again and keeps the others waiting', async () => {
    await node.run('p', ['exec sleep 1313'], { initContainers: init('exit 6') });
    await eventually(() =>
      expect(node.pod('p')?.status?.initContainerStatuses?.[0]).toMatchObject({
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 6 } },
      }),
    );
    expect(node.pod('p')?.status?.phase).toBe('Pending');
    expect(processesWith('1313')).toEqual([]);
    await node.remove('p');
    await gone('p');
    expect(node.remains()).toEqual([]);
  });
});

describe('a plugin', () => {
  test('that hangs is killed with its children after its time, and asked again', async () => {
    node.breakPlugin('hang');
    await node.run('p', ['exec sleep 1414']);
    await eventually(() => expect(node.events('FailedCreatePodSandBox').length).toBeGreaterThan(0));
    expect(node.events('FailedCreatePodSandBox')[0]?.message).toBe(
      'Failed to create pod sandbox: plugin type="aws-cni" failed (add): ' +
        'timed out after 1s: killed by SIGKILL',
    );
    expect(node.calls('DEL')).toBeGreaterThan(0);
    node.repairPlugin('hang');
    await ready('p');
    expect(processesWith('7777')).toEqual([]);
    expect(node.remains()).toHaveLength(2);
  });

  test('that does not let go keeps the pod, until it does', async () => {
    await node.run('p', ['exec sleep 1515']);
    await ready('p');
    node.breakPlugin('fail-del');
    await node.remove('p');
    await eventually(() => expect(node.events('FailedKillPod').length).toBeGreaterThan(0));
    expect(node.events('FailedKillPod')[0]?.message).toContain(
      'failed to "KillPodSandbox": plugin type="aws-cni" failed (delete): the agent is busy',
    );
    expect(node.pod('p')?.metadata.deletionTimestamp).toBeDefined();
    expect(processesWith('1515')).toEqual([]);
    expect(node.remains()).toHaveLength(2);
    node.repairPlugin('fail-del');
    await gone('p');
    expect(node.remains()).toEqual([]);
  });

  test('is asked to undo what it was doing when the pod was deleted', async () => {
    node.breakPlugin('slow');
    await node.run('p', [`touch ${node.folder}/ran; sleep 1616`]);
    await eventually(() => expect(node.calls('ADD')).toBe(1));
    await node.remove('p');
    await gone('p');
    expect(node.calls('DEL')).toBe(1);
    expect(node.remains()).toEqual([]);
    expect(node.events('Started')).toEqual([]);
  });
});

describe('the kubelet', () => {
  test(
    'runs 27 pods at once, each with an address, and removes them',
    { timeout: 90_000 },
    async () => {
      const names = Array.from({ length: 27 }, (_, i) => `p${i}`);
      await Promise.all(names.map((name) => node.run(name, ['exec sleep 1717'])));
      await eventually(() => {
        expect(names.filter((name) => !node.isReady(name))).toEqual([]);
      });
      const addresses = names.map((name) => node.pod(name)?.status?.podIP);
      expect(new Set(addresses).size).toBe(27);
      await Promise.all(names.map((name) => node.remove(name)));
      await eventually(() => expect(names.filter((name) => node.pod(name))).toEqual([]));
      expect(node.remains()).toEqual([]);
      expect(processesWith('1717')).toEqual([]);
      // On a slow machine a sandbox that takes too long is given up and made anew.
      expect(node.sandboxes('ADD').size).toBeGreaterThanOrEqual(27);
      expect(node.sandboxes('DEL')).toEqual(node.sandboxes('ADD'));
    },
  );

  test('that is closed while a plugin hangs leaves nothing, and does not wait for it', async () => {
    node.breakPlugin('hang');
    await node.run('p', ['exec sleep 1818']);
    await eventually(() => expect(processesWith('7777')).toHaveLength(1));
    const startedMs = Date.now();
    await node.stop();
    expect(Date.now() - startedMs).toBeLessThan(900);
    expect(processesWith('7777')).toEqual([]);
    expect(node.remains()).toEqual([]);
    node.repairPlugin('hang');
    await node.boot();
    await ready('p');
  });

  test('that is closed while pods start leaves nothing', async () => {
    node.breakPlugin('slow');
    await Promise.all([0, 1, 2, 3].map((i) => node.run(`p${i}`, ['exec sleep 1919'])));
    await eventually(() => expect(node.calls('ADD')).toBeGreaterThan(1));
    await node.stop();
    expect(processesWith('1919')).toEqual([]);
    expect(node.remains()).toEqual([]);
    expect(node.pod('p0')).toBeDefined();
  });

  test('that is closed removes namespaces also when the plugin does not let go', async () => {
    await node.run('p', ['exec sleep 2020']);
    await ready('p');
    node.breakPlugin('fail-del');
    await node.stop();
    expect(node.remains()).toEqual([]);
    expect(processesWith('2020')).toEqual([]);
  });
});

describe('attach', () => {
  const echo = 'while read line; do echo "got $line"; done; echo end';

  test('joins the input and the output of a container, for as long as it runs', async () => {
    const script = { ...shell(echo), stdin: true, stdinOnce: true };
    await node.run('p', [script], { restartPolicy: 'Never' });
    await ready('p');
    const session = await node.kubelet.runtime.attach(target('p'));
    session.stdin.write('one\n');
    session.stdin.end('two\n');
    expect(await output(session)).toEqual({ code: 0, text: 'got one\ngot two\nend\n' });
    await eventually(() => expect(node.pod('p')?.status?.phase).toBe('Succeeded'));
    expect(await node.logs('p')).toBe('got one\ngot two\nend\n');
    await expect(node.kubelet.runtime.attach(target('p'))).rejects.toThrow(/container not found/);
  });

  test('by one who leaves does not end a container that others may join', async () => {
    await node.run('p', [{ ...shell(echo), stdin: true }]);
    await ready('p');
    const first = await node.kubelet.runtime.attach(target('p'));
    first.stdin.end('one\n');
    await eventually(async () => expect(await node.logs('p')).toBe('got one\n'));
    first.kill();
    const second = await node.kubelet.runtime.attach(target('p'));
    let seen = '';
    second.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    second.stdin.write('two\n');
    await eventually(() => expect(seen).toBe('got two\n'));
    expect(node.container('p')?.restartCount).toBe(0);
  });

  test('gives a container with a terminal one that can be resized', async () => {
    const script = 'read go; test -t 0 && stty size; exit 4';
    const tty = { ...shell(script), stdin: true, tty: true };
    await node.run('p', [tty], { restartPolicy: 'Never' });
    await ready('p');
    const session = await node.kubelet.runtime.attach(target('p'));
    const done = output(session);
    // At once, as clients do: there may be no terminal yet.
    session.resize(80, 25);
    session.resize(101, 37);
    await new Promise((resolve) => setTimeout(resolve, 200));
    session.stdin.write('go\n');
    expect((await done).text).toContain('37 101');
    await eventually(() => expect(node.pod('p')?.status?.phase).toBe('Failed'));
    expect(node.container('p')?.state).toMatchObject({ terminated: { exitCode: 4 } });
  });

  test('to a container without input reads only', async () => {
    await node.run('p', ['read line; echo "end of $line"; sleep 0.3; echo more; exec sleep 2121']);
    await ready('p');
    const session = await node.kubelet.runtime.attach(target('p'));
    let seen = '';
    session.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    session.stdin.write('x\n');
    await eventually(() => expect(seen).toContain('more\n'));
    session.kill();
    expect(processesWith('2121')).toHaveLength(1);
  });
});

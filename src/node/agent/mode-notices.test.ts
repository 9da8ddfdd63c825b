import { describe, expect, test } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import { EVENTS } from '../../api/core/event.ts';
import { PODS } from '../../api/core/pod.ts';
import { KubeError } from '../../api/kube-error.ts';
import { ENFORCING_MODE_ANNOTATION } from '../../api/names.ts';
import { createFakeClock } from '../../base/clock.fake.ts';
import { silentLog } from '../../base/log.ts';
import { keptModes, ModeNotices } from './mode-notices.ts';
import type { EnforcingMode, Sandbox } from './sandbox.ts';

function sandbox(pod: string, more: Partial<Sandbox> = {}): Sandbox {
  return {
    containerId: `c-${pod}`,
    ifName: 'eth0',
    netns: '/run/netns/x',
    namespace: 'default',
    pod,
    uid: `uid-${pod}`,
    hostLink: `eni-${pod}`,
    address: '10.0.0.9',
    gateway: '10.0.0.1',
    eniId: 'eni-1',
    vlanId: 1,
    ...more,
  };
}

const STANDARD = sandbox('standard', { mode: 'standard' });
const STRICT = sandbox('strict', { mode: 'strict' });
const OLD = sandbox('old');
const { vlanId: _none, ...PLAIN } = sandbox('plain');
const ALL = [STANDARD, STRICT, OLD, PLAIN];

/** The sandboxes with the uids that the API gave their pods, and the notices of their node. */
function nodeOf(kube: FakeKube, enforcingMode: EnforcingMode, warnings: string[] = []) {
  const sandboxes = ALL.map((one) => {
    const metadata = { namespace: 'default', name: one.pod };
    const pod = kube.seed(PODS, { metadata, spec: { containers: [] } });
    return { ...one, uid: pod.metadata.uid ?? '' };
  });
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const clock = createFakeClock();
  const notices = new ModeNotices({ nodeName: 'node-1', enforcingMode, kube, clock, log });
  return { notices, sandboxes, standard: sandboxes[0] ?? STANDARD };
}

function annotated(kube: FakeKube, name: string): string | undefined {
  const pod = kube.peek(PODS, { namespace: 'default', name });
  return pod?.metadata.annotations?.[ENFORCING_MODE_ANNOTATION];
}

describe('notices of the enforcing mode', () => {
  test('pods that keep a mode are those on branches of another mode', () => {
    expect(keptModes(ALL, 'strict')).toEqual([STANDARD]);
    expect(keptModes(ALL, 'standard')).toEqual([STRICT, OLD]);
  });

  test('a pod that keeps its mode has it as an annotation and in an event', async () => {
    const kube = createFakeKube();
    const { notices, sandboxes } = nodeOf(kube, 'standard');
    notices.kept(sandboxes);
    await notices.flush();
    expect(ALL.map((one) => annotated(kube, one.pod))).toEqual([
      undefined,
      'strict',
      'strict',
      undefined,
    ]);
    const events = (await kube.list(EVENTS)).items;
    expect(events.map((event) => event.involvedObject.name).toSorted()).toEqual(['old', 'strict']);
    expect(events[0]).toMatchObject({
      type: 'Normal',
      reason: 'EnforcingModeKept',
      source: { component: 'aws-node', host: 'node-1' },
    });
    expect(events[0]?.message).toContain('Wired in strict mode, and stays so');
  });

  test('a newly wired pod is annotated when it is not strict', async () => {
    const kube = createFakeKube();
    const { notices, sandboxes } = nodeOf(kube, 'standard');
    for (const one of sandboxes) notices.wired(one);
    await notices.flush();
    expect(ALL.map((one) => annotated(kube, one.pod))).toEqual([
      'standard',
      undefined,
      undefined,
      undefined,
    ]);
    expect((await kube.list(EVENTS)).items).toEqual([]);
  });

  test('an API that refuses does not stop the others, and a pod that is gone needs no word', async () => {
    const kube = createFakeKube();
    const warnings: string[] = [];
    const { notices, standard } = nodeOf(kube, 'standard', warnings);
    let calls = 0;
    kube.beforeCall = () => {
      calls += 1;
      if (calls === 1) throw new KubeError('Forbidden', 'no', { status: 403 });
    };
    notices.wired(standard);
    notices.wired(sandbox('gone', { mode: 'standard' }));
    notices.wired(standard);
    await notices.flush();
    expect(warnings).toEqual(['Pod not told its enforcing mode']);
    expect(annotated(kube, 'standard')).toBe('standard');
  });

  test('a new pod of the same name is not meant', async () => {
    const kube = createFakeKube();
    const { notices } = nodeOf(kube, 'standard');
    notices.wired({ ...STANDARD, uid: 'uid-of-before' });
    await notices.flush();
    expect(annotated(kube, 'standard')).toBeUndefined();
  });
});

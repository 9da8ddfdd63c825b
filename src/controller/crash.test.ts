import { afterEach, expect, test } from 'vitest';
import { createControllerLab, PAYMENTS, type ControllerLab } from './controller-lab.fake.ts';
import { brokenInvariants, orphans } from './invariants.fake.ts';
import { PODS } from '../api/core/pod.ts';

const I1 = 'i-00000000000000001';
/** More calls than one run of the story makes; a test that reaches it ran without a crash. */
const MANY_CALLS = 60;

let lab: ControllerLab;
afterEach(() => lab.stop());

/** Kills the controller at its n-th call: before the call is done, or just after it. */
function crashAt(callNumber: number, moment: 'before' | 'after'): () => boolean {
  let count = 0;
  let dead = false;
  const hook = (): void => {
    if (dead) throw new Error('the process is dead');
    count += 1;
    if (count !== callNumber) return;
    dead = true;
    lab.crash();
    throw new Error('the process dies here');
  };
  const gate = (): void => {
    if (dead) throw new Error('the process is dead');
  };
  lab.ec2.beforeCall = moment === 'before' ? hook : gate;
  lab.ec2.afterCall = moment === 'after' ? hook : undefined;
  lab.kube.beforeCall = ({ verb }) => {
    if (verb === 'list' || verb === 'watch') return;
    if (moment === 'before' && verb !== 'get') hook();
    else gate();
  };
  lab.kube.afterCall = moment === 'after' ? hook : undefined;
  return () => dead;
}

function heal(): void {
  lab.ec2.beforeCall = undefined;
  lab.ec2.afterCall = undefined;
  lab.kube.beforeCall = undefined;
  lab.kube.afterCall = undefined;
}

/** A node comes, two pods come, one goes, another comes. */
async function story(): Promise<void> {
  await lab.start().catch(() => {});
  lab.removePod('a');
  lab.addPod('c');
  await lab.clock.advance(70_000);
}

for (const moment of ['before', 'after'] as const) {
  test(`a crash ${moment} any call leaves nothing leaked, shared or lost`, async () => {
    let crashes = 0;
    for (let callNumber = 1; callNumber <= MANY_CALLS; callNumber += 1) {
      lab = createControllerLab();
      lab.addNode('n1', I1);
      lab.addPolicy('p', [PAYMENTS]);
      lab.addPod('a');
      lab.addPod('b');
      const crashed = crashAt(callNumber, moment);
      await story();
      const at = `call ${callNumber}`;
      expect(brokenInvariants(lab), at).toEqual([]);
      if (!crashed()) break;
      crashes += 1;
      heal();
      await lab.start();
      // Cool-down, look-ups and two sweeps.
      await lab.clock.advance(3_800_000);
      expect(brokenInvariants(lab), at).toEqual([]);
      expect(orphans(lab), at).toEqual([]);
      for (const name of ['b', 'c']) {
        const [branch] = lab.branchesOf(name);
        const stored = lab.ec2.interfaces.get(branch?.eniId ?? '');
        expect(stored?.groups, `${name}, ${at}`).toEqual([PAYMENTS]);
      }
      const trunks = [...lab.ec2.interfaces.values()].filter(({ type }) => type === 'trunk');
      expect(trunks.length, at).toBe(1);
      expect(trunks[0]?.attachment, at).toMatchObject({ deleteOnTermination: true });
      await lab.stop();
    }
    expect(crashes).toBeGreaterThan(15);
    expect(crashes).toBeLessThan(MANY_CALLS);
  }, 60_000);
}

test('a forged annotation does not get somebody else’s interface', async () => {
  lab = createControllerLab();
  lab.addNode('n1', I1);
  lab.addNode('n2', 'i-00000000000000002');
  lab.addPod('victim', { node: 'n2' });
  await lab.start();
  const [stolen] = lab.branchesOf('victim');
  const forged = lab.addPod('thief');
  const annotations = { 'vpc.amazonaws.com/pod-eni': JSON.stringify([stolen]) };
  lab.kube.seed(PODS, { ...forged, metadata: { ...forged.metadata, annotations } });
  await lab.start();
  lab.removePod('thief');
  await lab.clock.advance(200_000);
  expect(lab.ec2.interfaces.get(stolen?.eniId ?? '')?.association).toBeDefined();
});

import { afterEach, expect, test } from 'vitest';
import { createChance } from '../../test/arbitrary/chance.ts';
import { PODS } from '../api/core/pod.ts';
import { Ec2Error } from '../ec2/error.ts';
import { createControllerLab, PAYMENTS, type ControllerLab } from './controller-lab.fake.ts';
import { brokenInvariants, orphans } from './invariants.fake.ts';

const NODES = ['n1', 'n2', 'n3'];
const STEPS = 150;
let lab: ControllerLab;
afterEach(() => lab.stop());

/** Pods come and go, EC2 throttles and loses answers, watches break, the controller restarts. */
async function play(seed: number): Promise<void> {
  const pick = createChance(seed).below;
  const alive: string[] = [];
  const faults = (): void => {
    const dice = pick(25);
    if (dice === 0) throw new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.');
    if (dice === 1) throw new Ec2Error('Unreachable', 'no answer');
  };
  lab.ec2.beforeCall = faults;
  lab.ec2.afterCall = () => {
    if (pick(40) === 0) throw new Ec2Error('Unreachable', 'the answer was lost');
  };
  const steps: readonly (() => Promise<void> | void)[] = [
    () => {
      const name = `pod-${seed}-${alive.length}-${pick(1_000)}`;
      if (lab.pod(name)) return;
      lab.addPod(name, {
        node: NODES[pick(NODES.length)] ?? '',
        units: 1 + (pick(8) === 0 ? 1 : 0),
      });
      alive.push(name);
    },
    () => {
      const [name] = alive.splice(pick(Math.max(alive.length, 1)), 1);
      if (name !== undefined) lab.removePod(name);
    },
    () => lab.clock.advance(pick(20_000)),
    () => (pick(3) === 0 ? lab.kube.endWatches() : undefined),
    () => (pick(6) === 0 ? lab.kube.expireHistory() : undefined),
    () => (pick(6) === 0 ? lab.start() : undefined),
  ];
  for (let step = 0; step < STEPS; step += 1) {
    await steps[[0, 0, 0, 1, 1, 2, 2, 3, 4, 5][pick(10)] ?? 0]?.();
    expect(brokenInvariants(lab), `seed ${seed}, step ${step}`).toEqual([]);
  }
}

test.each([1, 2, 3, 4, 5, 6])(
  'seed %i: invariants hold at each step and all comes to rest',
  async (seed) => {
    lab = createControllerLab();
    NODES.forEach((name, index) => lab.addNode(name, `i-0000000000000000${index + 1}`));
    lab.addPolicy('p', [PAYMENTS]);
    await lab.start();
    await play(seed);
    lab.ec2.beforeCall = undefined;
    lab.ec2.afterCall = undefined;
    await lab.clock.advance(3_800_000);
    expect(brokenInvariants(lab)).toEqual([]);
    expect(orphans(lab)).toEqual([]);
    for (const node of NODES) {
      const pods = lab.kube.peekAll(PODS).filter(({ spec }) => spec.nodeName === node);
      const branches = pods.flatMap(({ metadata }) => lab.branchesOf(metadata.name));
      const served = pods.filter(({ metadata }) => lab.branchesOf(metadata.name).length > 0);
      // All pods are served, or the node is (almost) full: a pod may ask for two.
      expect(served.length === pods.length || branches.length >= 8).toBe(true);
    }
    for (const pod of lab.kube.peekAll(PODS)) {
      for (const { eniId } of lab.branchesOf(pod.metadata.name)) {
        expect(lab.ec2.interfaces.get(eniId)?.groups).toEqual([PAYMENTS]);
      }
    }
  },
  60_000,
);

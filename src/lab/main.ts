import { SERVICES } from '../api/core/service.ts';
import { service } from './scenarios/two-pods/manifests.ts';
import { playTwoPods, deployTwoPods, type DemoLab } from './scenarios/two-pods/play.ts';
import type { LabOutcome, LabRuntime } from './launch/runtime.ts';
import { deployClusterDns } from './world/cluster-dns.ts';
import { ensure } from './world/ensure.ts';
import { ensureKubernetesService } from './world/kubernetes-service.ts';
import { startLab, type Lab } from './world/lab.ts';

/**
 * The lab's inner process: brings everything up, then plays the demo or serves until it is told to
 * stop. Everything it started is closed before it returns, also when something failed on the way.
 */
export async function runLab(runtime: LabRuntime): Promise<LabOutcome> {
  const lab = await startLab(runtime);
  try {
    return runtime.mode === 'demo'
      ? await runDemo(runtime, lab)
      : await runUntilStopped(runtime, lab);
  } finally {
    await lab.close();
  }
}

async function runDemo(runtime: LabRuntime, lab: Lab): Promise<LabOutcome> {
  const result = await playTwoPods(demoLab(runtime, lab));
  runtime.report({ kind: 'output', text: result.text });
  if (!runtime.stay) return { ok: result.ok };
  await offerNames(runtime, lab);
  runtime.report({ kind: 'ready', text: READY });
  await stopped(runtime.signal);
  return { ok: result.ok };
}

async function runUntilStopped(runtime: LabRuntime, lab: Lab): Promise<LabOutcome> {
  runtime.report({ kind: 'step', text: 'Deploying checkout (role=payments) and catalog' });
  await Promise.all([deployTwoPods(demoLab(runtime, lab)), offerNames(runtime, lab)]);
  runtime.report({ kind: 'ready', text: READY });
  await stopped(runtime.signal);
  return { ok: true };
}

/** Cluster DNS, and the Services of the API and of both workloads; the scenario itself does without. */
async function offerNames(runtime: LabRuntime, { plane, seeded }: Lab): Promise<void> {
  await ensureKubernetesService(plane.kube, seeded.instances);
  for (const name of ['checkout', 'catalog']) await ensure(plane.kube, SERVICES, service(name));
  await deployClusterDns(runtime, plane);
}

const READY = 'The lab is up. In another terminal: eval "$(npx trunkline lab env)"';

function demoLab(runtime: LabRuntime, lab: Lab): DemoLab {
  return {
    kube: lab.plane.kube,
    sdk: lab.plane.sdk,
    seeded: lab.seeded,
    exec: lab.exec,
    world: lab.world,
    clock: runtime.clock,
    signal: runtime.signal,
    report: (progress) => runtime.report(progress),
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

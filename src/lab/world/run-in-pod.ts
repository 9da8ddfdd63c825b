import { text } from 'node:stream/consumers';
import type { KubeClient } from '../../api/client.ts';
import { PODS } from '../../api/core/pod.ts';
import { must } from '../../base/assert.ts';
import type { CommandResult, DemoPod } from '../scenarios/two-pods/probe.ts';
import type { KubeletDirectory } from './fleet.ts';

interface Deps {
  readonly kube: KubeClient;
  readonly directory: KubeletDirectory;
}

/** Runs a command in the pod's first container by its kubelet, which is what kubectl exec ends in. */
export async function runInPod(
  deps: Deps,
  pod: DemoPod,
  command: readonly string[],
): Promise<CommandResult> {
  const object = await deps.kube.get(PODS, { name: pod.name, namespace: pod.namespace });
  const nodeName = must(object?.spec.nodeName, () => `Pod ${pod.name} is not on a node`);
  const kubelet = must(deps.directory.runtimeOf(nodeName), () => `No kubelet for ${nodeName}`);
  const session = await kubelet.exec(
    { namespace: pod.namespace, pod: pod.name },
    { command, stdin: false, tty: false },
  );
  const [stdout, stderr, { code }] = await Promise.all([
    text(session.stdout),
    text(session.stderr),
    session.exited,
  ]);
  return { code, stdout, stderr };
}

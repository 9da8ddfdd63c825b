import type { KubeClient } from '../../api/client.ts';
import { PODS, type Pod } from '../../api/core/pod.ts';
import { SERVICE_ACCOUNTS } from '../../api/core/service-account.ts';
import type { Informer, Informers } from '../../api/informer.ts';
import {
  SECURITY_GROUP_POLICIES,
  type SecurityGroupPolicy,
} from '../../api/security-group-policy.ts';
import type { Clock } from '../../base/clock.ts';
import { matchingGroups } from '../../policy/match.ts';
import { CniError, NO_ADDRESS } from '../cni/errors.ts';

/** Names a pod as a container runtime does. `uid` is '' with runtimes that do not tell. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The pods of this node, and which of them may run without a branch. */
export class NodePods {
  readonly #kube: KubeClient;
  readonly #clock: Clock;
  readonly #pods: Informer<Pod>;
  readonly #policies: Informer<SecurityGroupPolicy>;

  constructor(
    nodeName: string,
    deps: { readonly kube: KubeClient; readonly informers: Informers; readonly clock: Clock },
  ) {
    this.#kube = deps.kube;
    this.#clock = deps.clock;
    this.#pods = deps.informers.informer(PODS, { fieldSelector: `spec.nodeName=${nodeName}` });
    this.#policies = deps.informers.informer(SECURITY_GROUP_POLICIES);
  }

  /** Resolves once the first lists are in. */
  async synced(): Promise<void> {
    await Promise.all([this.#pods.synced, this.#policies.synced]);
  }

  /**
   * The pod of a CNI call: from the cache when it is the same pod, else read live. A pod of the same
   * name with another uid is another pod (spec 5.4: EKS does not check, and may use a stale one).
   */
  async find(ref: PodRef): Promise<Pod> {
    const cached = this.#pods.get(ref);
    if (cached && isPod(cached, ref)) return cached;
    const live = await this.#kube.get(PODS, { namespace: ref.namespace, name: ref.name });
    if (live && isPod(live, ref)) return live;
    const details = `pod ${ref.namespace}/${ref.name} with uid '${ref.uid}' is not in the API`;
    throw new CniError('tryAgainLater', NO_ADDRESS, details);
  }

  /** The first version of the pod that `ready` accepts, or the last one seen when time is up. */
  async waitFor(pod: Pod, ready: (pod: Pod) => boolean, timeoutMs: number): Promise<Pod> {
    if (ready(pod)) return pod;
    const ref = { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name };
    const { promise, resolve } = Promise.withResolvers<Pod>();
    const unsubscribe = this.#pods.subscribe((change) => {
      const { metadata } = change.object;
      if (metadata.namespace !== ref.namespace || metadata.name !== ref.name) return;
      if (metadata.uid === pod.metadata.uid && ready(change.object)) resolve(change.object);
    });
    const timer = new AbortController();
    const expired = this.#clock.sleep(timeoutMs, timer.signal).then(
      () => pod,
      () => pod,
    );
    const found = await Promise.race([promise, expired]);
    timer.abort();
    unsubscribe();
    return found;
  }

  /**
   * Refuses a pod that matches a policy but has no branch: its groups were never requested, because
   * the webhook was down or the policy is newer than the pod (DESIGN: D8).
   */
  async refuseUnprotected(pod: Pod): Promise<void> {
    const namespace = pod.metadata.namespace ?? 'default';
    const policies = this.#policies.list().filter((one) => one.metadata.namespace === namespace);
    if (policies.length === 0) return;
    const name = pod.spec.serviceAccountName ?? 'default';
    const serviceAccount = await this.#kube.get(SERVICE_ACCOUNTS, { namespace, name });
    const match = matchingGroups({ pod, serviceAccount, policies });
    if (!match.ok) throw new CniError('refused', match.error.message);
    if (match.value.policyNames.length === 0) return;
    const names = match.value.policyNames.join(', ');
    throw new CniError(
      'refused',
      `pod ${namespace}/${pod.metadata.name} matches SecurityGroupPolicy ${names} but was admitted ` +
        'without a branch interface (the webhook did not run, or the policy is newer): recreate the pod',
    );
  }
}

function isPod(pod: Pod, ref: PodRef): boolean {
  return ref.uid === '' || pod.metadata.uid === ref.uid;
}

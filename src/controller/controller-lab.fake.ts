import { CNI_NODES } from '../api/cni-node.ts';
import { createFakeKube, type FakeKube } from '../api/client.fake.ts';
import { EVENTS } from '../api/core/event.ts';
import { NODES } from '../api/core/node.ts';
import { PODS, type Pod } from '../api/core/pod.ts';
import { FEATURE_SECURITY_GROUPS, OS_LABEL, POD_ENI } from '../api/names.ts';
import { SECURITY_GROUP_POLICIES } from '../api/security-group-policy.ts';
import { createFakeClock, type FakeClock } from '../base/clock.fake.ts';
import { silentLog } from '../base/log.ts';
import { countingRandom } from '../api/client-rules.fake.ts';
import { createFakeEc2, type FakeEc2 } from '../ec2/client.fake.ts';
import { createInformers } from '../io/informer.ts';
import { startController, type ControllerOptions, type Stop } from './controller.ts';
import { parseAnnotation, type BranchDetails } from './pod/annotation.ts';

/** Group of the instances. */
export const NODE_GROUP = 'sg-0000000000000000f';
/** Groups that policies name. */
export const PAYMENTS = 'sg-0000000000000000a';
/** Another one. */
export const BILLING = 'sg-0000000000000000b';

/** A controller with an API server and an EC2 in memory, and a clock that stands still. */
export interface ControllerLab {
  readonly kube: FakeKube;
  readonly ec2: FakeEc2;
  readonly clock: FakeClock;
  /** Starts the controller; ends the one that runs, if any, as a crash would. */
  start(options?: Partial<ControllerOptions>): Promise<void>;
  /** Stops without waiting for anything: what is under way is lost. */
  crash(): void;
  stop(): Promise<void>;
  /** Adds an m5.large (9 branches) that asks for branches. */
  addNode(name: string, instanceId: string): void;
  addPod(name: string, options?: PodOptions): Pod;
  /** Lets the pod's object vanish. */
  removePod(name: string): void;
  addPolicy(name: string, groupIds: readonly string[], labels?: Record<string, string>): void;
  pod(name: string): Pod | undefined;
  branchesOf(name: string): readonly BranchDetails[];
  /** `reason: message` of all events of an object. */
  events(name: string): readonly string[];
}

/** A pod to add. */
export interface PodOptions {
  readonly node?: string;
  readonly units?: number;
  readonly labels?: Record<string, string>;
}

const NAMESPACE = 'shop';
const ROLE = { role: 'payments' };

/** Makes the lab; nothing runs yet. */
export function createControllerLab(): ControllerLab {
  const clock = createFakeClock();
  const random = countingRandom();
  const kube = createFakeKube({ clock, random });
  const ec2 = createFakeEc2({ groups: [NODE_GROUP, PAYMENTS, BILLING] });
  let running: { readonly stop: Stop; readonly abort: AbortController } | undefined;

  const crash = (): void => {
    running?.abort.abort(new Error('crash'));
    void running?.stop.close();
    running = undefined;
  };
  const start = async (options: Partial<ControllerOptions> = {}): Promise<void> => {
    crash();
    const abort = new AbortController();
    const informers = createInformers({ kube, clock, log: silentLog, signal: abort.signal });
    const stop = await startController({
      kube,
      informers,
      ec2,
      clock,
      random,
      log: silentLog,
      clusterName: 'lab',
      vpcId: 'vpc-00000000000000001',
      accountId: '111122223333',
      ...options,
    });
    running = { stop, abort };
    await clock.settle();
  };
  const stop = async (): Promise<void> => {
    const closing = running?.stop.close();
    running?.abort.abort(new Error('stop'));
    running = undefined;
    await closing;
  };
  return { kube, ec2, clock, crash, start, stop, ...cast(kube, ec2) };
}

function keyIn(name: string): { name: string; namespace: string } {
  return { name, namespace: NAMESPACE };
}

type Cast = Omit<ControllerLab, 'kube' | 'ec2' | 'clock' | 'crash' | 'start' | 'stop'>;

function cast(kube: FakeKube, ec2: FakeEc2): Cast {
  return {
    addNode: (name, instanceId) => {
      ec2.addInstance({ id: instanceId, type: 'm5.large', groups: [NODE_GROUP] });
      kube.seed(NODES, {
        metadata: { name, labels: { [OS_LABEL]: 'linux' } },
        spec: { providerID: `aws:///us-east-1a/${instanceId}` },
      });
      kube.seed(CNI_NODES, {
        metadata: { name },
        spec: { features: [{ name: FEATURE_SECURITY_GROUPS, value: '' }] },
      });
    },
    addPod: (name, { node = 'n1', units = 1, labels = ROLE } = {}) =>
      kube.seed(PODS, {
        metadata: { ...keyIn(name), labels },
        spec: {
          nodeName: node,
          containers: [{ name: 'c', resources: { requests: { [POD_ENI]: String(units) } } }],
        },
        status: { phase: 'Pending' },
      }),
    removePod: (name) => kube.drop(PODS, keyIn(name)),
    addPolicy: (name, groupIds, labels = ROLE) => {
      kube.seed(SECURITY_GROUP_POLICIES, {
        metadata: keyIn(name),
        spec: { podSelector: { matchLabels: labels }, securityGroups: { groupIds } },
      });
    },
    pod: (name) => kube.peek(PODS, keyIn(name)),
    branchesOf: (name) =>
      parseAnnotation(kube.peek(PODS, keyIn(name))?.metadata.annotations?.[POD_ENI]),
    events: (name) =>
      kube
        .peekAll(EVENTS)
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`),
  };
}

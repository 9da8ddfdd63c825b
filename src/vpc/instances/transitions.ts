import type { InstanceStateChange } from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { nowText, type Call } from '../context.ts';
import { own } from '../own.ts';
import { stateView } from '../views/instance.ts';

type Spec = Instance['spec'];
type State = Spec['state'];

/** A change of state that users ask for. */
export interface Transition {
  /** As in "cannot be started". */
  readonly participle: string;
  /** States in which the request is refused; in others it may have nothing to do. */
  readonly refusedIn: readonly State[];
  /** Where the instance is when it is done; it is done at once. */
  readonly target: State;
  /** What the answer says, as AWS's takes a while. */
  readonly shown: State;
  /** Code of the reason that is shown while it lasts. */
  readonly reason?: string;
  /** Refuses protected instances. */
  readonly protection?: 'disableApiStop' | 'disableApiTermination';
}

const BY_USER = 'Client.UserInitiatedShutdown';

/** StartInstances. */
export const START: Transition = {
  participle: 'started',
  refusedIn: ['stopping', 'shutting-down', 'terminated'],
  target: 'running',
  shown: 'pending',
};

/** StopInstances. */
export const STOP: Transition = {
  participle: 'stopped',
  refusedIn: ['shutting-down', 'terminated'],
  target: 'stopped',
  shown: 'stopping',
  reason: BY_USER,
  protection: 'disableApiStop',
};

/** TerminateInstances. */
export const TERMINATE: Transition = {
  participle: 'terminated',
  refusedIn: [],
  target: 'terminated',
  shown: 'shutting-down',
  reason: BY_USER,
  protection: 'disableApiTermination',
};

/** Refuses instances that are in no state for the transition, or protected from it. */
export function checkTransition({ metadata, spec }: Instance, transition: Transition): void {
  const { participle, protection } = transition;
  if (transition.refusedIn.includes(spec.state))
    throw new Ec2Error(
      'IncorrectInstanceState',
      `The instance '${metadata.name}' is not in a state from which it can be ${participle}.`,
    );
  const isDone = spec.state === transition.target;
  if (protection !== undefined && spec[protection] && !isDone)
    throw new Ec2Error(
      'OperationNotPermitted',
      `The instance '${metadata.name}' may not be ${participle}. Modify its '${protection}' instance attribute and try again.`,
    );
}

/** Changes the state of an instance; answers what clients are told. One that is there stays so. */
export function changeState(
  call: Call,
  id: string,
  transition: Transition,
): Promise<InstanceStateChange> {
  const { store } = call;
  return store.locks.hold({ exclusive: [id] }, async () => {
    own(call, store.instances, id);
    let before: State = transition.target;
    await store.instances.update(id, (instance) => {
      before = instance.spec.state;
      checkTransition(instance, transition);
      if (before === transition.target) return instance;
      return { ...instance, spec: changed(instance.spec, transition, nowText(call)) };
    });
    const now = before === transition.target ? before : transition.shown;
    return { InstanceId: id, CurrentState: stateView(now), PreviousState: stateView(before) };
  });
}

function changed(spec: Spec, { target, reason }: Transition, now: string): Spec {
  const { stateReason: _ended, ...rest } = spec;
  return {
    ...rest,
    state: target,
    stateChangedAt: now,
    ...(reason !== undefined && { stateReason: reason }),
    ...(target === 'terminated' && { terminatedAt: now }),
    ...(target === 'running' && { launchTime: now }),
  };
}

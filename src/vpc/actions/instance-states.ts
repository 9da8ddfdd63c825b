import type {
  InstanceStateChange,
  RebootInstancesRequest,
  StartInstancesRequest,
  StartInstancesResult,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { listedInstances } from '../instances/listed.ts';
import {
  changeState,
  checkTransition,
  START,
  STOP,
  TERMINATE,
  type Transition,
} from '../instances/transitions.ts';
import { releaseInterfaces } from '../interfaces/release.ts';

/** StartInstances: running at once. */
export const startInstances: Handler<StartInstancesRequest, StartInstancesResult> = async (
  input,
  call,
) => ({ StartingInstances: await changeAll(call, input.InstanceIds, START) });

/** StopInstances: stopped at once. Interfaces and addresses stay. */
export const stopInstances: Handler<StopInstancesRequest, StopInstancesResult> = async (
  input,
  call,
) => ({ StoppingInstances: await changeAll(call, input.InstanceIds, STOP) });

/** RebootInstances: nothing of what we keep changes. */
export const rebootInstances: Handler<RebootInstancesRequest, void> = (input, call) => {
  for (const { metadata, spec } of wanted(call, input.InstanceIds))
    if (spec.state !== 'running')
      throw new Ec2Error(
        'IncorrectInstanceState',
        `The instance '${metadata.name}' is not in a state from which it can be rebooted.`,
      );
};

/**
 * TerminateInstances: terminated at once. The state is written first; the sweep at start-up releases
 * interfaces that are left over.
 */
export const terminateInstances: Handler<
  TerminateInstancesRequest,
  TerminateInstancesResult
> = async (input, call) => ({
  TerminatingInstances: await changeAll(call, input.InstanceIds, TERMINATE, (id) =>
    releaseInterfaces(call.store, id),
  ),
});

/** All instances are checked before any is touched. */
async function changeAll(
  call: Call,
  ids: readonly string[] | undefined,
  transition: Transition,
  finish: (id: string) => Promise<void> = () => Promise.resolve(),
): Promise<InstanceStateChange[]> {
  const instances = wanted(call, ids);
  for (const instance of instances) checkTransition(instance, transition);
  const changes: InstanceStateChange[] = [];
  for (const { metadata } of instances) {
    changes.push(await changeState(call, metadata.name, transition));
    await finish(metadata.name);
  }
  return changes;
}

function wanted(call: Call, ids: readonly string[] | undefined): readonly Instance[] {
  return listedInstances(call, { ids: [...new Set(ids)] });
}

import type {
  Instance as InstanceView,
  Reservation,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { Handler } from '../context.ts';
import { launchGroups, launchId, launchOne } from '../instances/launch.ts';
import { parseLaunch } from '../instances/launch-request.ts';
import { instanceView } from '../views/instance.ts';

/** RunInstances: the answer says `pending`, as AWS's does, but the instance runs already. */
export const runInstances: Handler<RunInstancesRequest, Reservation> = async (input, call) => {
  const launch = parseLaunch(input, call);
  const existing = launch.interfaces.flatMap((each) => each.NetworkInterfaceId ?? []);
  const locks = {
    shared: [...launch.interfaces.map((each) => each.SubnetId), ...launchGroups(call, launch)],
    exclusive: [launchId(call, input, 0), ...existing],
  };
  return call.store.locks.hold(locks, async () => {
    const instances: Instance[] = [];
    for (let i = 0; i < launch.count; i++) instances.push(await launchOne(call, launch, i));
    return {
      ReservationId: instances[0]?.spec.reservationId,
      OwnerId: call.accountId,
      Groups: [],
      Instances: instances.map((instance) => pendingView(instanceView(call, instance))),
    };
  });
};

function pendingView(view: InstanceView): InstanceView {
  return {
    ...view,
    State: { Code: 0, Name: 'pending' },
    NetworkInterfaces: view.NetworkInterfaces?.map((eni) => ({
      ...eni,
      Attachment: eni.Attachment && { ...eni.Attachment, Status: 'attaching' },
    })),
  };
}

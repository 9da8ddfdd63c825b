import type { Reservation, RunInstancesRequest } from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { Handler } from '../context.ts';
import { launchGroups, launchId, launchOne } from '../instances/launch.ts';
import { parseLaunch } from '../instances/launch-request.ts';
import { instanceView } from '../views/instance.ts';

/** RunInstances: running at once. */
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
      Instances: instances.map((instance) => instanceView(call, instance)),
    };
  });
};

import type { KubeClient } from '../api/client.ts';
import type { EventRecorder } from '../api/event-recorder.ts';
import type { Clock } from '../base/clock.ts';
import type { VpcId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Ec2Client } from '../ec2/client.ts';

/** What every reconciler of the controller takes. */
export interface ControllerDeps {
  readonly kube: KubeClient;
  readonly ec2: Ec2Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly clusterName: string;
  readonly vpcId: VpcId;
  readonly accountId: string;
  /** Aborts when the controller stops. */
  readonly signal: AbortSignal;
}

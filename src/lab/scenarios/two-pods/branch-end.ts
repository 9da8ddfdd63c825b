import {
  DescribeNetworkInterfacesCommand,
  DescribeTrunkInterfaceAssociationsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { must } from '../../../base/assert.ts';
import type { Clock } from '../../../base/clock.ts';
import { TAG_VLAN_ID } from '../../../api/names.ts';
import type { DemoPod } from './probe.ts';

const LIMIT_MS = 20_000;
const PAUSE_MS = 100;

/** The branch interface of a pod, as EC2 describes it. */
export interface PodBranch {
  readonly eniId: string;
  readonly ip: string;
  readonly vlanId: string;
}

/** What became of a branch after its pod was deleted. */
export interface BranchEnd {
  /** Whether interface and association are gone, and with them address and VLAN id are free. */
  readonly gone: boolean;
  readonly text: string;
}

interface Deps {
  readonly sdk: EC2Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Finds the branch interface that has the pod's address. */
export async function branchOf(deps: Deps, pod: DemoPod): Promise<PodBranch> {
  const found = await deps.sdk.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [
        { Name: 'interface-type', Values: ['branch'] },
        { Name: 'private-ip-address', Values: [pod.ip] },
      ],
    }),
  );
  const branch = must(found.NetworkInterfaces?.[0], () => `No branch has address ${pod.ip}`);
  const vlan = branch.TagSet?.find(({ Key }) => Key === TAG_VLAN_ID)?.Value;
  return {
    eniId: must(branch.NetworkInterfaceId, () => 'A branch without an id'),
    ip: pod.ip,
    vlanId: must(vlan, () => `Branch ${branch.NetworkInterfaceId} has no VLAN tag`),
  };
}

/** Waits until EC2 knows neither the interface nor its association; gives up after 20 s. */
export async function waitUntilGone(deps: Deps, branch: PodBranch): Promise<BranchEnd> {
  const startMs = deps.clock.monotonicMs();
  let gone = false;
  while (!gone && deps.clock.monotonicMs() - startMs < LIMIT_MS) {
    await deps.clock.sleep(PAUSE_MS, deps.signal);
    gone = !(await isInterface(deps, branch)) && !(await isAssociated(deps, branch));
  }
  const tookSeconds = ((deps.clock.monotonicMs() - startMs) / 1000).toFixed(1);
  const what = `Step 5: branch ${branch.eniId} (${branch.ip}, VLAN ${branch.vlanId})`;
  return {
    gone,
    text: gone
      ? `${what} was released, cooled down and deleted within ${tookSeconds} s; address and VLAN id are free.`
      : `${what} still exists ${tookSeconds} s after its pod was deleted.`,
  };
}

async function isInterface(deps: Deps, branch: PodBranch): Promise<boolean> {
  const found = await deps.sdk.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'network-interface-id', Values: [branch.eniId] }],
    }),
  );
  return (found.NetworkInterfaces ?? []).length > 0;
}

async function isAssociated(deps: Deps, branch: PodBranch): Promise<boolean> {
  const found = await deps.sdk.send(new DescribeTrunkInterfaceAssociationsCommand({}));
  return (found.InterfaceAssociations ?? []).some(
    ({ BranchInterfaceId }) => BranchInterfaceId === branch.eniId,
  );
}

import type { Informers } from '../../api/informer.ts';
import { PODS } from '../../api/core/pod.ts';
import { SECURITY_GROUP_POLICIES } from '../../api/security-group-policy.ts';
import { FLOW_LOGS, type FlowLog } from '../../api/vpc/flow-log.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../api/vpc/network-interface.ts';
import { VPCS } from '../../api/vpc/vpc.ts';
import { matchingGroups } from '../../policy/match.ts';
import type { flowRecord, FlowRecord } from '../../policy/flow-record.ts';
import type { Sandbox } from '../agent/sandbox.ts';

/** What the records of one port have in common, in the fields of records. */
export type PortFacts = Readonly<Partial<FlowRecord>>;

type PartialFacts = Parameters<typeof flowRecord>[0];

/** Which verdicts of a port are recorded. */
export interface Selection {
  readonly accept: boolean;
  readonly reject: boolean;
}

/** What facts are looked up in. */
export interface FactSources {
  readonly informers: Informers;
  readonly instanceId: string;
  readonly nodeName: string | undefined;
  /** What is wired on this host. */
  readonly sandboxes: () => readonly Sandbox[];
}

/** Answers what an interface is, whose it is, and what is recorded of it. */
export class Facts {
  readonly #sources: FactSources;

  constructor(sources: FactSources) {
    this.#sources = sources;
  }

  /** Resolves when the first lists are in. */
  async synced(): Promise<void> {
    const { informers } = this.#sources;
    await Promise.all([
      informers.informer(FLOW_LOGS).synced,
      informers.informer(NETWORK_INTERFACES).synced,
      informers.informer(VPCS).synced,
      this.#pods()?.synced,
    ]);
  }

  /** Calls back when flow logs come or go. */
  onSelection(changed: () => void): () => void {
    return this.#sources.informers.informer(FLOW_LOGS).subscribe(changed);
  }

  /** What is known of a port whose address is `address`; several pods may share an interface. */
  of(eniId: string, address: string): PortFacts {
    const { instanceId, nodeName } = this.#sources;
    const sandbox = this.#sources.sandboxes().find((one) => one.address === address);
    return known({
      ...this.#ofInterface(eniId),
      ...(sandbox && this.#ofPod(sandbox)),
      'interface-id': eniId,
      'instance-id': instanceId,
      node: nodeName,
    });
  }

  #ofInterface(eniId: string): PartialFacts {
    const { informers } = this.#sources;
    const item = informers.informer(NETWORK_INTERFACES).get({ name: eniId });
    if (!item) return {};
    const { account, vpcId, subnetId } = item.spec;
    const vpc = informers.informer(VPCS).get({ name: vpcId });
    return {
      'account-id': account,
      'vpc-id': vpcId,
      'subnet-id': subnetId,
      region: vpc?.spec.region,
    };
  }

  #ofPod(sandbox: Sandbox): PartialFacts {
    return {
      'pod-namespace': sandbox.namespace,
      'pod-name': sandbox.pod,
      policy: sandbox.vlanId === undefined ? undefined : this.#policyOf(sandbox),
      'enforcing-mode': sandbox.mode,
    };
  }

  /** What the account's flow logs ask for of an interface. */
  selection(eniId: string): Selection {
    const { informers } = this.#sources;
    const item = informers.informer(NETWORK_INTERFACES).get({ name: eniId });
    const logs = informers.informer(FLOW_LOGS).list();
    const types = new Set(
      logs.filter((log) => item && covers(log, item)).map(({ spec }) => spec.trafficType),
    );
    return {
      accept: types.has('ALL') || types.has('ACCEPT'),
      reject: types.has('ALL') || types.has('REJECT'),
    };
  }

  /** Names of the policies that select the pod by its labels; accounts are not followed from here. */
  #policyOf(sandbox: Sandbox): string | undefined {
    const { informers } = this.#sources;
    const { namespace, pod: name } = sandbox;
    const pod = this.#pods()?.get({ namespace, name });
    if (!pod) return undefined;
    const policies = informers
      .informer(SECURITY_GROUP_POLICIES)
      .list()
      .filter(({ spec }) => !spec?.serviceAccountSelector);
    const match = matchingGroups({ pod, serviceAccount: undefined, policies });
    return match.ok ? match.value.policyNames.join(',') : undefined;
  }

  /** The same list that the CNI calls ask. */
  #pods() {
    const { informers, nodeName } = this.#sources;
    if (nodeName === undefined) return undefined;
    return informers.informer(PODS, { fieldSelector: `spec.nodeName=${nodeName}` });
  }
}

function known(facts: PartialFacts): PortFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, text]) => text !== undefined));
}

/** A flow log of a VPC or a subnet is about all interfaces in it. */
function covers({ spec }: FlowLog, item: NetworkInterface): boolean {
  const { vpcId, subnetId } = item.spec;
  return [vpcId, subnetId, item.metadata.name].includes(spec.resourceId);
}

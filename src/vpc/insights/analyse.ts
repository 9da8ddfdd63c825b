import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { VpcPeeringConnection } from '../../api/vpc/vpc-peering-connection.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';

/** The objects on which an analysis depends: those of the VPCs that the path touches. */
export interface AnalysedObjects {
  readonly groups: readonly SecurityGroup[];
  readonly interfaces: readonly NetworkInterface[];
  readonly vpcs: readonly Vpc[];
  readonly subnets: readonly Subnet[];
  readonly prefixLists: readonly PrefixList[];
  readonly peerings: readonly VpcPeeringConnection[];
}

/** May the first packet of such a flow pass? */
export interface Question {
  readonly senderId: string;
  /** Absent when the destination is no interface that we know. */
  readonly receiverId?: string | undefined;
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp';
  readonly destinationPort: number;
}

/** What one gate says. A gate that does not filter admits without a rule. */
export interface GateAnswer {
  readonly admitted: boolean;
  /** The rules that admit the packet. */
  readonly rules: readonly { readonly groupId: string; readonly ruleId: string }[];
  /** Why it is dropped, for people. */
  readonly reason?: string | undefined;
}

/** The answer to a question: both gates are judged, also when the first drops the packet. */
export interface AnalysisAnswer {
  readonly admitted: boolean;
  readonly egress: GateAnswer;
  readonly ingress: GateAnswer;
}

/**
 * The evaluator of rules, as the analyses use it. It lives in a layer that this one may not import,
 * so whoever starts the server hands it in. One answer per question.
 */
export type Analyse = (
  objects: AnalysedObjects,
  questions: readonly Question[],
) => readonly AnalysisAnswer[];

/**
 * `trunkline explain`: what becomes of a packet, and why. The objects come from the Kubernetes API, the
 * verdict from the one evaluator, so that this answer and the filter cannot have two opinions.
 */
import type { KubeClient } from '../api/client.ts';
import { PODS } from '../api/core/pod.ts';
import { KubeError } from '../api/kube-error.ts';
import { INSTANCES } from '../api/vpc/instance.ts';
import { NETWORK_ACLS } from '../api/vpc/network-acl.ts';
import { NETWORK_INTERFACES } from '../api/vpc/network-interface.ts';
import { PREFIX_LISTS } from '../api/vpc/prefix-list.ts';
import { SECURITY_GROUPS } from '../api/vpc/security-group.ts';
import { SUBNETS } from '../api/vpc/subnet.ts';
import { VPC_PEERING_CONNECTIONS } from '../api/vpc/vpc-peering-connection.ts';
import { VPCS } from '../api/vpc/vpc.ts';
import { formatIp } from '../base/ip.ts';
import { err, ok, type Result } from '../base/result.ts';
import { describeRule } from '../policy/describe-rule.ts';
import { evaluate, type GateVerdict, type Verdict } from '../policy/evaluate.ts';
import { describeDenial, explainVerdict } from '../policy/explain.ts';
import { describeService, type Packet } from '../policy/packet.ts';
import { PROTOCOL } from '../policy/rule.ts';
import { worldFromObjects, type World } from '../policy/world.ts';
import type { Answer } from './command.ts';
import { findEnd, type ClusterObjects, type End } from './explain-end.ts';
import type { Target } from './explain-target.ts';
import { directPath, wiringNote } from './explain-wiring.ts';
import { LabProblem } from './lab-port.ts';

/** What is asked. */
export interface ExplainRequest {
  readonly from: string;
  readonly to: Target;
  /** Of pods that are named without one. */
  readonly namespace: string;
}

/** A rule that admits the packet. */
interface AdmittingRule {
  readonly groupId: string;
  readonly groupName: string;
  readonly ruleId: string;
  /** Such as `tcp/5432 from sg-payments`. */
  readonly rule: string;
}

/** What one gate says. */
interface ExplainedGate {
  readonly outcome: GateVerdict['outcome'];
  /** The interface that the gate belongs to; absent outside the VPC. */
  readonly interfaceId?: string;
  readonly groupIds: readonly string[];
  /** Every rule that admits the packet. */
  readonly rules: readonly AdmittingRule[];
  /** Why it is dropped and what would have passed, or why the gate does not filter. */
  readonly reason?: string;
}

/** The answer for programs. */
export interface Explanation {
  readonly admitted: boolean;
  readonly summary: string;
  readonly service: string;
  readonly source: ExplainedEnd;
  readonly destination: ExplainedEnd;
  readonly egress: ExplainedGate;
  readonly ingress: ExplainedGate;
  /** Network ACLs that deny it, in words. */
  readonly denials: readonly string[];
  /** Names of the groups that the answer mentions, by id. */
  readonly groupNames: Readonly<Record<string, string>>;
  /** What could not be read, or was chosen among several. */
  readonly notes: readonly string[];
}

interface ExplainedEnd {
  readonly what: string;
  readonly address: string;
}

/** Asks the cluster and answers. Throws LabProblem when it cannot be asked or lacks an end. */
export async function runExplain(
  kube: KubeClient,
  request: ExplainRequest,
): Promise<Answer<Explanation>> {
  const found = explain(await readCluster(kube), request);
  if (!found.ok) throw new LabProblem(found.error);
  return { value: found.value, text: explanationText };
}

async function readCluster(kube: KubeClient): Promise<ClusterObjects> {
  try {
    const [pods, instances, interfaces, groups, vpcs, subnets, ...more] = await Promise.all([
      kube.list(PODS),
      kube.list(INSTANCES),
      kube.list(NETWORK_INTERFACES),
      kube.list(SECURITY_GROUPS),
      kube.list(VPCS),
      kube.list(SUBNETS),
      kube.list(PREFIX_LISTS),
      kube.list(VPC_PEERING_CONNECTIONS),
      kube.list(NETWORK_ACLS),
    ]);
    const [prefixLists, peerings, networkAcls] = more;
    return {
      pods: pods.items,
      instances: instances.items,
      interfaces: interfaces.items,
      groups: groups.items,
      vpcs: vpcs.items,
      subnets: subnets.items,
      prefixLists: prefixLists.items,
      peerings: peerings.items,
      networkAcls: networkAcls.items,
    };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    throw new LabProblem(`Cannot read the cluster: ${error.message}`);
  }
}

function explain(objects: ClusterObjects, request: ExplainRequest): Result<Explanation, string> {
  const source = findEnd(objects, request.from, request.namespace);
  if (!source.ok) return source;
  const destination = findEnd(objects, request.to.name, request.namespace);
  if (!destination.ok) return destination;
  const packet = packetBetween(source.value, destination.value, request.to);
  if (!packet.ok) return packet;
  const ends = [source.value, destination.value] as const;
  return ok(explanation(worldFromObjects(objects), packet.value, ends));
}

/** IPv4 is tried first when both ends have both families. */
function packetBetween(source: End, destination: End, target: Target): Result<Packet, string> {
  for (const from of source.addresses) {
    const to = destination.addresses.find((address) => address.family === from.family);
    if (to) return ok({ source: from, destination: to, ...service(target, from.family) });
  }
  return err(`${source.what} and ${destination.what} have no address family in common`);
}

type Service = Pick<Packet, 'protocol' | 'destinationPort' | 'icmpType' | 'icmpCode'>;

function service({ protocol, port }: Target, family: 4 | 6): Service {
  const echo = family === 4 ? PROTOCOL.icmp : PROTOCOL.icmpv6;
  const number = protocol ?? (port === undefined ? echo : PROTOCOL.tcp);
  if (number === PROTOCOL.icmp || number === PROTOCOL.icmpv6)
    return {
      protocol: number,
      icmpType: port ?? (number === PROTOCOL.icmp ? 8 : 128),
      icmpCode: 0,
    };
  return { protocol: number, ...(port !== undefined && { destinationPort: port }) };
}

function explanation(world: World, packet: Packet, [from, to]: readonly [End, End]): Explanation {
  const direct = directPath(from.pod, to.pod);
  const verdict = direct === undefined ? evaluate(world, packet) : unfiltered(direct);
  const summary = explainVerdict(world, packet, verdict);
  return {
    admitted: verdict.admitted,
    summary,
    service: describeService(packet),
    source: { what: from.what, address: formatIp(packet.source) },
    destination: { what: to.what, address: formatIp(packet.destination) },
    egress: explainedGate(world, verdict.egress),
    ingress: explainedGate(world, verdict.ingress),
    denials: verdict.acls.filter(({ allowed }) => !allowed).map(describeDenial),
    groupNames: namesIn(world, summary, verdict),
    notes: [
      ...[from, to].flatMap((end) => [end.note, wiringNote(end.pod)]),
      ...(world.problems ?? []),
    ].filter((note) => note !== undefined),
  };
}

/** The verdict on a packet that comes to no gate. */
function unfiltered(note: string): Verdict {
  const gate = { outcome: 'not-filtered', rules: [], groupIds: [], note } as const;
  return {
    admitted: true,
    egress: { ...gate, gate: 'egress' },
    ingress: { ...gate, gate: 'ingress' },
    acls: [],
  };
}

function namesIn(world: World, summary: string, verdict: Verdict): Record<string, string> {
  const worn = [...verdict.egress.groupIds, ...verdict.ingress.groupIds];
  const mentioned = new Set([...worn, ...(summary.match(GROUP_ID) ?? [])]);
  return Object.fromEntries(
    [...mentioned].flatMap((groupId) => {
      const group = world.groups.get(groupId);
      return group ? [[groupId, group.name]] : [];
    }),
  );
}

const GROUP_ID = /\bsg-[\w-]+/g;

function explainedGate(world: World, gate: GateVerdict): ExplainedGate {
  const reason = gate.nearest ?? gate.note;
  return {
    outcome: gate.outcome,
    ...(gate.eniId !== undefined && { interfaceId: gate.eniId }),
    groupIds: gate.groupIds,
    rules: gate.rules.flatMap(({ groupId, ruleId }) => {
      const group = world.groups.get(groupId);
      const rule = group?.rules.find((one) => one.ruleId === ruleId);
      if (!group || !rule) return [];
      return [{ groupId, groupName: group.name, ruleId, rule: describeRule(rule) }];
    }),
    ...(reason !== undefined && { reason }),
  };
}

/** How people read it: the verdict first, then each gate. */
function explanationText(value: Explanation): string {
  const { source, destination } = value;
  const lines = [
    `${value.admitted ? 'ADMITTED' : 'DROPPED'}  ${value.service}`,
    `  from     ${source.what} (${source.address})`,
    `  to       ${destination.what} (${destination.address})`,
    ...gateLines('egress', value.egress),
    ...gateLines('ingress', value.ingress),
    ...value.denials.map((denial) => `  acl      ${denial}`),
    ...value.notes.map((note) => `  note     ${note}`),
  ];
  return lines.join('\n').replaceAll(GROUP_ID, (groupId) => {
    const name = value.groupNames[groupId];
    return name === undefined ? groupId : `${name} (${groupId})`;
  });
}

function gateLines(name: 'egress' | 'ingress', gate: ExplainedGate): readonly string[] {
  const whose = gate.interfaceId === undefined ? '' : `${gate.interfaceId} `;
  const worn = gate.groupIds.length === 0 ? '' : `with ${gate.groupIds.join(', ')} `;
  const outcome = gate.outcome.replace('-', ' ');
  const why = gate.reason === undefined ? [] : [gate.reason];
  const rules = gate.rules.map((rule) => `${rule.ruleId} of ${rule.groupId}: ${rule.rule}`);
  return [
    `  ${name.padEnd(8)} ${whose}${worn}${outcome}`,
    ...[...why, ...rules].map((line) => `             ${line}`),
  ];
}

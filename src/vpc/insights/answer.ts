import type {
  AnalysisComponent,
  AnalysisPacketHeader,
  AnalysisSecurityGroupRule,
  Explanation,
  PathComponent,
} from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { compact } from '../compact.ts';
import type { Call } from '../context.ts';
import { sees } from '../own.ts';
import type { GateAnswer } from './analyse.ts';
import type { Findings } from './run.ts';

/** IANA numbers, as packet headers of analyses show protocols. */
const NUMBERS = { tcp: '6', udp: '17' } as const;

type Direction = 'egress' | 'ingress';

/** The way of the packet, when it arrives: interface, rule, route, rule, interface. */
export function pathComponents(call: Call, findings: Findings): PathComponent[] {
  const { ends, answer, route } = findings;
  const { sender, receiver } = ends;
  const parts: PathComponent[] = [
    { ...interfacePart(call, sender), OutboundHeader: headerOf(findings) },
    ...ruleParts(call, 'egress', answer.egress),
  ];
  if (route.kind === 'route')
    parts.push({
      Component: component(call, 'route-table', route.routeTableId),
      ...(route.peeringId !== undefined && {
        RouteTableRoute: { VpcPeeringConnectionId: route.peeringId },
      }),
    });
  parts.push(...ruleParts(call, 'ingress', answer.ingress));
  if (receiver !== undefined && sees(call, receiver))
    parts.push({ ...interfacePart(call, receiver), InboundHeader: headerOf(findings) });
  return parts.map((part, i) => ({ SequenceNumber: i + 1, ...part }));
}

/** Why the packet does not arrive: every gate that drops it, and the lack of a route. */
export function explanations(call: Call, findings: Findings): Explanation[] {
  const { ends, answer, route, question } = findings;
  const all: Explanation[] = [];
  if (!answer.egress.admitted) all.push(mismatch(call, 'egress', ends.sender));
  if (route.kind === 'none')
    all.push({
      ExplanationCode: 'NO_ROUTE_TO_DESTINATION',
      Address: question.destination,
      Vpc: component(call, 'vpc', ends.sender.spec.vpcId),
      ...(route.routeTableId !== '' && {
        RouteTable: component(call, 'route-table', route.routeTableId),
      }),
    });
  if (!answer.ingress.admitted && ends.receiver !== undefined)
    all.push(mismatch(call, 'ingress', ends.receiver));
  return all;
}

/** The same for people, in one line. */
export function statusMessage({ answer, route, question }: Findings): string {
  const texts = [
    answer.egress.reason,
    route.kind === 'none' ? `no route to ${question.destination}` : undefined,
    answer.ingress.reason,
  ].filter((text) => text !== undefined);
  return texts.join('; ');
}

function mismatch(call: Call, direction: Direction, eni: NetworkInterface): Explanation {
  const base = { ExplanationCode: 'ENI_SG_RULES_MISMATCH', Direction: direction };
  if (!sees(call, eni)) return { ...base, ComponentAccount: eni.spec.account };
  return {
    ...base,
    NetworkInterface: component(call, 'network-interface', eni.metadata.name),
    SecurityGroups: eni.spec.groups.map((id) => component(call, 'security-group', id)),
    Vpc: component(call, 'vpc', eni.spec.vpcId),
  };
}

function interfacePart(call: Call, { metadata, spec }: NetworkInterface): PathComponent {
  const instanceId = spec.attachment?.instanceId;
  return {
    Component: component(call, 'network-interface', metadata.name),
    ...(instanceId !== undefined && { AttachedTo: component(call, 'instance', instanceId) }),
    Subnet: component(call, 'subnet', spec.subnetId),
    Vpc: component(call, 'vpc', spec.vpcId),
  };
}

/** The first rule that admits the packet; none when the gate does not filter. */
function ruleParts(call: Call, direction: Direction, { rules }: GateAnswer): PathComponent[] {
  const [first] = rules;
  const group = call.store.groups.get(first?.groupId ?? '');
  const rule = group?.spec.rules.find(({ ruleId }) => ruleId === first?.ruleId);
  if (group === undefined || rule === undefined || !sees(call, group)) return [];
  return [
    {
      Component: component(call, 'security-group', group.metadata.name),
      SecurityGroupRule: ruleShown(direction, rule),
    },
  ];
}

function ruleShown(direction: Direction, rule: SecurityGroupRuleSpec): AnalysisSecurityGroupRule {
  const { fromPort: From, toPort: To, ipProtocol } = rule;
  return compact<AnalysisSecurityGroupRule>({
    Direction: direction,
    SecurityGroupId: rule.referencedGroupId,
    Cidr: rule.cidrIpv4 ?? rule.cidrIpv6,
    PrefixListId: rule.prefixListId,
    Protocol: ipProtocol === '-1' ? 'all' : ipProtocol,
    PortRange: From === undefined ? undefined : { From, To },
  });
}

function headerOf({ question }: Findings): AnalysisPacketHeader {
  const { source, destination, protocol, destinationPort: port } = question;
  const bits = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;
  return {
    Protocol: NUMBERS[protocol],
    SourceAddresses: [bits(source)],
    SourcePortRanges: [{ From: 0, To: 65_535 }],
    DestinationAddresses: [bits(destination)],
    DestinationPortRanges: [{ From: port, To: port }],
  };
}

function component(call: Call, type: string, id: string): AnalysisComponent {
  return { Id: id, Arn: `arn:aws:ec2:${call.region}:${call.accountId}:${type}/${id}` };
}

import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { NetworkInsightsPath } from '../../api/vpc/network-insights-path.ts';
import type { Call } from '../context.ts';
import type { AnalysedObjects, AnalysisAnswer, Analyse, Question } from './analyse.ts';
import { endsOf, type Ends } from './endpoints.ts';
import { routeFor, type RouteVerdict } from './route.ts';

/** What an analysis found out, before it takes the form of EC2. */
export interface Findings {
  readonly ends: Ends;
  readonly question: Question;
  readonly answer: AnalysisAnswer;
  readonly route: RouteVerdict;
  readonly isReachable: boolean;
}

/** Looks at the path as things are now. */
export function runAnalysis(call: Call, path: NetworkInsightsPath, analyse: Analyse): Findings {
  const ends = endsOf(call, path);
  const subnet = call.store.subnets.must(ends.sender.spec.subnetId);
  const route = routeFor(call, subnet, ends.destination);
  const objects = objectsFor(call, ends);
  const questions = portsOf(objects, path, ends).map((destinationPort) => ({
    senderId: ends.sender.metadata.name,
    receiverId: ends.receiver?.metadata.name,
    source: ends.source,
    destination: ends.destination,
    protocol: path.spec.protocol,
    destinationPort,
  }));
  const answers = analyse(objects, questions).flatMap((answer, i) => {
    const question = questions[i];
    return question === undefined ? [] : [{ question, answer }];
  });
  const found = answers.find(({ answer }) => answer.admitted) ?? answers[0];
  if (found === undefined) throw new Error('The analysis gave no answer');
  const isRouted = route.kind !== 'none' && leadsTo(call, route, ends.receiver);
  return {
    ...found,
    ends,
    route: isRouted ? route : { kind: 'none', routeTableId: tableOf(route) },
    isReachable: isRouted && found.answer.admitted,
  };
}

function tableOf(route: RouteVerdict): string {
  return route.kind === 'local' ? '' : route.routeTableId;
}

/** A route through a peering leads to the VPC on its other side only. */
function leadsTo(
  { store }: Call,
  route: RouteVerdict,
  receiver: NetworkInterface | undefined,
): boolean {
  if (route.kind !== 'route' || route.peeringId === undefined || receiver === undefined)
    return true;
  const { requester, accepter } = store.peerings.must(route.peeringId).spec;
  return [requester.vpcId, accepter.vpcId].includes(receiver.spec.vpcId);
}

/** Everything in the VPCs of both ends. */
function objectsFor({ store }: Call, { sender, receiver }: Ends): AnalysedObjects {
  const vpcIds = [...new Set([sender.spec.vpcId, receiver?.spec.vpcId ?? sender.spec.vpcId])];
  const groups = vpcIds.flatMap((id) => [
    ...store.groups.table.by('vpc', id),
    ...store.groups.table.by('associatedVpc', id),
  ]);
  return {
    groups: [...new Set(groups)],
    interfaces: vpcIds.flatMap((id) => store.interfaces.table.by('vpc', id)),
    vpcs: vpcIds.map((id) => store.vpcs.must(id)),
    subnets: vpcIds.flatMap((id) => store.subnets.table.by('vpc', id)),
    prefixLists: [...store.prefixLists.table.values()],
    peerings: vpcIds.flatMap((id) => store.peerings.table.by('vpc', id)),
  };
}

/**
 * Without a port in the path any will do. If one passes both gates, so does the first port of one of
 * their rules: ranges that meet have the start of one of them in common.
 */
function portsOf(
  objects: AnalysedObjects,
  { spec }: NetworkInsightsPath,
  { sender, receiver }: Ends,
): readonly number[] {
  if (spec.destinationPort !== undefined) return [spec.destinationPort];
  const worn = new Set([...sender.spec.groups, ...(receiver?.spec.groups ?? [])]);
  const starts = objects.groups
    .filter(({ metadata }) => worn.has(metadata.name))
    .flatMap(({ spec: group }) => group.rules.map((rule) => rule.fromPort ?? 0));
  return [...new Set([0, ...starts])];
}

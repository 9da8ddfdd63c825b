/**
 * Packets of flows that were admitted before (ec2-surface.md 3.6). A gate whose interface tracks the flow
 * lets them pass whatever its rules say now; one that does not asks its rules about every packet. Network
 * ACLs and the source check know no flows.
 */
import { endsOf, evaluate, type GateVerdict, type Verdict } from './evaluate.ts';
import type { Packet } from './packet.ts';
import { hasAddress, type InterfaceView, type World } from './world.ts';

/** Whether the two interfaces of a flow track it. */
export interface FlowState {
  /** The interface that sent the first packet. */
  readonly origin: boolean;
  readonly answerer: boolean;
}

/** How a flow that the verdict admits goes on. A gate that filters nothing now filters nothing later. */
export function flowOf({ egress, ingress }: Verdict): FlowState {
  return { origin: egress.tracked ?? true, answerer: ingress.tracked ?? true };
}

/** Judges a later packet of a flow: `reply` goes from the answerer to the origin. */
export function judgeKnown(
  world: World,
  packet: Packet,
  flow: FlowState & { readonly way: 'original' | 'reply' },
): Verdict {
  const verdict = evaluate(world, packet);
  const { sender, receiver } = endsOf(world, packet);
  const [out, into] =
    flow.way === 'original' ? [flow.origin, flow.answerer] : [flow.answerer, flow.origin];
  const egress = out && !isSpoofed(sender, packet) ? goOn(verdict.egress, sender) : verdict.egress;
  const ingress = into ? goOn(verdict.ingress, receiver) : verdict.ingress;
  const admitted =
    [egress, ingress].every(({ outcome }) => outcome !== 'dropped') &&
    verdict.acls.every(({ allowed }) => allowed);
  return { admitted, egress, ingress, acls: verdict.acls };
}

function isSpoofed(sender: InterfaceView | undefined, { source }: Packet): boolean {
  return sender?.sourceDestCheck === true && !hasAddress(sender, source);
}

function goOn(gate: GateVerdict, own: InterfaceView | undefined): GateVerdict {
  if (!own || gate.outcome === 'not-filtered') return gate;
  const { eniId, groupIds } = own;
  const note = 'the flow is tracked';
  return { gate: gate.gate, eniId, groupIds, outcome: 'admitted', tracked: true, rules: [], note };
}

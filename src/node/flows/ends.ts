/**
 * Who is at the ends of a flow, and by which rule it passed or was dropped. The evaluator decides, over a
 * world that holds the two interfaces in question only: its answer is the same, and it costs microseconds
 * also where there are 50,000 addresses.
 */
import type { DroppedPacket, FlowKey } from '../../base/flow-source.ts';
import { formatIp, parseIp, type Ip } from '../../base/ip.ts';
import { interfacesIn, type FabricPort, type FabricState } from '../../dataplane/state.ts';
import { evaluate, type GateVerdict, type Verdict } from '../../policy/evaluate.ts';
import { describeDenial } from '../../policy/explain.ts';
import type { Packet } from '../../policy/packet.ts';
import type { Direction } from '../../policy/rule.ts';
import { isUnfiltered, type InterfaceView, type World } from '../../policy/world.ts';

/** A port of this host that a flow passed, and what its gate says. */
export interface FlowEnd {
  readonly port: FabricPort;
  readonly gate: Direction;
  readonly verdict: GateVerdict;
  /** Whether both ends are interfaces of the VPC. */
  readonly within: boolean;
  /** Which network ACL denies the packet, in words. */
  readonly denial?: string;
}

/** Gates of the network ACLs, by the prefix that their drops are logged with. */
const ACL_GATES: Readonly<Record<string, Direction>> = { acl_out: 'egress', acl_in: 'ingress' };

/** Answers that are remembered before all are forgotten. */
const REMEMBERED_MAX = 4096;

/** The ends of flows in one state of the fabric. */
export class FlowEnds {
  readonly #state: FabricState;
  readonly #interfaces = new Map<string, InterfaceView>();
  readonly #ports = new Map<string, FabricPort>();
  readonly #remembered = new Map<string, readonly FlowEnd[]>();

  constructor(state: FabricState) {
    this.#state = state;
    for (const view of interfacesIn(state))
      for (const ip of view.addresses) this.#interfaces.set(formatIp(ip), view);
    for (const port of state.ports)
      for (const ip of port.addresses) this.#ports.set(formatIp(ip), port);
  }

  /**
   * The gates of this host that an admitted flow passed: none, one, or both when both its ends live here.
   * Flows with what no group filters (routers, metadata, DNS) are nobody's, as on AWS.
   */
  of(flow: FlowKey): readonly FlowEnd[] {
    const { protocol, source, destination, destinationPort, icmpType, icmpCode } = flow;
    const sender = this.#ports.get(source);
    const receiver = this.#ports.get(destination);
    if (!sender && !receiver) return NONE;
    const key = `${source} ${destination} ${protocol} ${destinationPort ?? icmpType} ${icmpCode}`;
    const known = this.#remembered.get(key);
    if (known) return known;
    const ends = this.#judge(flow, sender, receiver);
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(key, ends);
    return ends;
  }

  /** The port that lost the packet, and why; `link` is the one that the rule looked at. */
  ofDropped(packet: DroppedPacket, link: string): FlowEnd | undefined {
    const port = this.#state.ports.find((one) => one.link === link);
    if (!port) return undefined;
    const gate = directionOf(packet);
    const own = { [gate === 'ingress' ? 'receiverEniId' : 'senderEniId']: port.eniId };
    const verdict = this.#evaluate(packet, own);
    if (!verdict) return undefined;
    const acl = verdict.acls.find(({ direction, allowed }) => direction === gate && !allowed);
    const denial = acl && packet.prefix in ACL_GATES ? describeDenial(acl) : undefined;
    return { port, gate, verdict: verdict[gate], within: false, ...(denial && { denial }) };
  }

  #judge(
    flow: FlowKey,
    sender: FabricPort | undefined,
    receiver: FabricPort | undefined,
  ): readonly FlowEnd[] {
    const verdict = this.#evaluate(flow, {});
    if (!verdict || this.#isUnfiltered(flow.destination)) return NONE;
    const within = this.#interfaces.has(flow.source) && this.#interfaces.has(flow.destination);
    return [
      ...(sender
        ? [{ port: sender, gate: 'egress', verdict: verdict.egress, within } as const]
        : []),
      ...(receiver
        ? [{ port: receiver, gate: 'ingress', verdict: verdict.ingress, within } as const]
        : []),
    ];
  }

  #evaluate(
    flow: FlowKey,
    own: Pick<Packet, 'senderEniId' | 'receiverEniId'>,
  ): Verdict | undefined {
    const packet = packetOf(flow);
    if (!packet) return undefined;
    const ids = new Set(Object.values(own));
    const interfaces = new Set(
      [this.#interfaces.get(flow.source), this.#interfaces.get(flow.destination)].flatMap(
        (view) => view ?? [],
      ),
    );
    for (const view of ids.size > 0 ? this.#state.world.interfaces : [])
      if (ids.has(view.eniId)) interfaces.add(view);
    const world: World = { ...this.#state.world, interfaces: [...interfaces] };
    return evaluate(world, { ...packet, ...own });
  }

  #isUnfiltered(destination: string): boolean {
    const ip = parseIp(destination);
    const [first] = this.#interfaces.values();
    return ip.ok && isUnfiltered(this.#state.world, first?.vpcId, ip.value);
  }
}

const NONE: readonly FlowEnd[] = [];

/** Whether the packet was dropped on its way out of a port or into one; `pin` is on the way out. */
export function directionOf({ prefix }: DroppedPacket): Direction {
  return ACL_GATES[prefix] ?? (prefix === 'ingress' ? 'ingress' : 'egress');
}

function packetOf(flow: FlowKey): Packet | undefined {
  const source = ipOf(flow.source);
  const destination = ipOf(flow.destination);
  if (!source || !destination) return undefined;
  const { protocol, destinationPort, icmpType, icmpCode } = flow;
  return {
    protocol,
    source,
    destination,
    ...(destinationPort !== undefined && { destinationPort }),
    ...(icmpType !== undefined && { icmpType }),
    ...(icmpCode !== undefined && { icmpCode }),
  };
}

function ipOf(text: string): Ip | undefined {
  const ip = parseIp(text);
  return ip.ok ? ip.value : undefined;
}

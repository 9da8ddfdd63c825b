import { must } from '../../base/assert.ts';
import { parseIp, type Ip } from '../../base/ip.ts';
import { evaluate } from '../evaluate.ts';
import { flowOf, judgeKnown, type FlowState } from '../flow.ts';
import type { Packet } from '../packet.ts';
import { worldFromObjects, type World } from '../world.ts';
import { objectsOf, TABLE_VPC } from './objects.ts';
import type { FlowPacket, OpenTarget, TablePacket, Target } from './table.ts';

/** Port from which flows begin; each has one of its own. */
const FIRST_PORT = 20_000;

/** The evaluator itself, with a table of flows. */
export const EVALUATOR: Target = {
  name: 'evaluator',
  open: async (first) => {
    let world = worldFromObjects(objectsOf(first));
    const flows = new Map<number, FlowState>();
    const open: OpenTarget = {
      cannot: () => undefined,
      send: async (packet) => judge(world, packet, flows),
      change: async (next) => {
        world = worldFromObjects(objectsOf(next));
      },
      close: async () => {},
    };
    return open;
  },
};

function judge(world: World, one: FlowPacket, flows: Map<number, FlowState>): boolean {
  const flow = flows.get(one.flow ?? -1);
  const packet = wirePacket(one);
  if (flow && one.way !== 'first')
    return judgeKnown(world, packet, { ...flow, way: one.way === 'answer' ? 'reply' : 'original' })
      .admitted;
  const verdict = evaluate(world, packet);
  if (verdict.admitted && one.flow !== undefined) flows.set(one.flow, flowOf(verdict));
  return verdict.admitted;
}

/** The packet as it is sent: answers go back to where the flow came from. */
export function wirePacket({ packet, way, flow = 0 }: FlowPacket): Packet {
  const ends = { source: ipOf(packet.source), destination: ipOf(packet.destination) };
  const sourcePort = FIRST_PORT + flow;
  const { source: _source, destination: _destination, ...service } = packet;
  if (way !== 'answer') return { ...service, ...ends, sourcePort, vpcId: TABLE_VPC };
  return {
    ...answerService(packet, sourcePort),
    source: ends.destination,
    destination: ends.source,
    vpcId: TABLE_VPC,
  };
}

/** Echo requests are answered by echo replies. */
function answerService(
  { protocol, destinationPort, icmpType, icmpCode }: TablePacket,
  sourcePort: number,
): Omit<Packet, 'source' | 'destination'> {
  if (icmpType !== undefined)
    return {
      protocol,
      sourcePort,
      icmpType: protocol === 1 ? 0 : 129,
      ...(icmpCode !== undefined && { icmpCode }),
    };
  if (destinationPort === undefined) return { protocol };
  return { protocol, sourcePort: destinationPort, destinationPort: sourcePort };
}

function ipOf(text: string): Ip {
  const ip = parseIp(text);
  return must(ip.ok ? ip.value : undefined, () => `'${text}' is no address`);
}

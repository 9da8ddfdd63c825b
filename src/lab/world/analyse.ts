import { must } from '../../base/assert.ts';
import { parseIp, type Ip } from '../../base/ip.ts';
import { evaluate, type GateVerdict } from '../../policy/evaluate.ts';
import type { Packet } from '../../policy/packet.ts';
import { PROTOCOL } from '../../policy/rule.ts';
import { worldFromObjects } from '../../policy/world.ts';
import type { Analyse, GateAnswer, Question } from '../../vpc/insights/analyse.ts';

/** Analyses of the VPC API are answered by the evaluator of rules, the one truth (DESIGN: D7). */
export const analyse: Analyse = (objects, questions) => {
  const world = worldFromObjects(objects);
  return questions.map((question) => {
    const { admitted, egress, ingress } = evaluate(world, packetOf(question));
    return { admitted, egress: gateAnswer(egress), ingress: gateAnswer(ingress) };
  });
};

function packetOf(question: Question): Packet {
  const { senderId, receiverId, protocol, destinationPort } = question;
  return {
    protocol: PROTOCOL[protocol],
    source: ipOf(question.source),
    destination: ipOf(question.destination),
    destinationPort,
    senderEniId: senderId,
    ...(receiverId !== undefined && { receiverEniId: receiverId }),
  };
}

function ipOf(text: string): Ip {
  const ip = parseIp(text);
  return must(ip.ok ? ip.value : undefined, () => `'${text}' is not an IP address`);
}

function gateAnswer({ outcome, rules, nearest }: GateVerdict): GateAnswer {
  return { admitted: outcome !== 'dropped', rules, reason: nearest };
}

/**
 * Flows over a change: first packets meet one world, replies and later packets another. The evaluator, the
 * compiled program with a flow table of its own, and the kernel must agree on each packet.
 */
import { ipEquals } from '../../src/base/ip.ts';
import type { FabricProgram } from '../../src/dataplane/program.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { flowOf, judgeKnown } from '../../src/policy/flow.ts';
import { slotReach } from '../arbitrary/scenarios.ts';
import { fateOfRun } from './compiled-fate.ts';
import { runProgram } from './run-program.ts';
import { UPLINK, ipOf, type PreparedPacket } from '../../src/lab/fabric-bed/slots.ts';
import { evaluatedFate, fateOf, type Fate, type Prepared, type Scenario } from './scenario.ts';

/** A world and what becomes of it; packets are of the first. */
export interface FlowCase {
  readonly before: Scenario;
  readonly after: Scenario;
}

/** What was sent, and what each of the two sides in memory says of it. */
export interface FlowRun {
  /** First packets, in the world before. */
  readonly first: readonly PreparedPacket[];
  readonly firstFates: readonly Fate[];
  /** Replies and later packets of the flows that were admitted, in the world after. */
  readonly later: readonly PreparedPacket[];
  readonly evaluated: readonly Fate[];
  readonly compiled: readonly Fate[];
  /** How many of the flows an interface did not track. */
  readonly untracked: number;
}

/** Groups 0 and 1 let all pass one way and much the other, so that many flows are not tracked. */
export function opened(scenario: Scenario): Scenario {
  const all = [{ cidrIpv4: '0.0.0.0/0' }, { cidrIpv6: '::/0' }];
  const extra = [
    all.map((peer) => ({ isEgress: true, ipProtocol: '-1', ...peer })),
    all.map((peer) => ({ isEgress: false, ipProtocol: 'udp', ...peer })),
    all.map((peer) => ({ isEgress: false, ipProtocol: '-1', ...peer })),
  ];
  return {
    ...scenario,
    groups: scenario.groups.map((group, g) => ({
      ...group,
      rules: [
        ...group.rules,
        ...(extra[g] ?? []).map((rule, i) => ({ ...rule, ruleId: `sgr-open-${g}-${i}` })),
      ],
    })),
  };
}

/** A day of edits: rules go, interfaces change their groups, lists of entries are turned around. */
export function edited(scenario: Scenario, dice: number): Scenario {
  return {
    ...scenario,
    groups: scenario.groups.map((group, g) => ({
      ...group,
      rules: group.rules.filter((_rule, r) => (r + g + dice) % 3 !== 0),
    })),
    interfaces: scenario.interfaces.map((item, i) =>
      (i + dice) % 5 === 0 ? { ...item, groupIds: ['sg-d'] } : item,
    ),
    networkAcls: Object.fromEntries(
      Object.entries(scenario.networkAcls ?? {}).map(([name, entries]) => [
        name,
        dice % 4 === 0
          ? entries.map((one) => ({ ...one, ruleNumber: 200 - one.ruleNumber }))
          : entries,
      ]),
    ),
  };
}

/**
 * Runs the flows in memory. `tcp` includes TCP, whose later packets are more than a frame of this suite can
 * pretend to the kernel.
 */
export function runFlows(
  [before, after]: readonly [Prepared, Prepared],
  [programBefore, programAfter]: readonly [FabricProgram, FabricProgram],
  tcp: boolean,
): FlowRun {
  const first = before.packets
    .filter((one) => isFlow(one, tcp))
    .map((one, i) => ({ ...one, packet: { ...one.packet, sourcePort: 20_000 + i } }));
  const run: Writable<FlowRun> = {
    first,
    firstFates: first.map((one) => evaluatedFate(before.world, one)),
    later: [],
    evaluated: [],
    compiled: [],
    untracked: 0,
  };
  for (const [i, one] of first.entries()) {
    if (run.firstFates[i]?.end !== 'delivered') continue;
    const { flowMark } = runProgram(programBefore, { ...one, ...one.packet });
    const flow = flowOf(evaluate(before.world, one.packet));
    if (!flow.origin || !flow.answerer) run.untracked += 1;
    for (const way of ['reply', 'original'] as const) {
      const packet = way === 'reply' ? replyTo(one, after) : one;
      run.later.push(packet);
      run.evaluated.push(
        fateOf(judgeKnown(after.world, packet.packet, { ...here(flow, one), way }), packet),
      );
      const frame = { ...packet, ...packet.packet, state: 'established', flowMark } as const;
      run.compiled.push(fateOfRun(runProgram(programAfter, { ...frame, direction: way }), packet));
    }
  }
  return run;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

/** A gate that is not on this host marks nothing here. */
function here(flow: ReturnType<typeof flowOf>, { inLink, outLink }: PreparedPacket) {
  return {
    origin: inLink === UPLINK || flow.origin,
    answerer: outLink === UPLINK || flow.answerer,
  };
}

/** Who routes for others gets no answers: they go to the owner of the address. */
function isFlow({ packet, inLink }: PreparedPacket, tcp: boolean): boolean {
  const { protocol, source } = packet;
  if (protocol !== 17 && !(tcp && protocol === 6)) return false;
  if (inLink === UPLINK) return true;
  return slotReach(Number(inLink.slice(1))).some((text) => ipEquals(ipOf(text), source));
}

function replyTo(one: PreparedPacket, { state }: Prepared): PreparedPacket {
  const { packet, inLink, outLink } = one;
  const port = state.ports.find(({ link }) => link === outLink);
  const { senderEniId: _sender, ...rest } = packet;
  return {
    packet: {
      ...rest,
      source: packet.destination,
      destination: packet.source,
      sourcePort: packet.destinationPort ?? 0,
      destinationPort: packet.sourcePort ?? 0,
      ...(port && { senderEniId: port.eniId }),
    },
    inLink: outLink,
    outLink: inLink,
    sourceMac: port?.mac ?? '02:00:00:00:00:73',
  };
}

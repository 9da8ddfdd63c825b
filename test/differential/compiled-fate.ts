import type { FabricProgram } from '../../src/dataplane/program.ts';
import { runProgram, type ProgramRun } from './run-program.ts';
import type { PreparedPacket } from '../../src/lab/fabric-bed/slots.ts';
import type { Fate } from './scenario.ts';

/**
 * What the compiled program does with the packet. Dropping a foreign source is the pin chain's work,
 * which the evaluator counts as part of the egress gate.
 */
export function compiledFate(program: FabricProgram, prepared: PreparedPacket): Fate {
  const { packet, ...links } = prepared;
  return fateOfRun(runProgram(program, { ...packet, ...links }), prepared);
}

/** What a run means for the packet. */
export function fateOfRun(run: ProgramRun, prepared: PreparedPacket): Fate {
  if (run.droppedBy === 'ingress') return { end: 'ingress' };
  if (run.droppedBy?.startsWith('acl_')) return { end: 'acl' };
  if (run.droppedBy !== undefined) return { end: 'egress' };
  if (run.mark !== 0) throw new Error(`A packet leaves with mark ${run.mark}`);
  return { end: 'delivered', link: prepared.outLink };
}

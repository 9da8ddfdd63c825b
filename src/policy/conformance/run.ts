import {
  readPacket,
  type FlowPacket,
  type OpenTarget,
  type Table,
  type TablePacket,
  type TableStep,
  type TableWorld,
  type Target,
  type WorldChange,
} from './table.ts';

/** What a target did in one step. */
export interface StepResult {
  readonly table: string;
  /** From 1. */
  readonly step: number;
  readonly packet: string;
  readonly expected: 'pass' | 'drop';
  readonly actual: 'pass' | 'drop' | 'skipped';
  /** Why it was skipped, or what the step is about. */
  readonly note?: string;
}

/** Runs tables one after another, each in a world of its own. */
export async function runTables(
  tables: readonly Table[],
  target: Target,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const table of tables) results.push(...(await runTable(table, target)));
  return results;
}

/** Steps in which the target did what it must not. */
export function disagreements(results: readonly StepResult[]): readonly StepResult[] {
  return results.filter(({ actual, expected }) => actual !== 'skipped' && actual !== expected);
}

async function runTable(table: Table, target: Target): Promise<readonly StepResult[]> {
  const { table: name, about: _about, steps, ...first } = table;
  const flows = new Map<number, TablePacket>();
  const results: StepResult[] = [];
  let world: TableWorld = first;
  const open = await target.open(world);
  try {
    for (const [i, step] of steps.entries()) {
      if (step.change !== undefined) {
        world = changed(world, step.change);
        await open.change(world);
      }
      const packet = packetOf(step, flows);
      if (packet === undefined || step.expect === undefined) continue;
      const outcome = await outcomeOf(open, packet);
      const note = outcome.note ?? step.why;
      results.push({
        table: name,
        step: i + 1,
        packet: describe(packet),
        expected: step.expect,
        actual: outcome.actual,
        ...(note !== undefined && { note }),
      });
    }
  } finally {
    await open.close();
  }
  return results;
}

/** Groups are replaced one by one, everything else as a whole. */
function changed(world: TableWorld, change: WorldChange): TableWorld {
  const { groups, interfaces = world.interfaces, ...rest } = change;
  return { ...world, ...rest, interfaces, groups: { ...world.groups, ...groups } };
}

async function outcomeOf(
  open: OpenTarget,
  packet: FlowPacket,
): Promise<Pick<StepResult, 'actual' | 'note'>> {
  const reason = open.cannot(packet);
  if (reason !== undefined) return { actual: 'skipped', note: reason };
  return { actual: (await open.send(packet)) ? 'pass' : 'drop' };
}

function packetOf(step: TableStep, flows: Map<number, TablePacket>): FlowPacket | undefined {
  const { send, flow } = step;
  if (send !== undefined) {
    const packet = readPacket(send);
    if (flow !== undefined) flows.set(flow, packet);
    return { packet, way: 'first', ...(flow !== undefined && { flow }) };
  }
  const number = step.answer ?? step.again;
  const known = number === undefined ? undefined : flows.get(number);
  if (number === undefined) return undefined;
  if (known === undefined) throw new Error(`No step begins flow ${number}`);
  return { packet: known, flow: number, way: step.answer === undefined ? 'again' : 'answer' };
}

function describe({ packet, way }: FlowPacket): string {
  const { protocol, destinationPort, icmpType, icmpCode, source, destination } = packet;
  const numbers = [protocol, destinationPort ?? icmpType, icmpCode].filter(
    (value) => value !== undefined,
  );
  const service = numbers.join('/');
  return way === 'answer'
    ? `answer to ${service} ${source} > ${destination}`
    : `${service} ${source} > ${destination}`;
}

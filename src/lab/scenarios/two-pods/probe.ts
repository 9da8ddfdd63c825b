import { must } from '../../../base/assert.ts';
import type { Clock } from '../../../base/clock.ts';
import { parseIp } from '../../../base/ip.ts';
import { evaluate } from '../../../policy/evaluate.ts';
import type { Packet } from '../../../policy/packet.ts';
import type { World } from '../../../policy/world.ts';
import type { Fate, VerdictRow } from './verdict-table.ts';

/** How long a change may take to be enforced before the demo calls it a failure. */
const SETTLE_LIMIT_MS = 5_000;
const RETRY_PAUSE_MS = 50;
const TCP = 6;

/** What a command in a pod printed, and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A pod as the demo addresses it. */
export interface DemoPod {
  readonly label: string;
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
}

/** One attempt to reach something over TCP by running a command in a pod. */
export interface Probe {
  readonly step: number;
  readonly from: DemoPod;
  readonly to: { readonly label: string; readonly ip: string; readonly port: number };
  readonly command: readonly string[];
  readonly expected: 'admitted' | 'dropped';
}

/** What a probe needs of the lab. */
export interface ProbeDeps {
  readonly clock: Clock;
  readonly exec: (pod: DemoPod, command: readonly string[]) => Promise<CommandResult>;
  /** Groups and interfaces as the API has them now. */
  readonly world: () => World;
  readonly signal: AbortSignal;
}

/**
 * Sends real packets until their fate is the expected one or the limit has passed, and asks the
 * evaluator about the same packet. Trying again covers the moment between the API's answer to a
 * change and its enforcement; the row says how long that took.
 */
export async function runProbe(deps: ProbeDeps, probe: Probe): Promise<VerdictRow> {
  const startMs = deps.clock.monotonicMs();
  let attempt = await tryOnce(deps, probe);
  while (attempt.fate !== probe.expected) {
    if (deps.clock.monotonicMs() - startMs > SETTLE_LIMIT_MS) break;
    await deps.clock.sleep(RETRY_PAUSE_MS, deps.signal);
    attempt = await tryOnce(deps, probe);
  }
  const world = deps.world();
  return {
    step: probe.step,
    from: probe.from.label,
    to: `${probe.to.label}:${probe.to.port}`,
    expected: probe.expected,
    fate: attempt.fate,
    verdict: evaluate(world, packetOf(probe)),
    world,
    settledMs: Math.round(attempt.startedMs - startMs),
  };
}

async function tryOnce(deps: ProbeDeps, probe: Probe): Promise<{ fate: Fate; startedMs: number }> {
  const startedMs = deps.clock.monotonicMs();
  return { fate: fateOf(await deps.exec(probe.from, probe.command)), startedMs };
}

/** Success is an answer; silence is a drop; anything else, such as a refusal, is a failure. */
export function fateOf(result: CommandResult): Fate {
  if (result.code === 0) return 'admitted';
  return /timed out|timeout/i.test(result.stderr + result.stdout) ? 'dropped' : 'failed';
}

function packetOf(probe: Probe): Packet {
  return {
    protocol: TCP,
    source: address(probe.from.ip),
    destination: address(probe.to.ip),
    destinationPort: probe.to.port,
  };
}

function address(text: string): Packet['source'] {
  const ip = parseIp(text);
  return must(ip.ok ? ip.value : undefined, () => `Not an address: ${text}`);
}

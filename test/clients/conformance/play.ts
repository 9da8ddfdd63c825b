import { comparable } from './agreement.ts';
import type { CallPlace, ConformanceClient, Outcome } from './client.ts';
import type { CliClient } from './cli-client.ts';
import { isRecord, mapTexts, mismatches } from './match.ts';
import type { AnyStep, Keys } from './story.ts';

/** A client with what it saved in the story so far. */
export interface Player {
  readonly client: ConformanceClient | CliClient;
  readonly endpoint: string;
  readonly region: string;
  readonly keys: Keys;
  readonly variables: Map<string, unknown>;
}

/** Whether the client can do the step: whole command lines are for the CLI alone. */
export function canPlay(player: Player, step: AnyStep): boolean {
  const { name } = player.client;
  return (!('aws' in step) || name === 'aws') && step.not?.includes(name) !== true;
}

/** Makes the call of a step with one client and checks its answer; answers what all must agree on. */
export async function play(player: Player, written: AnyStep): Promise<unknown> {
  const step = fill(player, written) as AnyStep;
  const outcome = await act(player, step);
  const problems = problemsOf(step, outcome);
  // First, so that one wrong answer fails one case, and not all that follow.
  if (outcome.ok) save(player, step, outcome.data);
  if (problems.length > 0) throw new Error(`${player.client.name}: ${problems.join('\n')}`);
  if (step.varies === true) return outcome.ok;
  const told = outcome.ok ? outcome.data : { code: outcome.code, message: outcome.message };
  return comparable('wait' in step ? outcome.ok : told, {
    region: player.region,
    client: `by-${player.client.name}`,
  });
}

function save({ variables }: Player, { save: paths = {} }: AnyStep, data: unknown): void {
  for (const [name, path] of Object.entries(paths)) variables.set(name, at(data, path));
}

function act(player: Player, step: AnyStep): Promise<Outcome> {
  const { client, endpoint } = player;
  const place: CallPlace = {
    endpoint,
    region: step.region ?? player.region,
    keys: step.as ?? player.keys,
  };
  if ('aws' in step) return (client as CliClient).command(place, step.aws);
  if ('wait' in step) {
    const [waiter, params] = step.wait;
    return client.wait(place, { waiter, params });
  }
  if ('pages' in step) {
    const [action, params, pageSize] = step.pages;
    return client.pages(place, { action, params, pageSize });
  }
  const [name, params = {}] = step.call;
  const [service, action] = name.includes(':') ? name.split(':') : ['ec2', name];
  return client.call(place, { service: service ?? '', action: action ?? '', params });
}

function problemsOf(step: AnyStep, outcome: Outcome): readonly string[] {
  const { refused, answers, status = 400 } = step;
  if (refused === undefined)
    return outcome.ok
      ? answersProblems(outcome.data, answers)
      : [`refused: ${outcome.code}: ${outcome.message}`];
  if (outcome.ok) return [`not refused: ${JSON.stringify(outcome.data)}`];
  const [code, text] = refused;
  const found = { ...outcome, status: outcome.status ?? status };
  const expected = { code, status, ...(text === undefined ? {} : { message: text }) };
  return mismatches(found, expected);
}

function answersProblems(data: unknown, answers: unknown): readonly string[] {
  const wrong = answers === undefined ? [] : mismatches(data, answers);
  return wrong.length === 0 ? [] : [...wrong, `in ${JSON.stringify(data)}`];
}

/** `{name}` in every text of the step; a text that is nothing else becomes the value itself. */
function fill({ variables }: Player, step: unknown): unknown {
  const valueOf = (name: string): unknown => {
    if (!variables.has(name)) throw new Error(`No step saved ${name}`);
    return variables.get(name);
  };
  return mapTexts(step, (text) => {
    const whole = /^\{(\w+)\}$/.exec(text)?.[1];
    if (whole !== undefined) return valueOf(whole);
    return text.replace(/\{(\w+)\}/g, (_all, name: string) => String(valueOf(name)));
  });
}

function at(data: unknown, path: string): unknown {
  let value = data;
  for (const key of path.split('.')) {
    if (Array.isArray(value)) value = value[Number(key)] as unknown;
    else value = isRecord(value) ? value[key] : undefined;
  }
  if (value === undefined) throw new Error(`Nothing at ${path} in ${JSON.stringify(data)}`);
  return value;
}

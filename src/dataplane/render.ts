import { elementText, markText, partText, verdictText } from './element-text.ts';
import {
  FIELD_TYPES,
  ARP_TABLE,
  LOG_BYTES,
  LOG_GROUP,
  TABLE,
  type Chain,
  type ChainRule,
  type FabricProgram,
  type SetObject,
  otherTable,
  tableOf,
  type PacketLimit,
  type PacketTable,
  type Step,
  type TimeoutObject,
} from './program.ts';

/**
 * A complete `nft -f` script that replaces the tables by the program in one transaction, whether or
 * not they exist. Connection tracking is not part of the table, so flows that were admitted go on.
 */
export function renderProgram(program: FabricProgram, table: PacketTable = TABLE): string {
  const lines = [
    ...tableLines(program, table),
    ...tableLines(program, ARP_TABLE),
    ...dropTable(otherTable(table)),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * The script that puts a program in force of which all but `chains` was loaded into `table` before, in one
 * transaction with the end of the one in force.
 */
export function renderSwitch(
  program: FabricProgram,
  { table, chains }: { readonly table: PacketTable; readonly chains: readonly Chain[] },
): string {
  const lines = [
    ...dropTable(otherTable(table)),
    ...tableLines(program, ARP_TABLE),
    `table ${table} {`,
    ...timeoutLines(program),
    ...chainLines(chains),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** Removes a table whether or not it exists. */
export function dropTable(table: string): readonly string[] {
  return [`table ${table}`, `delete table ${table}`];
}

function tableLines(program: FabricProgram, table: string): readonly string[] {
  const sets = program.sets.filter(({ name }) => isIn(table, name));
  const chains = program.chains.filter(({ name }) => isIn(table, name));
  return [
    ...dropTable(table),
    `table ${table} {`,
    ...(table === ARP_TABLE ? [] : timeoutLines(program)),
    ...sets.map((set) => `  ${setBlock(set, true)}`),
    ...chainLines(chains),
    '}',
  ];
}

function limitText({ perSecond, burst }: PacketLimit): string {
  return `limit rate ${perSecond}/second burst ${burst} packets;`;
}

function timeoutLines({ timeouts = [] }: FabricProgram): readonly string[] {
  return timeouts.map((timeout) => `  ct timeout ${timeout.name} ${timeoutBlock(timeout)}`);
}

/** What follows the name of a timeout object; line breaks separate its parts. */
export function timeoutBlock({ protocol, seconds }: TimeoutObject): string {
  const policy = Object.entries(seconds).map(([state, value]) => `${state} : ${value}`);
  return `{\n    protocol ${protocol}\n    l3proto inet\n    policy = { ${policy.join(', ')} }\n  }`;
}

function isIn(table: string, name: string): boolean {
  return (tableOf(name) === ARP_TABLE) === (table === ARP_TABLE);
}

/** Chains refer to one another: all of them exist before the first rule names one. */
function chainLines(chains: readonly Chain[]): readonly string[] {
  return [
    ...chains.map((chain) => `  chain ${chain.name} { ${hookText(chain)}}`),
    ...chains.flatMap((chain) => chainBlock(chain)),
  ];
}

/** `set name { type ...; elements = { ... } }`, or `map ...`. */
export function setBlock(set: SetObject, withElements: boolean): string {
  const value = set.value === undefined ? '' : ` : ${set.value}`;
  const parts = [
    `type ${set.keys.join(' . ')}${value};`,
    set.interval ? 'flags interval;' : '',
    set.counter ? 'counter;' : '',
    set.limit ? limitText(set.limit) : '',
    withElements && set.elements.length > 0 ? `elements = { ${elementList(set)} }` : '',
  ];
  const kind = set.value === undefined ? 'set' : 'map';
  return `${kind} ${set.name} { ${parts.filter((part) => part !== '').join(' ')} }`;
}

/** `type filter hook ...;` of a base chain; nothing for others. */
export function hookText(chain: Chain): string {
  if (!chain.hook) return '';
  const { hook, priority, policy } = chain.hook;
  return `type filter hook ${hook} priority ${priority}; policy ${policy}; `;
}

/** A rule in the `nft` language. */
export function ruleText(rule: ChainRule): string {
  return rule.map(stepText).join(' ');
}

function chainBlock(chain: Chain): readonly string[] {
  if (chain.rules.length === 0) return [];
  return [`  chain ${chain.name} {`, ...chain.rules.map((rule) => `    ${ruleText(rule)}`), '  }'];
}

function elementList(set: SetObject): string {
  return set.elements.map((element) => elementText(set, element)).join(', ');
}

function stepText(step: Step): string {
  switch (step.op) {
    case 'lookup':
      return `${step.fields.join(' . ')} @${step.set}`;
    case 'is':
      return `${step.field} ${valuesText(step)}`;
    case 'vmap':
      return `${step.field} vmap @${step.map}`;
    case 'cases': {
      const cases = Object.entries(step.cases).map(([name, to]) => `${name} : ${verdictText(to)}`);
      return `${step.field} vmap { ${cases.join(', ')} }`;
    }
    case 'log':
    case 'silence-over':
      return recordText(step);
    case 'verdict':
      return verdictText(step.verdict);
    default:
      return assignmentText(step);
  }
}

type Assignment = Step & { op: 'set-mark' | 'map-mark' | 'flow-timeout' | 'or-flow-mark' };

function assignmentText(step: Assignment): string {
  switch (step.op) {
    case 'set-mark':
      return `meta mark set ${markText(BigInt(step.value))}`;
    case 'map-mark':
      return `meta mark set ${step.fields.join(' . ')} map @${step.map}`;
    case 'flow-timeout':
      return `ct timeout set "${step.timeout}"`;
    case 'or-flow-mark':
      return `ct mark set ct mark or ${markText(BigInt(step.value))}`;
  }
}

function recordText(step: Step & { op: 'log' | 'silence-over' }): string {
  if (step.op === 'log')
    return `log prefix "${step.prefix}" group ${LOG_GROUP} snaplen ${LOG_BYTES}`;
  const { perSecond, burst } = step.limit;
  return `limit rate over ${perSecond}/second burst ${burst} packets ct event set 0`;
}

function valuesText(step: Step & { op: 'is' }): string {
  const texts = step.values.map((value) => partText(FIELD_TYPES[step.field], value));
  return texts.length === 1 ? (texts[0] ?? '') : `{ ${texts.join(', ')} }`;
}

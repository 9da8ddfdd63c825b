import { Command, InvalidArgumentError, Option } from 'commander';
import type { FlowFilter } from '../policy/flow-record.ts';
import type { CommandContext } from './command.ts';
import { FLOW_FORMATS, runFlows, type FlowFormat } from './flows.ts';
import { chooseLab } from './lab-choice.ts';

interface FlowsOptions {
  readonly name?: string;
  readonly socket?: string;
  readonly verdict?: 'accept' | 'reject';
  readonly group?: string;
  readonly since?: number;
  readonly follow?: boolean;
  readonly output: FlowFormat;
}

/** `trunkline flows`. */
export function flowsCommand(context: CommandContext): Command {
  return new Command('flows')
    .description('what the filter admitted and dropped: by which rule, or at which gate and why')
    .argument('[pod]', 'only flows of this pod or workload: NAME or NAMESPACE/NAME')
    .addOption(
      new Option('--verdict <verdict>', 'only what was admitted, or dropped').choices([
        'accept',
        'reject',
      ]),
    )
    .option('--group <sg-...>', 'only flows of interfaces with this group, or that it admitted')
    .option(
      '--since <time>',
      'the last 30s, 5m, 2h, ... (default 10m, with -f none)',
      sinceArgument,
    )
    .option('-f, --follow', 'go on with what comes, until Ctrl-C; shows flows when they begin')
    .addOption(
      new Option('-o, --output <format>', 'json: a line each; v5: as VPC Flow Logs; table')
        .choices(FLOW_FORMATS)
        .default('table'),
    )
    .option('--name <name>', 'name of the lab; may be left out when only one runs')
    .option('--socket <path>', "ask one agent by its socket, on a cluster's node")
    .addHelpText(
      'after',
      `
Records end when a connection is forgotten, some time after it closed: TCP up to two minutes. Of
rejected packets, and of more than 500 new flows a second on a host, there are samples.

Examples:
  trunkline flows                                the last ten minutes
  trunkline flows checkout -f                    live, of the pods of a workload
  trunkline flows --verdict reject --since 2h    what was dropped, and what would have passed
  trunkline flows -o json | jq .rule_id
  trunkline flows --group sg-0a1b2c3d4e5f60718 -o v5`,
    )
    .action(async (pod: string | undefined, options: FlowsOptions) => {
      const sockets =
        options.socket === undefined
          ? await context.lab.flowSockets(await chooseLab(context.lab, options.name))
          : [options.socket];
      await runFlows(context, {
        sockets,
        filter: filterOf(pod, options),
        sinceMs: options.since ?? (options.follow === true ? undefined : DEFAULT_SINCE_MS),
        follow: options.follow === true,
        format: options.output,
      });
    });
}

const DEFAULT_SINCE_MS = 10 * 60_000;
const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function sinceArgument(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined) throw new InvalidArgumentError('give a number and s, m, h or d');
  return Number(digits) * unitMs;
}

function filterOf(pod: string | undefined, { verdict, group }: FlowsOptions): FlowFilter {
  return {
    ...(pod !== undefined && { pod }),
    ...(verdict !== undefined && { verdict }),
    ...(group !== undefined && { group }),
  };
}

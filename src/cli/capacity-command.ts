import { Command, InvalidArgumentError, Option } from 'commander';
import type { CapacitySettings } from '../policy/capacity.ts';
import { runNodeCapacity, runTypeCapacity } from './capacity.ts';
import { OUTPUT_FORMATS, printAnswer, type CommandContext, type OutputFormat } from './command.ts';
import { labKubeconfig } from './lab-choice.ts';

interface CapacityOptions {
  readonly node?: string;
  readonly customNetworking?: boolean;
  readonly prefixDelegation?: boolean;
  readonly maxEni?: number;
  readonly showMaxAllowed?: boolean;
  readonly name?: string;
  readonly kubeconfig?: string;
  readonly output: OutputFormat;
}

/** `trunkline capacity`. */
export function capacityCommand(context: CommandContext): Command {
  return new Command('capacity')
    .description('how many pods an instance type or a node holds, with and without branches')
    .argument('[type...]', 'instance types; without any: the nodes of the lab or cluster')
    .option('--node <name>', 'only this node')
    .option('--custom-networking', 'pods have addresses of other subnets (ENIConfig)')
    .option('--prefix-delegation', 'interfaces have prefixes of 16 addresses')
    .option('--max-eni <count>', 'no more interfaces than this (MAX_ENI)', countArgument)
    .option('--show-max-allowed', "without EKS's ceiling of 110 or 250 pods")
    .option('--name <name>', 'name of the lab; may be left out when only one runs')
    .option('--kubeconfig <file>', 'ask this cluster, not a lab')
    .addOption(
      new Option('-o, --output <format>', 'how to print the answer')
        .choices(OUTPUT_FORMATS)
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Max-pods as EKS sets it knows nothing of trunks: pods on branches count against it, though they need
none of the addresses. Raise it to 'pods with a trunk', or count on fewer other pods.

Exit status: 0 good, 2 wrong use, 3 no such type or node, or the cluster cannot be read.

Examples:
  trunkline capacity m5.large
  trunkline capacity c5.4xlarge m6i.32xlarge --prefix-delegation
  trunkline capacity m5.large --custom-networking -o json
  trunkline capacity                           the nodes of the lab
  trunkline capacity --node node-1`,
    )
    .action((types: readonly string[], options: CapacityOptions, command: Command) =>
      runCapacity(context, types, { options, command }),
    );
}

async function runCapacity(
  context: CommandContext,
  types: readonly string[],
  { options, command }: { readonly options: CapacityOptions; readonly command: Command },
): Promise<void> {
  const settings = settingsOf(options);
  if (types.length > 0) {
    if (options.node !== undefined) command.error('error: give types or --node, not both');
    printAnswer(context, runTypeCapacity(types, settings), options.output);
    return;
  }
  const path = options.kubeconfig ?? (await labKubeconfig(context.lab, options.name));
  const kube = await context.connectKube(path);
  try {
    printAnswer(context, await runNodeCapacity(kube, options.node, settings), options.output);
  } finally {
    await kube.close();
  }
}

function settingsOf(options: CapacityOptions): CapacitySettings {
  const { customNetworking = false, prefixDelegation = false, maxEni, showMaxAllowed } = options;
  return {
    customNetworking,
    prefixDelegation,
    uncapped: showMaxAllowed === true,
    ...(maxEni !== undefined && { interfacesMax: maxEni }),
  };
}

function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return count;
}

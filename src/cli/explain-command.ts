import { Command, InvalidArgumentError, Option } from 'commander';
import { OUTPUT_FORMATS, printAnswer, type CommandContext, type OutputFormat } from './command.ts';
import { parseTarget, TARGET_FORM, type Target } from './explain-target.ts';
import { runExplain } from './explain.ts';
import { labKubeconfig } from './lab-choice.ts';

interface ExplainOptions {
  readonly name?: string;
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly output: OutputFormat;
}

/** `trunkline explain`; `dropped` is called when the answer is no. */
export function explainCommand(context: CommandContext, dropped: () => void): Command {
  return new Command('explain')
    .description('whether a packet may pass, at which gates, and by which rules')
    .argument('<pod>', 'who sends: a pod, or anything that <peer> may be')
    .argument(
      '<peer>',
      `${TARGET_FORM}: a pod, workload, instance name, interface id or address`,
      targetArgument,
    )
    .option('-n, --namespace <name>', 'of pods that are named without one', 'default')
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
Without a protocol: tcp when there is a port, an ICMP echo otherwise. The port of icmp is the type.
Exit status: 0 admitted, 1 dropped, 2 wrong use, 3 cannot say.

Examples:
  trunkline explain checkout rds:5432
  trunkline explain shop/catalog rds:5432 -o json
  trunkline explain rds checkout:8080          the other way round
  trunkline explain 198.51.100.7 eni-0a1b2c3d4e5f60718:53/udp`,
    )
    .action(async (from: string, to: Target, options: ExplainOptions) => {
      const path = options.kubeconfig ?? (await labKubeconfig(context.lab, options.name));
      const kube = await context.connectKube(path);
      try {
        const answer = await runExplain(kube, { from, to, namespace: options.namespace });
        printAnswer(context, answer, options.output);
        if (!answer.value.admitted) dropped();
      } finally {
        await kube.close();
      }
    });
}

function targetArgument(text: string): Target {
  const target = parseTarget(text);
  if (!target.ok) throw new InvalidArgumentError(target.error);
  return target.value;
}

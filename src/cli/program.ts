import { Command, CommanderError, Option } from 'commander';
import {
  EXIT,
  OUTPUT_FORMATS,
  printAnswer,
  type CommandContext,
  type OutputFormat,
} from './command.ts';
import { capacityCommand } from './capacity-command.ts';
import { conformanceCommand } from './conformance.ts';
import { explainCommand } from './explain-command.ts';
import { flowsCommand } from './flows-command.ts';
import { DEFAULT_DEMO, DEFAULT_LAB } from './lab-choice.ts';
import { runLabComponent } from './lab-component.ts';
import { runLabDown } from './lab-down.ts';
import { runLabEnv } from './lab-env.ts';
import { LabProblem, type LinkDriverChoice, type LabUpRequest } from './lab-port.ts';
import { runLabStatus } from './lab-status.ts';
import { runInForeground, runLabUp } from './lab-up.ts';
import { vpcCommand } from './vpc-serve.ts';

/** Options that several commands share, as commander hands them over. */
interface NameOption {
  readonly name?: string;
}
interface FormatOption {
  readonly output: OutputFormat;
}
interface UpOptions extends FormatOption {
  readonly name: string;
  readonly linkDriver: LinkDriverChoice;
  readonly state?: string;
  readonly foreground?: boolean;
}

const IMAGES_NOTE = `
No images are pulled: containers run 'command' and 'args' from this machine's own files, and an
image that the lab does not know answers HTTP on its declared ports.`;

/**
 * Runs one command line (without node and script) and answers the exit status: 0 good, 1 failed,
 * 2 wrong use, 3 not possible on this machine or in this state. Problems go to `writeError`.
 */
export async function runProgram(
  argv: readonly string[],
  context: CommandContext,
  writeError: (text: string) => void,
): Promise<number> {
  let status: number = EXIT.ok;
  const program = buildProgram(context, () => {
    status = EXIT.failed;
  }).exitOverride();
  program.configureOutput({ writeOut: context.write, writeErr: writeError });
  for (const command of allCommands(program)) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof LabProblem)) throw error;
    writeError(`trunkline: ${error.message}\n`);
    return EXIT.unable;
  }
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((each) => [each, ...allCommands(each)]);
}

function buildProgram(context: CommandContext, failed: () => void): Command {
  const program = new Command('trunkline');
  program
    .description('Security groups for Kubernetes pods on any Linux cluster')
    .addCommand(demoCommand(context))
    .addCommand(labCommand(context))
    .addCommand(vpcCommand(context))
    .addCommand(explainCommand(context, failed))
    .addCommand(flowsCommand(context))
    .addCommand(capacityCommand(context))
    .addCommand(conformanceCommand(context, failed))
    .addHelpText(
      'after',
      `
Examples:
  trunkline demo                     two pods on one node, each with its own security groups
  trunkline lab up                   a lab in the background
  eval "$(trunkline lab env)"        point kubectl and aws at it
  trunkline explain checkout rds:5432    which rules admit it, or what is missing
  trunkline flows --verdict reject -f    what the filter drops, live
  trunkline capacity m5.large            pods it holds, with branches and without
  trunkline lab down`,
    );
  return program;
}

function demoCommand(context: CommandContext): Command {
  return new Command('demo')
    .description('bring a lab up, play the scenario and print the verdict table (npm start)')
    .option('--name <name>', 'name of the lab', DEFAULT_DEMO)
    .addOption(linkDriverOption())
    .option('--exit', 'end after the verdict table even on a terminal')
    .addHelpText(
      'after',
      `${IMAGES_NOTE}

Examples:
  trunkline demo                     stays up until Ctrl-C when a terminal is watching
  trunkline demo --exit              ends after the table: 0 when every verdict was as expected`,
    )
    .action(async (options: UpOptions & { readonly exit?: boolean }) => {
      await runInForeground(context, {
        ...upRequest(options, 'demo'),
        stay: context.interactive && options.exit !== true,
      });
    });
}

function labCommand(context: CommandContext): Command {
  return new Command('lab')
    .description('a whole cluster with its VPC on this machine, in namespaces of its own')
    .addCommand(upCommand(context))
    .addCommand(downCommand(context))
    .addCommand(statusCommand(context))
    .addCommand(envCommand(context))
    .addCommand(componentCommand(context, 'stop'))
    .addCommand(componentCommand(context, 'start'));
}

function upCommand(context: CommandContext): Command {
  return new Command('up')
    .description('start a lab; returns when it is ready')
    .option(
      '--name <name>',
      'name of the lab; labs of different names run side by side',
      DEFAULT_LAB,
    )
    .addOption(linkDriverOption())
    .option('--state <folder>', 'keep the API objects in this folder over restarts')
    .option('--foreground', 'stay in the foreground until Ctrl-C')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${IMAGES_NOTE}

Examples:
  trunkline lab up && eval "$(trunkline lab env)" && kubectl get nodes
  trunkline lab up --name two --link-driver veth
  trunkline lab up --foreground --state ./lab-data`,
    )
    .action(async (options: UpOptions) => {
      const request = upRequest(options, 'lab');
      if (options.foreground === true) await runInForeground(context, request);
      else printAnswer(context, await runLabUp(context, request), options.output);
    });
}

function upRequest(options: UpOptions, mode: LabUpRequest['mode']): LabUpRequest {
  return {
    name: options.name,
    mode,
    stay: true,
    linkDriver: options.linkDriver,
    ...(options.state === undefined ? {} : { stateFolder: options.state }),
  };
}

function downCommand(context: CommandContext): Command {
  return new Command('down')
    .description('stop a lab; nothing of it stays')
    .argument('[name]', 'name of the lab; may be left out when only one runs')
    .option('--name <name>', 'the same as the argument')
    .option('--all', 'stop all labs of this user')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  trunkline lab down\n  trunkline lab down --all')
    .action(
      async (
        argument: string | undefined,
        options: NameOption & FormatOption & { readonly all?: boolean },
      ) => {
        const name = argument ?? options.name;
        const answer = await runLabDown(context.lab, { name, all: options.all === true });
        printAnswer(context, answer, options.output);
      },
    );
}

function statusCommand(context: CommandContext): Command {
  return new Command('status')
    .description('labs of this user and their parts')
    .option('--name <name>', 'only this lab')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  trunkline lab status\n  trunkline lab status -o json')
    .action(async (options: NameOption & FormatOption) => {
      printAnswer(context, await runLabStatus(context.lab, options.name), options.output);
    });
}

function envCommand(context: CommandContext): Command {
  return new Command('env')
    .description('print shell lines that point kubectl, aws and SDKs at a lab')
    .option('--name <name>', 'name of the lab; may be left out when only one runs')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  eval "$(trunkline lab env)"')
    .action(async (options: NameOption & FormatOption) => {
      printAnswer(context, await runLabEnv(context.lab, options.name), options.output);
    });
}

function componentCommand(context: CommandContext, verb: 'stop' | 'start'): Command {
  return new Command(verb)
    .description(`${verb} one part of a running lab, such as webhook`)
    .argument('<component>', "a name that 'lab status' shows")
    .option('--name <name>', 'name of the lab; may be left out when only one runs')
    .addOption(formatOption())
    .addHelpText('after', `\nExamples:\n  trunkline lab ${verb} webhook`)
    .action(async (component: string, options: NameOption & FormatOption) => {
      const request = { name: options.name, component, running: verb === 'start' };
      printAnswer(context, await runLabComponent(context.lab, request), options.output);
    });
}

function formatOption(): Option {
  return new Option('-o, --output <format>', 'how to print the answer')
    .choices(OUTPUT_FORMATS)
    .default('text');
}

function linkDriverOption(): Option {
  return new Option('--link-driver <driver>', 'between hosts and fabrics: auto tries vlan first')
    .choices(['auto', 'vlan', 'veth'])
    .default('auto');
}

import { Command, InvalidArgumentError, Option } from 'commander';
import { textTable } from '../base/text-table.ts';
import { disagreements, type StepResult } from '../policy/conformance/run.ts';
import { OUTPUT_FORMATS, printAnswer, type CommandContext, type OutputFormat } from './command.ts';

/** Measures a target with all truth tables; rejects with LabProblem when it cannot be reached. */
export type MeasureConformance = (target: string) => Promise<readonly StepResult[]>;

/** The answer of `trunkline conformance`. */
interface Conformance {
  readonly target: string;
  readonly steps: number;
  readonly skipped: number;
  readonly disagreements: number;
  readonly results: readonly StepResult[];
}

interface ConformanceOptions {
  readonly target: string;
  readonly output: OutputFormat;
}

/** `trunkline conformance`; `failed` is called when the target disagrees with a table. */
export function conformanceCommand(context: CommandContext, failed: () => void): Command {
  return new Command('conformance')
    .description('measure an implementation of security groups with the truth tables')
    .requiredOption('--target <target>', 'lab, evaluator, or the URL of an EC2 API', targetArgument)
    .addOption(
      new Option('-o, --output <format>', 'how to print the answer')
        .choices(OUTPUT_FORMATS)
        .default('text'),
    )
    .addHelpText(
      'after',
      `
'lab' sends real packets through a fabric in namespaces of its own. A URL is asked for paths
(CreateNetworkInsightsPath), with the credentials and region of the environment; it makes a VPC of
its own there and removes it. On AWS each question costs money. What a target cannot be asked is
skipped. Ends with 1 when a step disagrees with its table.

Examples:
  trunkline conformance --target lab
  trunkline conformance --target lab -o json
  trunkline conformance --target http://127.0.0.1:8500
  trunkline conformance --target https://ec2.eu-west-1.amazonaws.com`,
    )
    .action(async ({ target, output }: ConformanceOptions) => {
      const results = await context.conformance(target);
      const wrong = disagreements(results).length;
      const skipped = results.filter(({ actual }) => actual === 'skipped').length;
      const value = { target, steps: results.length, skipped, disagreements: wrong, results };
      printAnswer(context, { value, text: conformanceText }, output);
      if (wrong > 0 || skipped === results.length) failed();
    });
}

function targetArgument(text: string): string {
  if (text === 'lab' || text === 'evaluator' || /^https?:\/\//.test(text)) return text;
  throw new InvalidArgumentError(`'${text}' is not lab, evaluator or a URL.`);
}

/** One line for each table, and each step that disagrees in full. */
function conformanceText({ target, steps, skipped, results, ...rest }: Conformance): string {
  const tables = [...Map.groupBy(results, ({ table }) => table)].map(([table, some]) => {
    const left = some.filter(({ actual }) => actual === 'skipped').length;
    const wrong = disagreements(some).length;
    return [table, `${some.length - left}`, `${left}`, wrong === 0 ? 'agrees' : `${wrong} wrong`];
  });
  const details = disagreements(results).map(
    ({ table, step, packet, expected, actual, note }) =>
      `${table} step ${step}: ${packet}: must ${expected}, did ${actual}${note === undefined ? '' : ` (${note})`}`,
  );
  const end = `${target}: ${steps - skipped} steps, ${skipped} skipped, ${rest.disagreements} disagreements`;
  return [textTable(['TABLE', 'STEPS', 'SKIPPED', 'RESULT'], tables), '', ...details, end].join(
    '\n',
  );
}

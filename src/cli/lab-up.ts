import type { Answer, CommandContext } from './command.ts';
import type { LabSummary, LabUpRequest } from './lab-port.ts';
import { createProgressView } from './progress.ts';

/** `trunkline lab up`: returns when the lab is ready and runs on in the background. */
export async function runLabUp(
  context: CommandContext,
  request: LabUpRequest,
): Promise<Answer<LabSummary>> {
  const { clock, beganMs, terminal } = context;
  const view = createProgressView({ terminal, clock, beganMs });
  try {
    const value = await context.lab.up(request, (progress) => view.report(progress));
    return { value, text: renderUp };
  } finally {
    view.end();
  }
}

/** `trunkline demo` and `lab up --foreground`: this process becomes the lab. */
export async function runInForeground(
  { lab, clock, beganMs, terminal }: CommandContext,
  request: LabUpRequest,
): Promise<never> {
  // Only lines that stay: the animation belongs to the process that takes over.
  const view = createProgressView({ terminal: { ...terminal, live: false }, clock, beganMs });
  return lab.run(request, (progress) => view.report(progress));
}

function renderUp(lab: LabSummary): string {
  return [
    `Lab ${lab.name} is up. Point your shell at it:`,
    `  eval "$(npx trunkline lab env --name ${lab.name})"`,
    `Stop it: npx trunkline lab down --name ${lab.name}`,
  ].join('\n');
}

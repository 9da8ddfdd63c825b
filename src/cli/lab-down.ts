import type { Answer } from './command.ts';
import { chooseLab } from './lab-choice.ts';
import type { LabPort } from './lab-port.ts';

/** What `lab down` ended. */
export interface LabDown {
  /** Stopped now. */
  readonly stopped: readonly string[];
  /** Were dead already; their files are removed. */
  readonly swept: readonly string[];
}

/** `trunkline lab down`: stops one lab, or all with `all`, and removes what dead ones left. */
export async function runLabDown(
  lab: LabPort,
  { name, all }: { readonly name?: string | undefined; readonly all: boolean },
): Promise<Answer<LabDown>> {
  const swept = await lab.sweep();
  const stopped = await namesToStop(lab, { name, all, swept });
  for (const each of stopped) await lab.down(each);
  return { value: { stopped, swept }, text: renderDown };
}

interface Choice {
  readonly name: string | undefined;
  readonly all: boolean;
  readonly swept: readonly string[];
}

async function namesToStop(lab: LabPort, choice: Choice): Promise<readonly string[]> {
  const { name, all, swept } = choice;
  if (all) return (await lab.list()).map((each) => each.name);
  // What was asked for has just been done.
  const done =
    name === undefined ? swept.length > 0 && (await lab.list()).length === 0 : swept.includes(name);
  return done ? [] : [await chooseLab(lab, name)];
}

function renderDown({ stopped, swept }: LabDown): string {
  const lines = [
    ...stopped.map((name) => `Stopped lab ${name}.`),
    ...swept.map((name) => `Removed what lab ${name} left behind: it had been killed.`),
  ];
  return lines.length === 0 ? 'No lab is running.' : lines.join('\n');
}

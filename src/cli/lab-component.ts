import type { Answer } from './command.ts';
import { chooseLab } from './lab-choice.ts';
import type { LabComponent, LabPort } from './lab-port.ts';

/** What to do to which part of a lab. */
export interface ComponentRequest {
  readonly name: string | undefined;
  readonly component: string;
  readonly running: boolean;
}

/** `trunkline lab stop|start COMPONENT`. */
export async function runLabComponent(
  lab: LabPort,
  { name, component, running }: ComponentRequest,
): Promise<Answer<LabComponent>> {
  const chosen = await chooseLab(lab, name);
  await lab.setComponent(chosen, component, running);
  return { value: { name: component, running }, text: renderComponent };
}

function renderComponent({ name, running }: LabComponent): string {
  return `${name}: ${running ? 'running' : 'stopped'}`;
}

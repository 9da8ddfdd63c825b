import type { LabComponent, LabPort, LabSummary } from './lab-port.ts';
import type { Answer } from './command.ts';

/** A lab with its parts. */
export interface LabStatus extends LabSummary {
  /** Empty while the lab is coming up, or when it is dead. */
  readonly components: readonly LabComponent[];
}

/** `trunkline lab status`: all labs of this user, or the named one. */
export async function runLabStatus(
  lab: LabPort,
  name: string | undefined,
): Promise<Answer<readonly LabStatus[]>> {
  const labs = (await lab.list()).filter((each) => name === undefined || each.name === name);
  const value = await Promise.all(labs.map((each) => withComponents(lab, each)));
  return { value, text: renderStatus };
}

async function withComponents(lab: LabPort, summary: LabSummary): Promise<LabStatus> {
  if (summary.state === 'dead') return { ...summary, components: [] };
  const components = await lab.components(summary.name).catch(() => []);
  return { ...summary, components };
}

function renderStatus(labs: readonly LabStatus[]): string {
  if (labs.length === 0) return 'No lab is running.';
  return labs.map(renderOne).join('\n\n');
}

function renderOne(lab: LabStatus): string {
  const lines = [
    `${lab.name}: ${lab.state}`,
    `  process     ${lab.pid}, since ${lab.startedAt}`,
    `  Kubernetes  https://127.0.0.1:${lab.kubePort}  (${lab.kubeconfigPath})`,
    `  EC2         http://127.0.0.1:${lab.ec2Port}`,
    `  log         ${lab.logPath}`,
  ];
  const parts = lab.components.map(
    (part) => `  ${part.running ? 'running' : 'stopped'}     ${part.name}`,
  );
  return [...lines, ...parts].join('\n');
}

import { LabProblem, type LabPort } from './lab-port.ts';

/** Name of a lab started by `trunkline lab up` without a name. */
export const DEFAULT_LAB = 'lab';
/** Name of a lab started by `trunkline demo` (npm start) without a name. */
export const DEFAULT_DEMO = 'demo';

/** The lab a command means: the named one, else the only one that runs. */
export async function chooseLab(lab: LabPort, name: string | undefined): Promise<string> {
  if (name !== undefined) return name;
  const running = (await lab.list()).filter(({ state }) => state === 'running');
  const [first, ...others] = running;
  if (first === undefined)
    throw new LabProblem("No lab is running: start one with 'trunkline lab up'");
  if (others.length === 0) return first.name;
  const names = running.map((each) => each.name).join(', ');
  throw new LabProblem(`Several labs are running (${names}): say which with --name`);
}

/** The kubeconfig file of the lab a command means. Throws LabProblem when there is none to ask. */
export async function labKubeconfig(lab: LabPort, name: string | undefined): Promise<string> {
  const chosen = await chooseLab(lab, name);
  await lab.access(chosen);
  const summary = (await lab.list()).find((each) => each.name === chosen);
  return summary?.kubeconfigPath ?? '';
}

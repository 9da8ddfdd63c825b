import type { ConnectKube } from '../cli/command.ts';
import { LabProblem } from '../cli/lab-port.ts';
import { createKubeClient } from '../io/kube-client.ts';
import type { KubeTransportOptions } from '../io/kube-http.ts';
import { KubeConfigError, readKubeConfig } from '../io/kube-config.ts';

/** Connects commands to the cluster of a kubeconfig file. */
export const connectKube: ConnectKube = async (path) => createKubeClient(await readKube(path));

/** Connection options of a kubeconfig file; rejects with LabProblem when it cannot be used. */
export async function readKube(path: string): Promise<KubeTransportOptions> {
  try {
    return await readKubeConfig(path);
  } catch (error) {
    if (error instanceof KubeConfigError) throw new LabProblem(error.message);
    if (error instanceof Error && 'code' in error)
      throw new LabProblem(`Cannot read kubeconfig ${path}: ${error.message}`);
    throw error;
  }
}

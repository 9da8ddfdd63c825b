import { KubeError } from '../api/kube-error.ts';
import { LabProblem } from '../cli/lab-port.ts';
import type { VpcServeRequest } from '../cli/vpc-serve-request.ts';

/** What a person can do about a failed start; other errors as they are. */
export function problemOf(error: unknown, request: VpcServeRequest): unknown {
  if (error instanceof KubeError) return kubeProblem(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const advice = ADVICE[String(code)];
  if (advice === undefined) return error;
  return new LabProblem(`Cannot listen on ${request.host}:${request.port} (--listen): ${advice}`);
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use. Stop what uses it, or choose another port (0: any free one)',
  EACCES: 'not permitted. Choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address. Choose one of its own',
  ENOTFOUND: 'there is no such host. Choose an address of this machine',
  EAI_AGAIN: 'the name of the host cannot be looked up. Choose an address of this machine',
};

function kubeProblem({ message }: KubeError): LabProblem {
  return new LabProblem(`Cannot use --store kubernetes (--kubeconfig): ${message}`);
}

/** Runs the reading of a file that an option names; says which option when it cannot be used. */
export function fromFile<T>(option: string, file: string, read: (file: string) => T): T {
  try {
    return read(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LabProblem(`Cannot use ${file} (${option}): ${why}`);
  }
}

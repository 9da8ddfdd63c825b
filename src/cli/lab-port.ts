/**
 * The lab as the command line sees it. The layer `lab` implements this port; the commands know
 * nothing of namespaces and processes.
 */

/** How hosts and fabrics are joined; `auto` probes for 802.1q and falls back to `veth`. */
export type LinkDriverChoice = 'auto' | 'vlan' | 'veth';

/** One thing that happened on the way up or in the scenario; shown live by the terminal. */
export type LabProgress =
  /** A step began; it ends with the next `step` or `ready`. */
  | { readonly kind: 'step'; readonly text: string }
  /** A line worth keeping, such as the driver fallback. */
  | { readonly kind: 'note'; readonly text: string }
  /** Text printed as it is (the verdict table), several lines allowed. */
  | { readonly kind: 'output'; readonly text: string }
  /** The lab is up: `lab up` returns now. */
  | { readonly kind: 'ready'; readonly text: string }
  /** The lab could not be brought up, or ended by itself. */
  | { readonly kind: 'failed'; readonly text: string };

/** What clients outside need to talk to the lab. */
export interface LabAccess {
  /** Content of the kubeconfig file. */
  readonly kubeconfig: string;
  readonly ec2Endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** A part of the lab that can be stopped and started by itself, such as `webhook`. */
export interface LabComponent {
  readonly name: string;
  readonly running: boolean;
}

/** What to bring up. */
export interface LabUpRequest {
  readonly name: string;
  readonly mode: 'demo' | 'lab';
  /** After the scenario: stay until Ctrl-C (true) or end. `lab` always stays. */
  readonly stay: boolean;
  readonly linkDriver: LinkDriverChoice;
  /** Folder that keeps the journal over restarts; undefined: nothing is kept. */
  readonly stateFolder?: string;
}

/** A lab that runs, or ran and was not cleaned up. */
export interface LabSummary {
  readonly name: string;
  readonly state: 'running' | 'dead';
  /** Process id of the sandbox's supervisor. */
  readonly pid: number;
  readonly startedAt: string;
  readonly kubePort: number;
  readonly ec2Port: number;
  readonly kubeconfigPath: string;
  readonly logPath: string;
}

/** A problem that a person can act on; printed without a stack, exit status 3. */
export class LabProblem extends Error {
  override readonly name = 'LabProblem';
}

/** Bringing labs up and down. */
export interface LabPort {
  /** Removes what dead labs left; answers their names. */
  sweep(): Promise<readonly string[]>;
  /** Starts a lab in the background; resolves when it is ready, rejects with LabProblem. */
  up(request: LabUpRequest, report: (progress: LabProgress) => void): Promise<LabSummary>;
  /** Becomes the lab: the process is replaced and its exit status is the lab's. */
  run(request: LabUpRequest, report: (progress: LabProgress) => void): Promise<never>;
  /** Stops a lab and waits until nothing of it is left. */
  down(name: string): Promise<void>;
  list(): Promise<readonly LabSummary[]>;
  access(name: string): Promise<LabAccess>;
  /** Sockets of the lab's agents that answer for flow records. */
  flowSockets(name: string): Promise<readonly string[]>;
  components(name: string): Promise<readonly LabComponent[]>;
  setComponent(name: string, component: string, running: boolean): Promise<void>;
}

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { LabAccess, LabComponent, LabProgress, LinkDriverChoice } from '../../cli/lab-port.ts';

export type { LabAccess, LabComponent, LabProgress, LinkDriverChoice };

/** How names of the agents' sockets for flow records end, in the run folder. */
export const FLOW_SOCKET = '.flows.sock';

/** The servers of the lab that are reached from outside its namespaces. */
export const LAB_LISTENERS = ['kube', 'ec2'] as const;
/** One of the servers of the lab that are reached from outside. */
export type ListenerName = (typeof LAB_LISTENERS)[number];

/**
 * A listening TCP socket on 127.0.0.1 of the machine, opened before the sandbox was entered. It
 * keeps the network namespace it was made in, so `server.listen({ fd })` inside the sandbox serves
 * clients outside of it.
 */
export interface InheritedListener {
  readonly fd: number;
  readonly port: number;
}

/** Answers `lab stop|start COMPONENT` and the component part of `lab status`. */
export interface LabControl {
  /** Names that `stop` and `start` take, with their present state. */
  components(): Promise<readonly LabComponent[]>;
  /** Stops a component; rejects with a plain message when the name is unknown. */
  stop(component: string): Promise<void>;
  start(component: string): Promise<void>;
}

/** What `runLab` is asked to do. */
export interface LabOrder {
  readonly name: string;
  /** `demo` plays the scenario; `lab` only comes up and stays until it is stopped. */
  readonly mode: 'demo' | 'lab';
  /** After the scenario: stay until Ctrl-C (a terminal is watching) or end (false). */
  readonly stay: boolean;
  readonly linkDriver: LinkDriverChoice;
  /** Where the SQLite journal lives: the run folder, or the folder given by `--state`, kept. */
  readonly dataDir: string;
  /** Registry folder of this lab: log, kubeconfig, environment. Removed when the lab ends. */
  readonly stateDir: string;
  /** Short temp folder for sockets and container logs (< 80 characters). Removed when it ends. */
  readonly runDir: string;
  /** Root of the repository. */
  readonly root: string;
}

/**
 * All that the lab's inner process gets from the launcher. It already runs inside the sandbox: own
 * user, mount, network and PID namespace, private empty /run, `lo` up, root by mapping.
 */
export interface LabRuntime extends LabOrder {
  readonly listeners: Readonly<Record<ListenerName, InheritedListener>>;
  /**
   * Aborted by Ctrl-C, SIGTERM, `lab down` or `fail`; its reason is a one-line Error. `runLab`
   * closes everything and returns. A second Ctrl-C, or ten seconds without returning, kills.
   */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Goes to `<stateDir>/lab.log`. */
  readonly log: Log;
  readonly random: Random;
  report(progress: LabProgress): void;
  /** Writes kubeconfig and AWS environment to the registry, for `lab env` and `lab status`. */
  publish(access: LabAccess): Promise<void>;
  /** Serves `lab stop|start|status` over `<runDir>/control.sock` from now on. */
  serveControl(control: LabControl): Promise<void>;
}

/** The signature of the lab's main module (`src/lab/main.ts`); resolves when the lab has ended. */
export type RunLab = (runtime: LabRuntime) => Promise<LabOutcome>;

/** How the lab ended. Exit status 0 when `ok`, else 1. */
export interface LabOutcome {
  readonly ok: boolean;
}

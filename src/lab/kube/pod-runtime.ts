import type { Readable, Writable } from 'node:stream';

/** A container of a pod; without a name, the pod's first. */
export interface ContainerTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
}

/** Which part of a container's log is wanted; the options of `kubectl logs`. */
export interface LogOptions {
  /** Goes on until the container ends or the signal aborts. */
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly timestamps?: boolean;
  /** The log of the container's last terminated run. */
  readonly previous?: boolean;
  readonly limitBytes?: number;
}

/** A command to run in a container, and what it is connected to. */
export interface ExecOptions {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** A running command. With a terminal, stderr stays empty: all output is on stdout. */
export interface ExecSession {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Tells the terminal its new size; without one, does nothing. */
  resize(columns: number, rows: number): void;
  /** Resolves once when the command has ended; 128 + signal number when a signal ended it. */
  readonly exited: Promise<{ readonly code: number }>;
  kill(): void;
}

/**
 * What the API server asks of the kubelet that runs a pod. Failures (no such container, no previous
 * run) throw `KubeError` with the reason that the client should see.
 */
export interface PodRuntime {
  /** Chunks of the log, each whole lines; ends quietly when the signal aborts. */
  logs(
    target: ContainerTarget,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Starts the command; rejects when it cannot be started. */
  exec(target: ContainerTarget, options: ExecOptions): Promise<ExecSession>;
  /**
   * Joins the container's own process; rejects when it does not run. `kill` of the session only
   * leaves it, and `exited` tells no exit code: the pod's status does.
   */
  attach(target: ContainerTarget): Promise<ExecSession>;
}

import type { KubeClient } from '../api/client.ts';
import type { Clock } from '../base/clock.ts';
import type { AskAgent } from './flows.ts';
import type { MeasureConformance } from './conformance.ts';
import type { LabPort } from './lab-port.ts';
import type { ProgressTerminal } from './progress.ts';
import type { VpcServe } from './vpc-serve.ts';

/** What commands work with. */
export interface CommandContext {
  readonly lab: LabPort;
  readonly vpcServe: VpcServe;
  readonly conformance: MeasureConformance;
  /** Connects by a kubeconfig file; rejects with LabProblem when the file cannot be used. */
  readonly connectKube: ConnectKube;
  /** Asks an agent for flow records. */
  readonly askAgent: AskAgent;
  readonly clock: Clock;
  /** When the command began, in milliseconds since the epoch. */
  readonly beganMs: number;
  /** Standard output: the answer, and nothing else. */
  readonly write: (text: string) => void;
  /** Where progress goes while a command waits: standard error. */
  readonly terminal: ProgressTerminal;
  /** Whether a person watches standard output. */
  readonly interactive: boolean;
}

/** Connects to the Kubernetes API that a kubeconfig file names. */
export type ConnectKube = (path: string) => Promise<KubeClient & { close(): Promise<void> }>;

/** How an answer is printed. */
export type OutputFormat = 'text' | 'json';

/** Formats of `-o`. */
export const OUTPUT_FORMATS = ['text', 'json'] as const;

/** An answer of a command: the value for programs, and how people read it. */
export interface Answer<T> {
  readonly value: T;
  readonly text: (value: T) => string;
}

/** Prints an answer in the asked format, ending in one line end. */
export function printAnswer<T>(
  { write }: Pick<CommandContext, 'write'>,
  { value, text }: Answer<T>,
  format: OutputFormat,
): void {
  const printed = format === 'json' ? JSON.stringify(value, null, 2) : text(value);
  write(printed === '' || printed.endsWith('\n') ? printed : `${printed}\n`);
}

/** What the program printed last and its exit status: 0 good, 1 failed, 2 wrong use, 3 cannot here. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unable: 3 } as const;

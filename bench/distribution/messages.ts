import type { KubeTransportOptions } from '../../src/io/kube-http.ts';

/** What a process of agents is asked; each is answered by a report. */
export type AgentsTask =
  | {
      readonly kind: 'start';
      readonly server: KubeTransportOptions;
      readonly instances: readonly string[];
    }
  | { readonly kind: 'find'; readonly text: string; readonly sinceMs: number };

/** How a process of agents is. */
export interface AgentsReport {
  readonly rssMb: number;
  readonly cpuMs: number;
  /** When filters were first told of the text since then, one time for each agent that was. */
  readonly foundMs: readonly number[];
}

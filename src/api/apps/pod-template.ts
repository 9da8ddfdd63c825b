import type { PodSpec } from '../core/pod.ts';

/** What a workload stamps its pods from. */
export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: null;
  };
  readonly spec: PodSpec;
}

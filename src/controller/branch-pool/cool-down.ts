import type { ConfigMap } from '../../api/core/config-map.ts';

/** The ConfigMap of the VPC CNI in kube-system. */
export const COOL_DOWN_CONFIG_MAP = { name: 'amazon-vpc-cni', namespace: 'kube-system' } as const;

/** How long a released branch rests before its address may be used again. */
export interface CoolDownDefaults {
  /** Used when the key is absent or not a number. */
  readonly coolDownMs: number;
  /** Smaller values are raised to this. */
  readonly minimumCoolDownMs: number;
}

/** The defaults of EKS (spec: eks-behaviour 3.7). */
export const COOL_DOWN_DEFAULTS: CoolDownDefaults = {
  coolDownMs: 60_000,
  minimumCoolDownMs: 30_000,
};

const KEY = 'branch-eni-cooldown';

/** The cool-down in force. Unlike on EKS, removing the key brings the default back (section 9). */
export function coolDownOf(configMap: ConfigMap | undefined, defaults: CoolDownDefaults): number {
  const text = configMap?.data?.[KEY]?.trim() ?? '';
  const wanted = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : defaults.coolDownMs;
  return Math.max(wanted, defaults.minimumCoolDownMs);
}

/** A duration as Go prints it, such as `1m30s`: the event's text is part of the contract. */
export function goDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

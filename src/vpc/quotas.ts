/** Quotas of an account, with AWS's defaults (spec: ec2-surface 3.9). */
export interface Quotas {
  readonly groupsPerInterface: number;
  /** Per direction and per address family. */
  readonly rulesPerGroup: number;
  readonly groupsPerRegion: number;
  readonly vpcsPerRegion: number;
  readonly subnetsPerVpc: number;
  readonly interfacesPerRegion: number;
  readonly tagsPerResource: number;
}

/** AWS's default quotas. */
export const DEFAULT_QUOTAS: Quotas = {
  groupsPerInterface: 5,
  rulesPerGroup: 60,
  groupsPerRegion: 2500,
  vpcsPerRegion: 5,
  subnetsPerVpc: 200,
  interfacesPerRegion: 5000,
  tagsPerResource: 50,
};

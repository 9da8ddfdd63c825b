/** An add-on that clusters can have. */
export interface AddonEntry {
  readonly name: string;
  /** The newest one, which is the default, first. */
  readonly versions: readonly string[];
  readonly clusterVersions: readonly string[];
}

const CLUSTER_VERSIONS = ['1.34', '1.33', '1.32', '1.31', '1.30'] as const;

/** The networking add-on, in versions as AWS names them; more are not known here. */
export const ADDONS: readonly AddonEntry[] = [
  {
    name: 'vpc-cni',
    versions: [
      'v1.20.0-eksbuild.1',
      'v1.19.5-eksbuild.1',
      'v1.19.2-eksbuild.1',
      'v1.19.0-eksbuild.1',
      'v1.18.5-eksbuild.1',
      'v1.18.3-eksbuild.1',
      'v1.18.1-eksbuild.3',
    ],
    clusterVersions: CLUSTER_VERSIONS,
  },
];

/** The entry of an add-on. */
export function findAddon(name: string): AddonEntry | undefined {
  return ADDONS.find((each) => each.name === name);
}

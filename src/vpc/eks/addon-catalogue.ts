/** One version of an add-on. */
export interface AddonVersion {
  readonly version: string;
  /** Kubernetes versions of clusters that can have it. */
  readonly clusterVersions: readonly string[];
}

/** An add-on that clusters can have. */
export interface AddonEntry {
  readonly name: string;
  readonly type: 'networking' | 'security';
  /** The newest one first; the first that fits a cluster is its default. */
  readonly versions: readonly AddonVersion[];
}

const ALL = ['1.34', '1.33', '1.32', '1.31', '1.30'] as const;

const everywhere = (...versions: readonly string[]): readonly AddonVersion[] =>
  versions.map((version) => ({ version, clusterVersions: ALL }));

const only = (clusterVersion: string, ...versions: readonly string[]): readonly AddonVersion[] =>
  versions.map((version) => ({ version, clusterVersions: [clusterVersion] }));

/**
 * The add-ons that most clusters have, in versions as AWS names them (EKS user guide, pages on
 * managing each add-on); not all that there were.
 */
export const ADDONS: readonly AddonEntry[] = [
  {
    name: 'coredns',
    type: 'networking',
    versions: [
      ...only('1.34', 'v1.12.4-eksbuild.1'),
      ...only('1.33', 'v1.12.2-eksbuild.4', 'v1.12.1-eksbuild.2'),
      ...['v1.11.4-eksbuild.22', 'v1.11.4-eksbuild.20'].map((version) => ({
        version,
        clusterVersions: ['1.33', '1.32', '1.31', '1.30'],
      })),
    ],
  },
  {
    name: 'eks-pod-identity-agent',
    type: 'security',
    versions: everywhere('v1.3.8-eksbuild.2', 'v1.3.7-eksbuild.2'),
  },
  {
    name: 'kube-proxy',
    type: 'networking',
    versions: [
      ...only('1.34', 'v1.34.1-eksbuild.2', 'v1.34.0-eksbuild.4'),
      ...only('1.33', 'v1.33.5-eksbuild.2', 'v1.33.3-eksbuild.6', 'v1.33.0-eksbuild.2'),
      ...only('1.32', 'v1.32.9-eksbuild.2', 'v1.32.6-eksbuild.8'),
      ...only('1.31', 'v1.31.13-eksbuild.2', 'v1.31.10-eksbuild.8'),
      ...only('1.30', 'v1.30.14-eksbuild.8', 'v1.30.14-eksbuild.6'),
    ],
  },
  {
    name: 'vpc-cni',
    type: 'networking',
    versions: everywhere(
      'v1.20.0-eksbuild.1',
      'v1.19.5-eksbuild.1',
      'v1.19.2-eksbuild.1',
      'v1.19.0-eksbuild.1',
      'v1.18.5-eksbuild.1',
      'v1.18.3-eksbuild.1',
      'v1.18.1-eksbuild.3',
    ),
  },
];

/** The entry of an add-on. */
export function findAddon(name: string): AddonEntry | undefined {
  return ADDONS.find((each) => each.name === name);
}

/** The version that a cluster gets when none is named. */
export function defaultVersion(
  { versions }: AddonEntry,
  clusterVersion: string,
): string | undefined {
  return versions.find(({ clusterVersions }) => clusterVersions.includes(clusterVersion))?.version;
}

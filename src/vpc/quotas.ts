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
  readonly cidrBlocksPerVpc: number;
  readonly ipv6CidrBlocksPerVpc: number;
  readonly routeTablesPerVpc: number;
  /** Besides the local ones. */
  readonly routesPerTable: number;
  readonly internetGatewaysPerRegion: number;
  readonly elasticIpsPerRegion: number;
  readonly egressOnlyGatewaysPerRegion: number;
  readonly networkAclsPerVpc: number;
  /** Per direction. */
  readonly entriesPerNetworkAcl: number;
  /** Active ones. */
  readonly peeringsPerVpc: number;
  /** Requests that wait for an answer. */
  readonly pendingPeeringsPerVpc: number;
  readonly flowLogsPerResource: number;
  readonly keyPairsPerRegion: number;
  /** Rules times groups of one interface, per direction and family. */
  readonly rulesPerInterface: number;
  readonly prefixListsPerRegion: number;
  readonly entriesPerPrefixList: number;
  readonly versionsPerPrefixList: number;
  readonly insightsPathsPerRegion: number;
  readonly insightsAnalysesPerRegion: number;
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
  cidrBlocksPerVpc: 5,
  ipv6CidrBlocksPerVpc: 5,
  routeTablesPerVpc: 200,
  routesPerTable: 500,
  internetGatewaysPerRegion: 5,
  elasticIpsPerRegion: 5,
  egressOnlyGatewaysPerRegion: 5,
  networkAclsPerVpc: 200,
  entriesPerNetworkAcl: 20,
  peeringsPerVpc: 50,
  pendingPeeringsPerVpc: 25,
  flowLogsPerResource: 10,
  keyPairsPerRegion: 5000,
  rulesPerInterface: 1000,
  prefixListsPerRegion: 100,
  entriesPerPrefixList: 1000,
  versionsPerPrefixList: 1000,
  insightsPathsPerRegion: 100,
  insightsAnalysesPerRegion: 1000,
};

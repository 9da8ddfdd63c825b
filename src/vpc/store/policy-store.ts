import type { KubeClient } from '../../api/client.ts';
import {
  NETWORK_INSIGHTS_ANALYSES,
  type NetworkInsightsAnalysis,
} from '../../api/vpc/network-insights-analysis.ts';
import {
  NETWORK_INSIGHTS_PATHS,
  type NetworkInsightsPath,
} from '../../api/vpc/network-insights-path.ts';
import { PREFIX_LISTS, type PrefixList } from '../../api/vpc/prefix-list.ts';
import { ID_KINDS } from '../../ec2/id-kinds.ts';
import { Collection } from './collection.ts';
import { tagKeys } from './keys.ts';

/** What rules refer to besides groups, and what asks about rules. */
export interface PolicyStore {
  readonly prefixLists: Collection<PrefixList>;
  readonly insightsPaths: Collection<NetworkInsightsPath>;
  readonly insightsAnalyses: Collection<NetworkInsightsAnalysis>;
}

/** Builds the collections. */
export function createPolicyStore(kube: KubeClient): PolicyStore {
  return {
    prefixLists: new Collection<PrefixList>({
      kube,
      resource: PREFIX_LISTS,
      idKind: ID_KINDS.prefixList,
      indexes: { tag: tagKeys },
    }),
    insightsPaths: new Collection<NetworkInsightsPath>({
      kube,
      resource: NETWORK_INSIGHTS_PATHS,
      idKind: ID_KINDS.insightsPath,
      indexes: { tag: tagKeys },
    }),
    insightsAnalyses: new Collection<NetworkInsightsAnalysis>({
      kube,
      resource: NETWORK_INSIGHTS_ANALYSES,
      idKind: ID_KINDS.insightsAnalysis,
      indexes: { path: ({ spec }) => [spec.pathId], tag: tagKeys },
    }),
  };
}

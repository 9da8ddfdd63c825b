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
import type { Collection } from './collection.ts';
import { tagKeys } from './keys.ts';
import type { MakeCollection } from './make-collection.ts';

/** What rules refer to besides groups, and what asks about rules. */
export interface PolicyStore {
  readonly prefixLists: Collection<PrefixList>;
  readonly insightsPaths: Collection<NetworkInsightsPath>;
  readonly insightsAnalyses: Collection<NetworkInsightsAnalysis>;
}

/** Builds the collections. */
export function createPolicyStore(make: MakeCollection): PolicyStore {
  return {
    prefixLists: make(PREFIX_LISTS, ID_KINDS.prefixList, { tag: tagKeys }),
    insightsPaths: make(NETWORK_INSIGHTS_PATHS, ID_KINDS.insightsPath, { tag: tagKeys }),
    insightsAnalyses: make(NETWORK_INSIGHTS_ANALYSES, ID_KINDS.insightsAnalysis, {
      path: ({ spec }) => [spec.pathId],
      tag: tagKeys,
    }),
  };
}

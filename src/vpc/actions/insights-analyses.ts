import type {
  DeleteNetworkInsightsAnalysisRequest,
  DeleteNetworkInsightsAnalysisResult,
  DescribeNetworkInsightsAnalysesRequest,
  DescribeNetworkInsightsAnalysesResult,
  Explanation,
  NetworkInsightsAnalysis as AnalysisView,
  PathComponent,
  StartNetworkInsightsAnalysisRequest,
  StartNetworkInsightsAnalysisResult,
} from '@aws-sdk/client-ec2';
import type { NetworkInsightsAnalysis } from '../../api/vpc/network-insights-analysis.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { explanations, pathComponents, statusMessage } from '../insights/answer.ts';
import { runAnalysis, type Findings } from '../insights/run.ts';
import { own, ownAll, required, sees } from '../own.ts';
import { specifiedTags, tagList, type Tags } from '../tags.ts';
import { checkReplay, creationId, requestDigest } from '../tokens.ts';

type Spec = NetworkInsightsAnalysis['spec'];

/** StartNetworkInsightsAnalysis: finished at once, answered by our evaluator of rules. */
export const startNetworkInsightsAnalysis: Handler<
  StartNetworkInsightsAnalysisRequest,
  StartNetworkInsightsAnalysisResult
> = async (input, call) => {
  const { store } = call;
  const token = input.ClientToken;
  const id = creationId(call, { prefix: 'nia', action: 'StartNetworkInsightsAnalysis', token });
  const pathId = required(input.NetworkInsightsPathId, 'networkInsightsPathId');
  const type = 'network-insights-analysis';
  const tags = specifiedTags(input.TagSpecifications, type, call.quotas);
  const analysis = await store.locks.hold({ shared: [pathId], exclusive: [id] }, async () => {
    const earlier = store.insightsAnalyses.get(id);
    if (earlier !== undefined) {
      checkReplay(earlier.spec.clientTokenDigest, input);
      return earlier;
    }
    own(call, store.insightsPaths, pathId);
    checkQuota(call);
    const spec = analysed(call, pathId, { input, tags });
    return await store.insightsAnalyses.create({ metadata: { name: id }, spec });
  });
  return { NetworkInsightsAnalysis: analysisView(call, analysis) };
};

function checkQuota(call: Call): void {
  const count = ownAll(call, call.store.insightsAnalyses).length;
  if (count >= call.quotas.insightsAnalysesPerRegion)
    throw new Ec2Error(
      'ResourceLimitExceeded',
      'The maximum number of network insights analyses has been reached.',
    );
}

interface Start {
  readonly input: StartNetworkInsightsAnalysisRequest;
  readonly tags: Tags;
}

function analysed(call: Call, pathId: string, { input, tags }: Start): Spec {
  return compact<Spec>({
    account: call.accountId,
    region: call.region,
    pathId,
    startedAt: nowText(call),
    ...outcome(call, pathId),
    clientToken: input.ClientToken,
    clientTokenDigest: input.ClientToken === undefined ? undefined : requestDigest(input),
    tags,
  });
}

type Outcome = Pick<
  Spec,
  'status' | 'statusMessage' | 'pathFound' | 'forwardPath' | 'explanations'
>;

/** An end that is gone is a failed analysis, not a failed request. */
function outcome(call: Call, pathId: string): Outcome {
  const { analyse, store } = call;
  if (analyse === undefined)
    throw new Ec2Error('UnsupportedOperation', 'This server has no evaluator for analyses.');
  try {
    return outcomeOf(call, runAnalysis(call, store.insightsPaths.must(pathId), analyse));
  } catch (error) {
    if (!(error instanceof Ec2Error)) throw error;
    return { status: 'failed', statusMessage: error.message };
  }
}

function outcomeOf(call: Call, findings: Findings): Outcome {
  if (findings.isReachable)
    return {
      status: 'succeeded',
      pathFound: true,
      forwardPath: stored(pathComponents(call, findings)),
    };
  return {
    status: 'succeeded',
    statusMessage: statusMessage(findings),
    pathFound: false,
    explanations: stored(explanations(call, findings)),
  };
}

type Parts = NonNullable<Spec['forwardPath']>;

function stored(parts: readonly (PathComponent | Explanation)[]): Parts {
  return parts as unknown as Parts;
}

/** DeleteNetworkInsightsAnalysis. */
export const deleteNetworkInsightsAnalysis: Handler<
  DeleteNetworkInsightsAnalysisRequest,
  DeleteNetworkInsightsAnalysisResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInsightsAnalysisId, 'networkInsightsAnalysisId');
  return store.locks.hold({ exclusive: [id] }, async () => {
    own(call, store.insightsAnalyses, id);
    await store.insightsAnalyses.remove(id);
    return { NetworkInsightsAnalysisId: id };
  });
};

const FILTERS: FilterTable<NetworkInsightsAnalysis> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'path-found': ({ spec }) => [spec.pathFound?.toString()],
    status: ({ spec }) => [spec.status],
  },
};

/** DescribeNetworkInsightsAnalyses, of one path, of a time, or by filters. */
export const describeNetworkInsightsAnalyses: Handler<
  DescribeNetworkInsightsAnalysesRequest,
  DescribeNetworkInsightsAnalysesResult
> = (input, call) => {
  const pathId = input.NetworkInsightsPathId;
  if (pathId !== undefined) own(call, call.store.insightsPaths, pathId);
  const found = selectObjects(
    call.store.insightsAnalyses,
    { ids: input.NetworkInsightsAnalysisIds, filters: input.Filters },
    { table: FILTERS, visible: (each) => sees(call, each) },
  ).filter(({ spec }) => (pathId === undefined || spec.pathId === pathId) && isWithin(spec, input));
  const page = paginate(found, input, { key: ({ metadata }) => metadata.name, range: [1, 100] });
  return {
    NetworkInsightsAnalyses: page.items.map((each) => analysisView(call, each)),
    NextToken: page.nextToken,
  };
};

function isWithin(
  { startedAt }: Spec,
  { AnalysisStartTime: from, AnalysisEndTime: to }: DescribeNetworkInsightsAnalysesRequest,
): boolean {
  const startMs = Date.parse(startedAt);
  return (
    (from === undefined || startMs >= from.getTime()) &&
    (to === undefined || startMs <= to.getTime())
  );
}

function analysisView(call: Call, { metadata, spec }: NetworkInsightsAnalysis): AnalysisView {
  return {
    NetworkInsightsAnalysisId: metadata.name,
    NetworkInsightsAnalysisArn: `arn:aws:ec2:${call.region}:${spec.account}:network-insights-analysis/${metadata.name}`,
    NetworkInsightsPathId: spec.pathId,
    StartDate: new Date(spec.startedAt),
    Status: spec.status,
    StatusMessage: spec.statusMessage,
    NetworkPathFound: spec.pathFound,
    ForwardPathComponents: [...(spec.forwardPath ?? [])],
    ReturnPathComponents: [],
    Explanations: [...(spec.explanations ?? [])],
    Tags: tagList(spec.tags),
  };
}

import type {
  CreateFlowLogsRequest,
  CreateFlowLogsResult,
  DeleteFlowLogsRequest,
  DeleteFlowLogsResult,
  UnsuccessfulItem,
} from '@aws-sdk/client-ec2';
import type { FlowLog } from '../../api/vpc/flow-log.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { checkResource, readFlowLog, type FlowLogDraft } from '../flow-logs/request.ts';
import { required, sees } from '../own.ts';
import { specifiedTags } from '../tags.ts';
import { checkReplay, creationId, tokenFields } from '../tokens.ts';

/** A resource of a request, and the id that its flow log gets. */
interface Wanted {
  readonly resourceId: string;
  readonly id: string;
}

/** CreateFlowLogs: one for each resource; resources that cannot have one are told in the answer. */
export const createFlowLogs: Handler<CreateFlowLogsRequest, CreateFlowLogsResult> = async (
  input,
  call,
) => {
  const { store } = call;
  const draft = readFlowLog(input);
  const resourceIds = required(input.ResourceIds, 'resourceId');
  const tags = specifiedTags(input.TagSpecifications, 'vpc-flow-log', call.quotas);
  const wanted = resourceIds.map((resourceId, i): Wanted => {
    const action = `CreateFlowLogs ${i}`;
    return { resourceId, id: creationId(call, { prefix: 'fl', action, token: input.ClientToken }) };
  });
  const exclusive = resourceIds.map((id) => `flow-logs:${id}`);
  return store.locks.hold({ shared: resourceIds, exclusive }, async () => {
    const problems = new Map<string, UnsuccessfulItem>();
    for (const { resourceId, id } of wanted) {
      const earlier = store.flowLogs.get(id);
      checkReplay(earlier?.spec.clientTokenDigest, input);
      if (earlier !== undefined) continue;
      checkNew(call, resourceId, draft);
      const problem = problemOf(call, input, resourceId);
      if (problem !== undefined) problems.set(resourceId, problem);
    }
    const possible = wanted.filter(({ resourceId }) => !problems.has(resourceId));
    for (const { resourceId, id } of possible) {
      const { accountId: account, region } = call;
      const spec = { ...draft, account, region, resourceId, createdAt: nowText(call), tags };
      if (store.flowLogs.get(id) === undefined)
        await store.flowLogs.create({
          metadata: { name: id },
          spec: { ...spec, ...tokenFields(input) },
        });
    }
    return {
      FlowLogIds: possible.map(({ id }) => id),
      Unsuccessful: [...problems.values()],
      ClientToken: input.ClientToken,
    };
  });
};

/** Why a resource cannot have a flow log (more). */
function problemOf(
  call: Call,
  input: CreateFlowLogsRequest,
  resourceId: string,
): UnsuccessfulItem | undefined {
  try {
    checkResource(call, required(input.ResourceType, 'resourceType'), resourceId);
    if (call.store.flowLogs.table.count('resource', resourceId) >= call.quotas.flowLogsPerResource)
      throw new Ec2Error(
        'FlowLogsLimitExceeded',
        'The maximum number of flow logs of the resource has been reached.',
      );
    return undefined;
  } catch (error) {
    const isOfResource = error instanceof Ec2Error && error.code !== 'InvalidParameterValue';
    if (!isOfResource) throw error;
    return { ResourceId: resourceId, Error: { Code: error.code, Message: error.message } };
  }
}

function checkNew({ store }: Call, resourceId: string, draft: FlowLogDraft): void {
  const isSame = ({ spec }: FlowLog): boolean =>
    spec.trafficType === draft.trafficType &&
    spec.logDestinationType === draft.logDestinationType &&
    spec.logDestination === draft.logDestination &&
    spec.logGroupName === draft.logGroupName;
  if (store.flowLogs.table.by('resource', resourceId).some(isSame))
    throw new Ec2Error(
      'FlowLogAlreadyExists',
      'Error. There is an existing Flow Log with the same configuration and log destination.',
    );
}

/** DeleteFlowLogs: all of them or, when one is unknown, none. */
export const deleteFlowLogs: Handler<DeleteFlowLogsRequest, DeleteFlowLogsResult> = async (
  input,
  call,
) => {
  const { flowLogs } = call.store;
  const ids = required(input.FlowLogIds, 'flowLogId');
  const missing = ids.filter((id) => {
    const flowLog = flowLogs.get(id);
    return flowLog === undefined || !sees(call, flowLog);
  });
  if (missing.length > 0)
    throw new Ec2Error(
      'InvalidFlowLogId.NotFound',
      `These flow log ids in the input list are not found: [TotalCount: ${missing.length}] ${missing.join(' ')}`,
    );
  for (const id of ids) await flowLogs.remove(id);
  return { Unsuccessful: [] };
};

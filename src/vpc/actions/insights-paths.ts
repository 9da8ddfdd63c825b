import type {
  CreateNetworkInsightsPathRequest,
  CreateNetworkInsightsPathResult,
  DeleteNetworkInsightsPathRequest,
  DeleteNetworkInsightsPathResult,
  DescribeNetworkInsightsPathsRequest,
  DescribeNetworkInsightsPathsResult,
  NetworkInsightsPath as PathView,
} from '@aws-sdk/client-ec2';
import type { NetworkInsightsPath } from '../../api/vpc/network-insights-path.ts';
import { formatIp, parseIp } from '../../base/ip.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { endpointId, endpointInterface } from '../insights/endpoints.ts';
import { invalidValue, own, ownAll, required, sees } from '../own.ts';
import { singleAddresses } from '../store/address-space.ts';
import { specifiedTags, tagList } from '../tags.ts';
import { checkReplay, creationId, requestDigest } from '../tokens.ts';

type Spec = NetworkInsightsPath['spec'];

/** CreateNetworkInsightsPath between interfaces or instances, or to an address. */
export const createNetworkInsightsPath: Handler<
  CreateNetworkInsightsPathRequest,
  CreateNetworkInsightsPathResult
> = async (input, call) => {
  const { store } = call;
  const token = input.ClientToken;
  const id = creationId(call, { prefix: 'nip', action: 'CreateNetworkInsightsPath', token });
  const spec = parsePath(input, call);
  const path = await store.locks.hold({ exclusive: [id] }, async () => {
    const earlier = store.insightsPaths.get(id);
    if (earlier !== undefined) {
      checkReplay(earlier.spec.clientTokenDigest, input);
      return earlier;
    }
    if (ownAll(call, store.insightsPaths).length >= call.quotas.insightsPathsPerRegion)
      throw new Ec2Error(
        'ResourceLimitExceeded',
        'The maximum number of network insights paths has been reached.',
      );
    return await store.insightsPaths.create({ metadata: { name: id }, spec });
  });
  return { NetworkInsightsPath: pathView(call, path) };
};

function parsePath(input: CreateNetworkInsightsPathRequest, call: Call): Spec {
  if (input.FilterAtSource !== undefined || input.FilterAtDestination !== undefined)
    throw new Ec2Error('UnsupportedOperation', 'Filters at the ends of a path are not supported.');
  return compact<Spec>({
    account: call.accountId,
    region: call.region,
    ...readSource(input, call),
    ...readDestination(input, call),
    protocol: readProtocol(required(input.Protocol, 'protocol')),
    destinationPort: readPort(input.DestinationPort),
    createdAt: nowText(call),
    clientToken: input.ClientToken,
    clientTokenDigest: input.ClientToken === undefined ? undefined : requestDigest(input),
    tags: specifiedTags(input.TagSpecifications, 'network-insights-path', call.quotas),
  });
}

function readSource(
  input: CreateNetworkInsightsPathRequest,
  call: Call,
): { source: string; sourceIp: string | undefined } {
  const source = endpointId(required(input.Source, 'source'));
  const own = singleAddresses(endpointInterface(call, source));
  const sourceIp = readIp(input.SourceIp);
  if (sourceIp !== undefined && !own.includes(sourceIp))
    throw invalidValue(`The source IP ${sourceIp} is no address of ${source}.`);
  return { source, sourceIp };
}

function readDestination(
  input: CreateNetworkInsightsPathRequest,
  call: Call,
): { destination: string | undefined; destinationIp: string | undefined } {
  const destinationIp = readIp(input.DestinationIp);
  if (input.Destination === undefined && destinationIp === undefined)
    throw new Ec2Error('MissingParameter', 'The request must contain the parameter destination');
  if (input.Destination === undefined) return { destination: undefined, destinationIp };
  const destination = endpointId(input.Destination);
  endpointInterface(call, destination);
  return { destination, destinationIp };
}

function readIp(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ip = parseIp(text);
  if (ip.ok) return formatIp(ip.value);
  throw invalidValue(`Invalid IP address: '${text}'`);
}

function readProtocol(protocol: string): Spec['protocol'] {
  if (protocol === 'tcp' || protocol === 'udp') return protocol;
  throw invalidValue(`Value (${protocol}) for parameter protocol is invalid.`);
}

function readPort(port: number | undefined): number | undefined {
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)) return port;
  throw invalidValue(`Value (${port}) for parameter destinationPort is invalid.`);
}

/** DeleteNetworkInsightsPath: refused while it has analyses. */
export const deleteNetworkInsightsPath: Handler<
  DeleteNetworkInsightsPathRequest,
  DeleteNetworkInsightsPathResult
> = (input, call) => {
  const { store } = call;
  const id = required(input.NetworkInsightsPathId, 'networkInsightsPathId');
  return store.locks.hold({ exclusive: [id] }, async () => {
    own(call, store.insightsPaths, id);
    if (store.insightsAnalyses.table.count('path', id) > 0)
      throw new Ec2Error(
        'AnalysisExistsForNetworkInsightsPath',
        `Analyses exist for the network insights path '${id}'.`,
      );
    await store.insightsPaths.remove(id);
    return { NetworkInsightsPathId: id };
  });
};

const FILTERS: FilterTable<NetworkInsightsPath> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    source: ({ spec }) => [spec.source],
    destination: ({ spec }) => [spec.destination],
    protocol: ({ spec }) => [spec.protocol],
    'destination-port': ({ spec }) => [spec.destinationPort?.toString()],
  },
};

/** DescribeNetworkInsightsPaths. */
export const describeNetworkInsightsPaths: Handler<
  DescribeNetworkInsightsPathsRequest,
  DescribeNetworkInsightsPathsResult
> = (input, call) => {
  const paths = selectObjects(
    call.store.insightsPaths,
    { ids: input.NetworkInsightsPathIds, filters: input.Filters },
    { table: FILTERS, visible: (path) => sees(call, path) },
  );
  const page = paginate(paths, input, { key: ({ metadata }) => metadata.name, range: [1, 100] });
  return {
    NetworkInsightsPaths: page.items.map((path) => pathView(call, path)),
    NextToken: page.nextToken,
  };
};

function pathView(call: Call, { metadata, spec }: NetworkInsightsPath): PathView {
  const arn = (type: string, id: string): string =>
    `arn:aws:ec2:${call.region}:${spec.account}:${type}/${id}`;
  const endArn = (id: string | undefined): string | undefined =>
    id && arn(id.startsWith('i-') ? 'instance' : 'network-interface', id);
  return {
    NetworkInsightsPathId: metadata.name,
    NetworkInsightsPathArn: arn('network-insights-path', metadata.name),
    CreatedDate: new Date(spec.createdAt),
    Source: spec.source,
    SourceArn: endArn(spec.source),
    SourceIp: spec.sourceIp,
    Destination: spec.destination,
    DestinationArn: endArn(spec.destination),
    DestinationIp: spec.destinationIp,
    DestinationPort: spec.destinationPort,
    Protocol: spec.protocol,
    Tags: tagList(spec.tags),
  };
}

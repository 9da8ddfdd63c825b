import type {
  DescribeVpcEndpointServicesRequest,
  DescribeVpcEndpointServicesResult,
  DescribeVpcEndpointsRequest,
  DescribeVpcEndpointsResult,
} from '@aws-sdk/client-ec2';
import type { VpcEndpoint } from '../../api/vpc/vpc-endpoint.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import { endpointServices, type EndpointService } from '../endpoints/services.ts';
import { vpcEndpointView } from '../endpoints/view.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { sees } from '../own.ts';
import { zonesOf } from '../zones.ts';

const FILTERS: FilterTable<VpcEndpoint> = {
  tags: ({ spec }) => spec.tags,
  indexed: { 'vpc-id': 'vpc' },
  filters: {
    'vpc-endpoint-id': ({ metadata }) => [metadata.name],
    'vpc-id': ({ spec }) => [spec.vpcId],
    'service-name': ({ spec }) => [spec.serviceName],
    'vpc-endpoint-type': ({ spec }) => [spec.type],
    'vpc-endpoint-state': () => ['available'],
  },
};

/** DescribeVpcEndpoints. */
export const describeVpcEndpoints: Handler<
  DescribeVpcEndpointsRequest,
  DescribeVpcEndpointsResult
> = (input, call) => {
  const endpoints = selectObjects(
    call.store.vpcEndpoints,
    { ids: input.VpcEndpointIds, filters: input.Filters },
    { table: FILTERS, visible: (endpoint) => sees(call, endpoint) },
  );
  const page = paginate(endpoints, input, {
    key: ({ metadata }) => metadata.name,
    range: [1, 1000],
  });
  return {
    VpcEndpoints: page.items.map((endpoint) => vpcEndpointView(call, endpoint)),
    NextToken: page.nextToken,
  };
};

const SERVICE_FILTERS: FilterTable<EndpointService> = {
  filters: {
    'service-name': ({ name }) => [name],
    'service-type': ({ type }) => [type],
    owner: () => ['amazon'],
  },
};

/** DescribeVpcEndpointServices: AWS's services in the region that clusters usually need. */
export const describeVpcEndpointServices: Handler<
  DescribeVpcEndpointServicesRequest,
  DescribeVpcEndpointServicesResult
> = (input, call) => {
  const all = endpointServices(call.region);
  const names = new Set(input.ServiceNames);
  const unknown = [...names].find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new Ec2Error(
      'InvalidServiceName',
      `The Vpc Endpoint Service '${unknown}' does not exist`,
    );
  const test = filterTest(SERVICE_FILTERS, input.Filters);
  const found = all.filter((each) => test(each) && (names.size === 0 || names.has(each.name)));
  const page = paginate(found, input, {
    key: ({ name, type }) => `${name} ${type}`,
    range: [1, 1000],
  });
  return {
    ServiceNames: [...new Set(page.items.map(({ name }) => name))],
    ServiceDetails: page.items.map(({ name, type }) => ({
      ServiceName: name,
      ServiceType: [{ ServiceType: type }],
      Owner: 'amazon',
      AvailabilityZones: zonesOf(call.region).map((zone) => zone.name),
      AcceptanceRequired: false,
      ManagesVpcEndpoints: false,
      VpcEndpointPolicySupported: true,
      SupportedIpAddressTypes: ['ipv4'],
      Tags: [],
    })),
    NextToken: page.nextToken,
  };
};

import type {
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { must } from '../../base/assert.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { instanceLimits, instanceTypes } from '../../ec2/limits.ts';
import type { Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';

const FILTERS: FilterTable<InstanceTypeInfo> = {
  filters: {
    'instance-type': (info) => [info.InstanceType],
    hypervisor: (info) => [info.Hypervisor],
    'bare-metal': (info) => [String(info.BareMetal)],
    'network-info.maximum-network-interfaces': (info) => [
      info.NetworkInfo?.MaximumNetworkInterfaces?.toString(),
    ],
    'network-info.maximum-network-cards': (info) => [
      info.NetworkInfo?.MaximumNetworkCards?.toString(),
    ],
    'network-info.ipv6-addresses-per-interface': (info) => [
      info.NetworkInfo?.Ipv6AddressesPerInterface?.toString(),
    ],
    'network-info.ipv6-supported': (info) => [String(info.NetworkInfo?.Ipv6Supported)],
    'network-info.ipv4-addresses-per-interface': (info) => [
      info.NetworkInfo?.Ipv4AddressesPerInterface?.toString(),
    ],
  },
};

/** DescribeInstanceTypes: what the limits table knows, which is the network part. */
export const describeInstanceTypes: Handler<
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult
> = (input, call) => {
  const names: readonly string[] = input.InstanceTypes?.length
    ? input.InstanceTypes
    : instanceTypes();
  const unknown = names.filter((name) => instanceLimits(name) === undefined);
  if (unknown.length > 0)
    throw new Ec2Error(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
    );
  const infos = names.map(typeInfo).filter(filterTest(FILTERS, input.Filters));
  const page = paginate(infos, input, { key: (info) => info.InstanceType ?? '', range: [5, 100] });
  call.log.debug('Instance types described', { count: page.items.length });
  return { InstanceTypes: [...page.items], NextToken: page.nextToken };
};

function typeInfo(name: string): InstanceTypeInfo {
  const limits = must(instanceLimits(name), () => `No limits for ${name}`);
  return {
    InstanceType: name as NonNullable<InstanceTypeInfo['InstanceType']>,
    BareMetal: limits.bareMetal,
    Hypervisor: limits.hypervisor === '' ? undefined : (limits.hypervisor as 'nitro' | 'xen'),
    NetworkInfo: {
      MaximumNetworkInterfaces: limits.maxInterfaces,
      MaximumNetworkCards: limits.networkCards.length,
      DefaultNetworkCardIndex: limits.defaultNetworkCard,
      NetworkCards: limits.networkCards.map((MaximumNetworkInterfaces, NetworkCardIndex) => ({
        NetworkCardIndex,
        MaximumNetworkInterfaces,
      })),
      Ipv4AddressesPerInterface: limits.ipv4PerInterface,
      Ipv6AddressesPerInterface: limits.ipv4PerInterface,
      Ipv6Supported: true,
    },
  };
}

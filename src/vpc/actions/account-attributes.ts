import type {
  DescribeAccountAttributesRequest,
  DescribeAccountAttributesResult,
} from '@aws-sdk/client-ec2';
import type { Call, Handler } from '../context.ts';
import { findDefaultVpc, invalidValue } from '../own.ts';

/** AWS's limits of what we do not limit, or do not have. */
const MAX_INSTANCES = '20';
const MAX_ELASTIC_IPS = '5';

const ATTRIBUTES: Readonly<Record<string, (call: Call) => string>> = {
  'supported-platforms': () => 'VPC',
  'default-vpc': (call) => findDefaultVpc(call)?.metadata.name ?? 'none',
  'vpc-max-security-groups-per-interface': ({ quotas }) => String(quotas.groupsPerInterface),
  'max-instances': () => MAX_INSTANCES,
  'max-elastic-ips': () => MAX_ELASTIC_IPS,
  'vpc-max-elastic-ips': () => MAX_ELASTIC_IPS,
};

/** DescribeAccountAttributes. */
export const describeAccountAttributes: Handler<
  DescribeAccountAttributesRequest,
  DescribeAccountAttributesResult
> = (input, call) => {
  const names: readonly string[] = input.AttributeNames?.length
    ? input.AttributeNames
    : Object.keys(ATTRIBUTES);
  return {
    AccountAttributes: names.map((AttributeName) => {
      const read = Object.hasOwn(ATTRIBUTES, AttributeName) ? ATTRIBUTES[AttributeName] : undefined;
      if (read === undefined)
        throw invalidValue(`Value (${AttributeName}) for parameter attributeName is invalid.`);
      return { AttributeName, AttributeValues: [{ AttributeValue: read(call) }] };
    }),
  };
};

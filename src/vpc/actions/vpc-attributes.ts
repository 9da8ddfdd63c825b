import type {
  DescribeVpcAttributeRequest,
  DescribeVpcAttributeResult,
  ModifyVpcAttributeRequest,
} from '@aws-sdk/client-ec2';
import type { Vpc } from '../../api/vpc/vpc.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { invalidValue, ownVpc, required } from '../own.ts';

type Field = 'enableDnsSupport' | 'enableDnsHostnames' | 'enableNetworkAddressUsageMetrics';

const MEMBERS = {
  enableDnsSupport: 'EnableDnsSupport',
  enableDnsHostnames: 'EnableDnsHostnames',
  enableNetworkAddressUsageMetrics: 'EnableNetworkAddressUsageMetrics',
} as const satisfies Readonly<Record<Field, keyof ModifyVpcAttributeRequest>>;

const FIELDS = Object.keys(MEMBERS) as readonly Field[];

/** ModifyVpcAttribute: one attribute in a call. */
export const modifyVpcAttribute: Handler<ModifyVpcAttributeRequest, void> = async (input, call) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  const [field, ...more] = FIELDS.filter((each) => input[MEMBERS[each]]?.Value !== undefined);
  if (field === undefined)
    throw new Ec2Error('InvalidParameterCombination', 'No attributes specified.');
  if (more.length > 0)
    throw new Ec2Error(
      'InvalidParameterCombination',
      `Fields for multiple attribute types specified: ${[field, ...more].join(', ')}`,
    );
  const value = input[MEMBERS[field]]?.Value ?? false;
  await store.locks.hold({ exclusive: [vpcId] }, async () => {
    ownVpc(call, vpcId);
    await store.vpcs.update(vpcId, (vpc) => withAttribute(vpc, field, value));
  });
};

function withAttribute(vpc: Vpc, field: Field, value: boolean): Vpc {
  const spec = { ...vpc.spec, [field]: value };
  if (field === 'enableDnsHostnames' && value && spec.enableDnsSupport === false)
    throw invalidValue('DNS hostnames can be enabled only when DNS support is enabled.');
  return { ...vpc, spec };
}

/** DescribeVpcAttribute. */
export const describeVpcAttribute: Handler<
  DescribeVpcAttributeRequest,
  DescribeVpcAttributeResult
> = (input, call) => {
  const attribute = required(input.Attribute, 'attribute');
  const { metadata, spec } = ownVpc(call, required(input.VpcId, 'vpcId'));
  const field = FIELDS.find((each) => each === attribute);
  if (field === undefined)
    throw invalidValue(
      `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
    );
  return { VpcId: metadata.name, [MEMBERS[field]]: { Value: spec[field] ?? false } };
};

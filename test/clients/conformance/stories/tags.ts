import { ABSENT, count, exactly } from '../match.ts';
import { where, type Story } from '../story.ts';

const MANY = Array.from({ length: 51 }, (_none, i) => ({ Key: `k${i}`, Value: 'v' }));

/** CreateTags, DeleteTags, DescribeTags on every kind of resource. */
export const TAGS: Story = {
  title: 'Tags',
  steps: [
    {
      name: 'a VPC',
      call: ['CreateVpc', { CidrBlock: '10.80.0.0/16' }],
      save: { vpc: 'Vpc.VpcId' },
    },
    {
      name: 'a subnet',
      call: ['CreateSubnet', { VpcId: '{vpc}', CidrBlock: '10.80.1.0/24' }],
      save: { subnet: 'Subnet.SubnetId' },
    },
    {
      name: 'CreateTags tags several resources at once',
      call: [
        'CreateTags',
        {
          Resources: ['{vpc}', '{subnet}'],
          Tags: [
            { Key: 'kubernetes.io/cluster/demo', Value: 'owned' },
            { Key: 'odd <&> "key"', Value: '<b>&amp;</b>' },
            { Key: 'empty', Value: '' },
          ],
        },
      ],
    },
    {
      name: 'the resource shows them',
      call: ['DescribeVpcs', { VpcIds: ['{vpc}'] }],
      answers: {
        Vpcs: [
          {
            Tags: exactly(
              { Key: 'kubernetes.io/cluster/demo', Value: 'owned' },
              { Key: 'odd <&> "key"', Value: '<b>&amp;</b>' },
              { Key: 'empty', Value: '' },
            ),
          },
        ],
      },
    },
    {
      name: 'DescribeTags tells the type of resources',
      call: ['DescribeTags', where({ 'resource-id': ['{vpc}', '{subnet}'], key: 'empty' })],
      answers: {
        Tags: exactly(
          { ResourceId: '{vpc}', ResourceType: 'vpc', Key: 'empty', Value: '' },
          { ResourceId: '{subnet}', ResourceType: 'subnet', Key: 'empty', Value: '' },
        ),
      },
    },
    ...(
      [
        [{ key: 'kubernetes.io/*' }, 2],
        [{ value: 'owned' }, 2],
        [{ 'resource-type': 'subnet' }, 3],
        [{ 'tag:kubernetes.io/cluster/demo': 'owned' }, 2],
        [{ key: 'Empty' }, 0],
      ] as const
    ).map(([filters, found]) => ({
      name: `DescribeTags finds ${found} by ${Object.entries(filters).flat().join('=')}`,
      call: ['DescribeTags', where({ 'resource-id': ['{vpc}', '{subnet}'], ...filters })] as const,
      answers: { Tags: count(found) },
    })),
    {
      name: 'a key again overwrites',
      call: ['CreateTags', { Resources: ['{vpc}'], Tags: [{ Key: 'empty', Value: 'full' }] }],
    },
    {
      name: 'keys are case-sensitive',
      call: ['CreateTags', { Resources: ['{vpc}'], Tags: [{ Key: 'Empty', Value: 'other' }] }],
    },
    {
      name: 'both are there',
      call: ['DescribeTags', where({ 'resource-id': '{vpc}', key: ['empty', 'Empty'] })],
      answers: { Tags: exactly({ Key: 'empty', Value: 'full' }, { Key: 'Empty', Value: 'other' }) },
    },
    {
      name: 'DeleteTags with another value leaves the tag',
      call: ['DeleteTags', { Resources: ['{vpc}'], Tags: [{ Key: 'empty', Value: 'x' }] }],
    },
    {
      name: 'DeleteTags with its value takes the tag',
      call: ['DeleteTags', { Resources: ['{vpc}'], Tags: [{ Key: 'Empty', Value: 'other' }] }],
    },
    {
      name: 'DeleteTags with the key alone takes the tag',
      call: ['DeleteTags', { Resources: ['{vpc}'], Tags: [{ Key: 'kubernetes.io/cluster/demo' }] }],
    },
    {
      name: 'deleting what is not there is no error',
      call: ['DeleteTags', { Resources: ['{vpc}'], Tags: [{ Key: 'nothing' }] }],
    },
    {
      name: 'what stays',
      call: ['DescribeTags', where({ 'resource-id': '{vpc}' })],
      answers: { Tags: exactly({ Key: 'empty', Value: 'full' }, { Key: 'odd <&> "key"' }) },
    },
    {
      name: 'DeleteTags without tags takes them all',
      call: ['DeleteTags', { Resources: ['{vpc}', '{subnet}'] }],
    },
    {
      name: 'no tags are left',
      call: ['DescribeVpcs', { VpcIds: ['{vpc}'] }],
      answers: { Vpcs: [{ Tags: ABSENT }] },
    },
    {
      name: 'a malformed resource id is refused',
      call: ['CreateTags', { Resources: ['thing'], Tags: [{ Key: 'a', Value: 'b' }] }],
      refused: ['InvalidID', /thing/],
    },
    {
      name: 'an unknown VPC is not tagged',
      call: [
        'CreateTags',
        { Resources: ['{vpc}', 'vpc-0123456789abcdef0'], Tags: [{ Key: 'a', Value: 'b' }] },
      ],
      refused: ['InvalidVpcID.NotFound', "The vpc ID 'vpc-0123456789abcdef0' does not exist"],
    },
    {
      name: 'and neither is the known one',
      call: ['DescribeTags', where({ 'resource-id': '{vpc}' })],
      answers: { Tags: [] },
    },
    {
      name: 'an unknown interface is not tagged',
      call: [
        'CreateTags',
        { Resources: ['eni-0123456789abcdef0'], Tags: [{ Key: 'a', Value: 'b' }] },
      ],
      refused: ['InvalidNetworkInterfaceID.NotFound'],
    },
    {
      name: 'CreateTags without resources lacks a parameter',
      call: ['CreateTags', { Tags: [{ Key: 'a', Value: 'b' }] }],
      refused: ['MissingParameter', 'The request must contain the parameter resourceIdSet'],
    },
    {
      name: 'CreateTags without tags lacks a parameter',
      call: ['CreateTags', { Resources: ['{vpc}'] }],
      refused: ['MissingParameter', 'The request must contain the parameter Tag'],
    },
    ...(
      [
        ['an empty key', { Key: '', Value: 'x' }],
        ['a key of 128 characters', { Key: 'k'.repeat(128), Value: 'x' }],
        ['a value of 257 characters', { Key: 'k', Value: 'v'.repeat(257) }],
        ['a key that starts with aws:', { Key: 'aws:cloudformation', Value: 'x' }],
      ] as const
    ).map(([what, tag]) => ({
      name: `${what} is refused`,
      call: ['CreateTags', { Resources: ['{vpc}'], Tags: [tag] }] as const,
      refused: ['InvalidParameterValue'] as const,
    })),
    {
      name: 'a key of 127 and a value of 256 characters are taken',
      call: [
        'CreateTags',
        { Resources: ['{vpc}'], Tags: [{ Key: 'k'.repeat(127), Value: 'v'.repeat(256) }] },
      ],
    },
    {
      name: 'more than 50 tags are refused',
      call: ['CreateTags', { Resources: ['{subnet}'], Tags: MANY }],
      refused: ['TagLimitExceeded'],
    },
    {
      name: '50 are taken',
      call: ['CreateTags', { Resources: ['{subnet}'], Tags: MANY.slice(1) }],
    },
    {
      name: 'a 51st is refused',
      call: ['CreateTags', { Resources: ['{subnet}'], Tags: MANY.slice(0, 1) }],
      refused: ['TagLimitExceeded'],
    },
    { name: 'the subnet goes', call: ['DeleteSubnet', { SubnetId: '{subnet}' }] },
    {
      name: 'its tags went with it',
      call: ['DescribeTags', where({ 'resource-id': '{subnet}' })],
      answers: { Tags: [] },
    },
    { name: 'and the VPC', call: ['DeleteVpc', { VpcId: '{vpc}' }] },
  ],
};

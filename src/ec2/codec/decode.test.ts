import { describe, expect, test } from 'vitest';
import { decodeRequest, type Decoded } from './decode.ts';
import { MAX_PARAMETERS, parseParams } from './params.ts';
import { EC2_MODEL, STS_MODEL } from './services.ts';

function decode(query: string, model = EC2_MODEL): Decoded {
  const params = parseParams(query);
  if (!params.ok) throw new Error(params.error);
  const action = /Action=(\w+)/.exec(query)?.[1] ?? '';
  return decodeRequest(model.action(action)?.input, params.value);
}

describe('wire names that surprise (spec: ec2-surface 1.1)', () => {
  test.each<[string, object]>([
    [
      'Action=AuthorizeSecurityGroupIngress&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.Groups.1.GroupId=sg-1',
      { IpPermissions: [{ IpProtocol: 'tcp', UserIdGroupPairs: [{ GroupId: 'sg-1' }] }] },
    ],
    [
      'Action=AuthorizeSecurityGroupIngress&IpPermissions.1.UserIdGroupPairs.1.GroupId=sg-1',
      { IpPermissions: [{ UserIdGroupPairs: [{ GroupId: 'sg-1' }] }] },
    ],
    [
      'Action=RevokeSecurityGroupIngress&SecurityGroupRuleId.1=sgr-1',
      { SecurityGroupRuleIds: ['sgr-1'] },
    ],
    [
      'Action=CreateSecurityGroup&GroupName=a&GroupDescription=b',
      { GroupName: 'a', Description: 'b' },
    ],
    [
      'Action=ModifySecurityGroupRules&GroupId=g&SecurityGroupRule.1.SecurityGroupRuleId=r&SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=c',
      {
        GroupId: 'g',
        SecurityGroupRules: [{ SecurityGroupRuleId: 'r', SecurityGroupRule: { CidrIpv4: 'c' } }],
      },
    ],
    [
      'Action=CreateNetworkInterface&SubnetId=s&SecurityGroupId.1=g&PrivateIpAddresses.1.PrivateIpAddress=1&PrivateIpAddresses.1.Primary=true',
      {
        SubnetId: 's',
        Groups: ['g'],
        PrivateIpAddresses: [{ PrivateIpAddress: '1', Primary: true }],
      },
    ],
    [
      'Action=CreateTags&ResourceId.1=i&Tag.1.Key=k&Tag.1.Value=',
      { Resources: ['i'], Tags: [{ Key: 'k', Value: '' }] },
    ],
    [
      'Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=e&Description.Value=',
      { NetworkInterfaceId: 'e', Description: { Value: '' } },
    ],
    [
      'Action=DescribeVpcs&Filter.1.Name=tag%3Aa%2Fb&Filter.1.Value.1=x+y',
      { Filters: [{ Name: 'tag:a/b', Values: ['x y'] }] },
    ],
  ])('%s', (query, input) => {
    expect(decode(query)).toEqual({ input, unknown: [], problems: [] });
  });

  test('STS lists have a member level', () => {
    const query =
      'Action=AssumeRole&RoleArn=a&RoleSessionName=b&PolicyArns.member.1.arn=p&Tags.member.1.Key=k&Tags.member.1.Value=v';
    expect(decode(query, STS_MODEL).input).toMatchObject({
      PolicyArns: [{ arn: 'p' }],
      Tags: [{ Key: 'k', Value: 'v' }],
    });
  });
});

describe('lists', () => {
  test('may have gaps, start anywhere and come in any order', () => {
    const query = 'Action=DescribeVpcs&VpcId.10=c&VpcId.2=a&VpcId.9=b';
    expect(decode(query).input).toEqual({ VpcIds: ['a', 'b', 'c'] });
  });

  test('with a key that is no index keep the rest and report it', () => {
    expect(decode('Action=DescribeVpcs&VpcId.1=a&VpcId.x=b')).toEqual({
      input: { VpcIds: ['a'] },
      unknown: ['VpcId.x'],
      problems: [],
    });
  });
});

describe('what is wrong with a request', () => {
  test('unknown parameters are named, not refused', () => {
    const decoded = decode('Action=DescribeVpcs&Version=1&Brand.New=1&Filter.1.Colour=red');
    expect(decoded.unknown).toEqual(['Brand', 'Filter.1.Colour']);
    expect(decoded.problems).toEqual([]);
  });

  test('all problems are gathered', () => {
    const { problems } = decode('Action=AttachNetworkInterface&DeviceIndex=one&DryRun=maybe');
    expect(problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      "InvalidParameterValue: Invalid value 'one' for DeviceIndex: it is not a number",
      "InvalidParameterValue: Invalid value 'maybe' for DryRun: it is not a boolean",
      'MissingParameter: The request must contain the parameter NetworkInterfaceId',
      'MissingParameter: The request must contain the parameter InstanceId',
      'MissingParameter: The request must contain the parameter DeviceIndex',
    ]);
  });

  test('CreateTags misses resourceIdSet, as AWS calls it', () => {
    expect(decode('Action=CreateTags&Tag.1.Key=k').problems).toEqual([
      {
        code: 'MissingParameter',
        message: 'The request must contain the parameter resourceIdSet',
      },
    ]);
  });

  test.each(['True', 'true', '1', 'TRUE'])('%s is true', (value) => {
    expect(decode(`Action=DescribeVpcs&DryRun=${value}`).input).toEqual({ DryRun: true });
  });

  test.each([
    ['a percent sign that encodes nothing', 'A=%zz'],
    ['a character that XML cannot carry', 'A=%00'],
    ['invalid UTF-8', 'A=%ff'],
    ['too deep a name', `${'a.'.repeat(30)}b=1`],
    [
      'too many parameters',
      Array.from({ length: MAX_PARAMETERS + 1 }, (_, i) => `a.${i}=1`).join('&'),
    ],
  ])('%s is refused', (_what, query) => {
    expect(parseParams(query).ok).toBe(false);
  });

  test('a name like __proto__ is a name like any other', () => {
    const decoded = decode('Action=DescribeVpcs&__proto__.polluted=1&constructor=2');
    expect(decoded.unknown).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.ts';
import { encodeError, encodeResponse } from './envelope.ts';
import type { Model } from './model.ts';
import { EC2_MODEL, STS_MODEL } from './services.ts';

function encode(name: string, result: unknown, model: Model = EC2_MODEL): string {
  const action = must(model.action(name), () => name);
  const report = (path: string): never => {
    throw new Error(`Unknown member ${path}`);
  };
  return encodeResponse(model, action, result, { requestId: 'r-1', report });
}

function inside(xml: string): string {
  return xml.replace(/^.*<requestId>r-1<\/requestId>/s, '').replace(/<\/\w+Response>$/, '');
}

describe('EC2 responses', () => {
  test('have the action, the namespace and the request id', () => {
    expect(encode('DeleteVpc', undefined)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<DeleteVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">' +
        '<requestId>r-1</requestId><return>true</return></DeleteVpcResponse>',
    );
  });

  test.each<[string, string, object, string]>([
    [
      'element names that differ from the member',
      'DescribeSecurityGroups',
      {
        SecurityGroups: [
          { Description: 'd', IpPermissions: [{ UserIdGroupPairs: [{ GroupId: 'g' }] }] },
        ],
      },
      '<securityGroupInfo><item><groupDescription>d</groupDescription><ipPermissions><item><groups><item><groupId>g</groupId></item></groups></item></ipPermissions></item></securityGroupInfo>',
    ],
    [
      'an empty list as an empty element',
      'DescribeInstances',
      { Reservations: [{ Instances: [{ NetworkInterfaces: [], Tags: [] }] }] },
      '<reservationSet><item><instancesSet><item><networkInterfaceSet/></item></instancesSet></item></reservationSet>',
    ],
    [
      'an empty tagSet on interfaces',
      'DescribeNetworkInterfaces',
      { NetworkInterfaces: [{ TagSet: [], Attachment: undefined }] },
      '<networkInterfaceSet><item><tagSet/></item></networkInterfaceSet>',
    ],
    [
      'no empty tagSet on VPCs',
      'CreateVpc',
      { Vpc: { VpcId: 'v', IsDefault: false, Tags: [] } },
      '<vpc><isDefault>false</isDefault><vpcId>v</vpcId></vpc>',
    ],
    [
      'an empty string as an empty element',
      'DescribeNetworkInterfaceAttribute',
      { Description: { Value: '' } },
      '<description><value></value></description>',
    ],
    [
      'every special character escaped',
      'CreateVpc',
      { Vpc: { Tags: [{ Key: '<a>&"', Value: 'x\r\n\u0001' }] } },
      '<vpc><tagSet><item><key>&lt;a&gt;&amp;&quot;</key><value>x&#13;\n\ufffd</value></item></tagSet></vpc>',
    ],
    [
      'times in UTC with milliseconds',
      'DescribeInstances',
      { Reservations: [{ Instances: [{ LaunchTime: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)) }] }] },
      '<reservationSet><item><instancesSet><item><launchTime>2026-01-02T03:04:05.000Z</launchTime></item></instancesSet></item></reservationSet>',
    ],
  ])('send %s', (_what, action, result, xml) => {
    expect(inside(encode(action, result))).toBe(xml);
  });

  test('report members that the model does not have', () => {
    expect(() => encode('CreateVpc', { Vpc: { VpcID: 'v' } })).toThrow('Unknown member Vpc.VpcID');
  });
});

describe('errors', () => {
  const error = { code: 'A.B', message: '<x> & y', status: 400 };

  test('of EC2 end in RequestID', () => {
    expect(encodeError(EC2_MODEL, error, 'r-1')).toContain(
      '<Response><Errors><Error><Code>A.B</Code><Message>&lt;x&gt; &amp; y</Message></Error></Errors><RequestID>r-1</RequestID></Response>',
    );
  });

  test('of STS say whose fault it was', () => {
    expect(encodeError(STS_MODEL, error, 'r-1')).toContain('<Error><Type>Sender</Type><Code>A.B<');
    expect(encodeError(STS_MODEL, { ...error, status: 500 }, 'r-1')).toContain('<Type>Receiver<');
  });

  test('STS results are wrapped', () => {
    const xml = encode('GetCallerIdentity', { Account: '1' }, STS_MODEL);
    expect(xml).toContain(
      '<GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>',
    );
  });
});

/** The compiled encoder of responses against a plain walk over the model. */
import { encoderOf } from '../src/ec2/codec/encode.ts';
import { keepText } from '../src/ec2/codec/kept-text.ts';
import { EC2_MODEL } from '../src/ec2/codec/services.ts';
import { must } from '../src/base/assert.ts';
import { naiveEncode } from '../test/vpc/naive-encoder.ts';

const INTERFACES = 100;
const ROUND_MS = 1_000;

/** Encodings per second of an answer with 100 interfaces. */
export interface EncoderRates {
  /** Interfaces that were never encoded before. */
  readonly compiledPerSecond: number;
  /** Interfaces that did not change since they were encoded, as the server keeps them. */
  readonly keptPerSecond: number;
  readonly walkerPerSecond: number;
}

/** Measures all on the same answer, and checks that they write the same. */
export function measureEncoders(): EncoderRates {
  const action = EC2_MODEL.action('DescribeNetworkInterfaces');
  const shape = must(action?.output, () => 'DescribeNetworkInterfaces has no output');
  const interfaces = Array.from({ length: INTERFACES }, (_, i) => sample(i));
  const value = { NetworkInterfaces: interfaces };
  const kept = { NetworkInterfaces: interfaces.map((each) => keepText({ ...each })) };
  const encode = encoderOf(shape);
  const rates = {
    walkerPerSecond: rate(() => naiveEncode(shape, value)),
    compiledPerSecond: rate(() => encode(value, () => {})),
    keptPerSecond: rate(() => encode(kept, () => {})),
  };
  const text = naiveEncode(shape, value);
  if (encode(value, () => {}) !== text || encode(kept, () => {}) !== text)
    throw new Error('The encoders disagree');
  return rates;
}

/** By processor time, which other processes of the machine do not change. */
function rate(encode: () => string): number {
  for (let i = 0; i < 50; i += 1) Buffer.byteLength(encode());
  const began = process.cpuUsage();
  const spentMs = (): number => process.cpuUsage(began).user / 1000;
  let count = 0;
  while (spentMs() < ROUND_MS) {
    // The length makes the engine put the pieces together, as sending does.
    Buffer.byteLength(encode());
    count += 1;
  }
  return (count * 1000) / spentMs();
}

function sample(i: number): Record<string, unknown> {
  const id = i.toString(16).padStart(17, '0');
  const address = `10.0.${i >> 8}.${i & 255}`;
  return {
    NetworkInterfaceId: `eni-${id}`,
    Status: 'in-use',
    InterfaceType: 'branch',
    MacAddress: '02:00:00:00:00:01',
    PrivateIpAddress: address,
    PrivateDnsName: `ip-${address.replaceAll('.', '-')}.ec2.internal`,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: address, PrivateDnsName: 'x' }],
    Ipv6Addresses: [],
    Groups: [{ GroupId: `sg-${id}`, GroupName: 'web & "api"' }],
    SubnetId: `subnet-${id}`,
    VpcId: `vpc-${id}`,
    AvailabilityZone: 'us-east-1a',
    AvailabilityZoneId: 'use1-az1',
    Description: 'aws-k8s-branch-eni',
    OwnerId: '111122223333',
    RequesterId: 'admin',
    RequesterManaged: false,
    SourceDestCheck: true,
    Attachment: {
      AttachmentId: `eni-attach-${id}`,
      AttachTime: new Date(0),
      DeleteOnTermination: true,
      DeviceIndex: 1,
      NetworkCardIndex: 0,
      InstanceId: `i-${id}`,
      InstanceOwnerId: '111122223333',
      Status: 'attached',
    },
    TagSet: [{ Key: 'eks:eni:owner', Value: 'eks-vpc-resource-controller' }],
  };
}

/** The compiled encoder of responses against a plain walk over the model. */
import { encoderOf } from '../src/ec2/codec/encode.ts';
import { OMITTED_WHEN_EMPTY } from '../src/ec2/codec/empty-lists.ts';
import type { Shape, StructShape } from '../src/ec2/codec/model.ts';
import { EC2_MODEL } from '../src/ec2/codec/services.ts';
import { must } from '../src/base/assert.ts';

const INTERFACES = 100;
const ROUND_MS = 1_000;

/** Encodings per second of an answer with 100 interfaces. */
export interface EncoderRates {
  readonly compiledPerSecond: number;
  readonly walkerPerSecond: number;
}

/** Measures both on the same answer, and checks that they write the same. */
export function measureEncoders(): EncoderRates {
  const action = EC2_MODEL.action('DescribeNetworkInterfaces');
  const shape = must(action?.output, () => 'DescribeNetworkInterfaces has no output');
  const value = { NetworkInterfaces: Array.from({ length: INTERFACES }, (_, i) => sample(i)) };
  const compiled = (): string => encoderOf(shape)(value, () => {});
  const walker = (): string => walkStruct(shape, value);
  if (length(compiled()) !== length(walker())) throw new Error('The encoders disagree');
  return { compiledPerSecond: rate(compiled), walkerPerSecond: rate(walker) };
}

/** Members come in another order, which no parser minds. */
function length(text: string): number {
  return text.length;
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

/** What one writes first: each member that the model has, looked up in the value, every time. */
function walkStruct(shape: StructShape, value: Readonly<Record<string, unknown>>): string {
  return shape.members
    .map((member) => {
      const part = value[member.name];
      if (part === undefined || part === null) return '';
      const omit = OMITTED_WHEN_EMPTY.has(`${shape.name}.${member.name}`);
      const text = walk(member.shape(), part);
      if (text !== '') return `<${member.xmlName}>${text}</${member.xmlName}>`;
      if (typeof member.shape() === 'string') return `<${member.xmlName}></${member.xmlName}>`;
      return omit ? '' : `<${member.xmlName}/>`;
    })
    .join('');
}

function walk(shape: Shape, value: unknown): string {
  if (shape === 'timestamp') return (value as Date).toISOString();
  if (typeof shape === 'string') return escape(String(value));
  if (shape.kind === 'list')
    return (value as readonly unknown[])
      .map((item) => `<${shape.itemName}>${walk(shape.item(), item)}</${shape.itemName}>`)
      .join('');
  if (shape.kind === 'map') return '';
  return walkStruct(shape, value as Readonly<Record<string, unknown>>);
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');
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

import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
const OWN = 'ami-0123456789abcdef0';

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const { Subnet } = await client.send(
    new ec2.CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.0.0.0/24' }),
  );
  await run(OWN, Subnet?.SubnetId);
});
afterAll(() => api.close());

async function run(ImageId: string, SubnetId?: string): Promise<ec2.Instance | undefined> {
  const { Instances } = await client.send(
    new ec2.RunInstancesCommand({
      ImageId,
      SubnetId,
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
    }),
  );
  return Instances?.[0];
}

async function find(input: ec2.DescribeImagesCommandInput = {}): Promise<ec2.Image[]> {
  return (await client.send(new ec2.DescribeImagesCommand(input))).Images ?? [];
}

const named = (Name: string, ...Values: string[]): ec2.Filter => ({ Name, Values });
const failure = (code: string, message?: string): unknown =>
  expect.objectContaining({ name: code, ...(message !== undefined && { message }) });

describe('DescribeImages', () => {
  test.each([
    ['602401143452', 'amazon-eks-node-al2023-x86_64-standard-1.33-*'],
    ['amazon', 'amazon-eks-node-al2023-arm64-standard-1.34-*'],
    ['amazon', 'al2023-ami-2023.*-x86_64'],
    ['099720109477', 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*'],
    ['099720109477', 'ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-*'],
  ])('finds what scripts search for: of %s, %s', async (owner, name) => {
    const [image, ...more] = await find({
      Owners: [owner],
      Filters: [named('name', name), named('state', 'available')],
    });
    expect(more).toEqual([]);
    expect(image).toMatchObject({ Public: true, RootDeviceType: 'ebs' });
    expect(image?.ImageId).toMatch(/^ami-[0-9a-f]{17}$/);
    expect(await find({ ImageIds: [image?.ImageId ?? ''] })).toEqual([image]);
  });

  test.each<[ec2.DescribeImagesCommandInput, (image: ec2.Image) => boolean]>([
    [{ Owners: ['self'] }, ({ ImageId }) => ImageId === OWN],
    [{ Owners: ['111122223333'] }, ({ ImageId }) => ImageId === OWN],
    [{ Owners: ['amazon'] }, ({ ImageOwnerAlias }) => ImageOwnerAlias === 'amazon'],
    [{ Filters: [named('owner-alias', 'amazon')] }, (image) => image.ImageOwnerAlias === 'amazon'],
    [{ Filters: [named('architecture', 'arm64')] }, (image) => image.Architecture === 'arm64'],
    [{ Filters: [named('image-id', OWN)] }, ({ ImageId }) => ImageId === OWN],
    [{ Filters: [named('is-public', 'false')] }, ({ Public }) => Public === false],
    [
      { Filters: [named('manifest-location', 'amazon/*')] },
      (image) => image.ImageOwnerAlias === 'amazon',
    ],
    [
      { Filters: [named('root-device-name', '/dev/sda1')] },
      (image) => image.OwnerId === '099720109477',
    ],
    [{ ExecutableUsers: ['all'] }, ({ Public }) => Public === true],
  ])('%j takes some and leaves others', async (input, fits) => {
    const all = await find();
    const found = await find(input);
    expect(found).toEqual(all.filter(fits));
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(all.length);
  });

  test.each<ec2.DescribeImagesCommandInput>([
    { Owners: ['aws-marketplace'] },
    { ExecutableUsers: ['self'] },
    { Filters: [named('platform', 'windows')] },
    { Filters: [named('tag:a', '*')] },
    { Filters: [named('name', 'windows-*')] },
  ])('%j finds nothing', async (input) => {
    expect(await find(input)).toEqual([]);
  });

  test('pages', async () => {
    const all = await find();
    const ids: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new ec2.DescribeImagesCommand({ MaxResults: 5, NextToken }));
      ids.push(...(page.Images ?? []).map(({ ImageId }) => ImageId));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(ids).toHaveLength(all.length);
    expect(new Set(ids)).toEqual(new Set(all.map(({ ImageId }) => ImageId)));
  });

  test('has what RunInstances takes, and shows to nobody else what an account runs', async () => {
    const [image] = await find({
      Filters: [named('name', 'al2023-*'), named('architecture', 'x86_64')],
    });
    const { Subnets } = await client.send(new ec2.DescribeSubnetsCommand({}));
    const instance = await run(image?.ImageId ?? '', Subnets?.[0]?.SubnetId);
    expect(instance?.ImageId).toBe(image?.ImageId);
    expect(await find({ Owners: ['self'] })).toMatchObject([{ ImageId: OWN, Name: OWN }]);
    const other = api.client(OTHER_KEY);
    await expect(other.send(new ec2.DescribeImagesCommand({ ImageIds: [OWN] }))).rejects.toEqual(
      failure('InvalidAMIID.NotFound'),
    );
  });

  test.each<[ec2.DescribeImagesCommandInput, string, string?]>([
    [
      { ImageIds: ['debian'] },
      'InvalidAMIID.Malformed',
      'Invalid id: "debian" (expecting "ami-...")',
    ],
    [
      { ImageIds: ['ami-00000001'] },
      'InvalidAMIID.NotFound',
      "The image id '[ami-00000001]' does not exist",
    ],
    [
      { ImageIds: ['ami-00000001', OWN, 'ami-00000002'] },
      'InvalidAMIID.NotFound',
      "The image ids '[ami-00000001, ami-00000002]' do not exist",
    ],
    [
      { Filters: [named('colour', 'red')] },
      'InvalidParameterValue',
      "The filter 'colour' is invalid",
    ],
    [{ MaxResults: 1001 }, 'InvalidParameterValue'],
    [{ DryRun: true }, 'DryRunOperation'],
  ])('refuses %j', async (input, code, message) => {
    await expect(find(input)).rejects.toEqual(failure(code, message));
  });
});

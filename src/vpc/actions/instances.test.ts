import * as ec2 from '@aws-sdk/client-ec2';
import { CreateInstanceProfileCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';
let subnetId = '';
let groupId = '';

beforeAll(async () => {
  api = await startTestApi();
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
  subnetId = await makeSubnet('10.0.1.0/24', 'us-east-1a');
  groupId = await makeGroup('g');
  const { endpoint } = api;
  const admin = new IAMClient({ endpoint, region: 'us-east-1', credentials: TEST_KEY });
  await admin.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'role' }));
  admin.destroy();
});
afterAll(() => api.close());

async function makeSubnet(CidrBlock: string, AvailabilityZone: string): Promise<string> {
  const command = new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone });
  return (await client.send(command)).Subnet?.SubnetId ?? '';
}

async function makeGroup(GroupName: string): Promise<string> {
  const input = { GroupName, VpcId: vpcId, Description: 'd' };
  return (await client.send(new ec2.CreateSecurityGroupCommand(input))).GroupId ?? '';
}

type Run = Partial<ec2.RunInstancesCommandInput>;

async function run(input: Run = {}): Promise<ec2.Instance> {
  const SubnetId = input.NetworkInterfaces ? undefined : subnetId;
  const command = new ec2.RunInstancesCommand({
    ImageId: 'ami-0123456789abcdef0',
    InstanceType: 'm5.large',
    MinCount: 1,
    MaxCount: 1,
    SubnetId,
    ...input,
  });
  return (await client.send(command)).Instances?.[0] ?? {};
}

async function runId(input: Run = {}): Promise<string> {
  return (await run(input)).InstanceId ?? '';
}

async function read(id: string): Promise<ec2.Instance> {
  const found = await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }));
  return found.Reservations?.[0]?.Instances?.[0] ?? {};
}

async function makeEni(input: Partial<ec2.CreateNetworkInterfaceCommandInput> = {}) {
  const command = new ec2.CreateNetworkInterfaceCommand({ SubnetId: subnetId, ...input });
  return (await client.send(command)).NetworkInterface?.NetworkInterfaceId ?? '';
}

async function readEni(id: string): Promise<ec2.NetworkInterface> {
  const command = new ec2.DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] });
  return (await client.send(command)).NetworkInterfaces?.[0] ?? {};
}

async function idsBy(Name: string, value: string | undefined): Promise<(string | undefined)[]> {
  const Filters = [{ Name, Values: [value ?? ''] }];
  const found = await client.send(new ec2.DescribeInstancesCommand({ Filters }));
  return (found.Reservations ?? []).flatMap((r) => r.Instances ?? []).map((i) => i.InstanceId);
}

const start = (...InstanceIds: string[]) =>
  client.send(new ec2.StartInstancesCommand({ InstanceIds }));
const stop = (...InstanceIds: string[]) =>
  client.send(new ec2.StopInstancesCommand({ InstanceIds }));
const reboot = (...InstanceIds: string[]) =>
  client.send(new ec2.RebootInstancesCommand({ InstanceIds }));
const terminate = (...InstanceIds: string[]) =>
  client.send(new ec2.TerminateInstancesCommand({ InstanceIds }));
const modify = (InstanceId: string, change: object) =>
  client.send(new ec2.ModifyInstanceAttributeCommand({ InstanceId, ...change }));
const attribute = (InstanceId: string, Attribute: ec2.InstanceAttributeName) =>
  client.send(new ec2.DescribeInstanceAttributeCommand({ InstanceId, Attribute }));

function failure(code: string, message?: string | RegExp): unknown {
  const text = message instanceof RegExp ? expect.stringMatching(message) : message;
  return expect.objectContaining({ name: code, ...(message !== undefined && { message: text }) });
}

describe('states', () => {
  test('go from running to stopped and back, with codes and reasons', async () => {
    const id = await runId();
    expect((await stop(id)).StoppingInstances).toEqual([
      {
        InstanceId: id,
        CurrentState: { Code: 64, Name: 'stopping' },
        PreviousState: { Code: 16, Name: 'running' },
      },
    ]);
    expect(await read(id)).toMatchObject({
      State: { Code: 80, Name: 'stopped' },
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
      StateTransitionReason: expect.stringMatching(/^User initiated \(\d{4}-.* GMT\)$/),
      PrivateIpAddress: expect.stringMatching(/^10\.0\.1\./),
    });
    expect((await stop(id)).StoppingInstances?.[0]?.CurrentState?.Name).toBe('stopped');
    expect((await start(id)).StartingInstances).toMatchObject([
      { CurrentState: { Code: 0, Name: 'pending' }, PreviousState: { Code: 80, Name: 'stopped' } },
    ]);
    const running = await read(id);
    expect(running).toMatchObject({ State: { Name: 'running' }, StateTransitionReason: '' });
    expect(running.StateReason).toBeUndefined();
    await reboot(id);
  });

  test('of terminated instances are final, and their interfaces are gone', async () => {
    const id = await runId();
    expect((await terminate(id)).TerminatingInstances).toMatchObject([
      { CurrentState: { Code: 32, Name: 'shutting-down' }, PreviousState: { Code: 16 } },
    ]);
    expect((await terminate(id)).TerminatingInstances).toMatchObject([
      { CurrentState: { Code: 48 }, PreviousState: { Code: 48 } },
    ]);
    expect(await read(id)).toMatchObject({ State: { Code: 48 }, NetworkInterfaces: [] });
    for (const act of [start, stop, reboot])
      await expect(act(id)).rejects.toEqual(failure('IncorrectInstanceState', /cannot|not in a/));
  });

  test('are changed for all instances of a request or none', async () => {
    const [a, b] = [await runId(), await runId()];
    await modify(b, { DisableApiTermination: { Value: true } });
    await expect(terminate(a, b)).rejects.toEqual(
      failure(
        'OperationNotPermitted',
        `The instance '${b}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
      ),
    );
    expect((await read(a)).State?.Name).toBe('running');
    await modify(b, { Attribute: 'disableApiTermination', Value: 'false' });
    await terminate(a, b);
  });

  test.each([
    [
      'one unknown id',
      ['i-01234567'],
      'InvalidInstanceID.NotFound',
      "The instance ID 'i-01234567' does not exist",
    ],
    [
      'several unknown ids',
      ['i-01234567', 'i-89abcdef'],
      'InvalidInstanceID.NotFound',
      "The instance IDs 'i-01234567, i-89abcdef' do not exist",
    ],
    ['a malformed id', ['x'], 'InvalidInstanceID.Malformed', /x/],
  ])('of %s cannot be changed', async (_what, ids, code, message) => {
    for (const act of [start, stop, reboot, terminate])
      await expect(act(...ids)).rejects.toEqual(failure(code, message));
  });

  test('stop protection holds until it is taken off', async () => {
    const id = await runId({ DisableApiStop: true });
    await expect(stop(id)).rejects.toEqual(failure('OperationNotPermitted', /disableApiStop/));
    await modify(id, { DisableApiStop: { Value: false } });
    await stop(id);
  });

  test('decide what DescribeInstanceStatus lists', async () => {
    const [up, down] = [await runId(), await runId()];
    await stop(down);
    const status = async (input: Partial<ec2.DescribeInstanceStatusCommandInput>) =>
      (await client.send(new ec2.DescribeInstanceStatusCommand(input))).InstanceStatuses;
    const both = { InstanceIds: [up, down] };
    expect(await status(both)).toMatchObject([
      {
        InstanceId: up,
        InstanceState: { Code: 16 },
        InstanceStatus: { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] },
        SystemStatus: { Status: 'ok' },
      },
    ]);
    expect(await status({ ...both, IncludeAllInstances: true })).toHaveLength(2);
    const Filters = [{ Name: 'instance-state-name', Values: ['stopped'] }];
    expect(
      (await status({ Filters, IncludeAllInstances: true }))?.map((each) => each.InstanceId),
    ).toContain(down);
    await expect(status({ Filters: [{ Name: 'vpc-id', Values: ['x'] }] })).rejects.toEqual(
      failure('InvalidParameterValue', "The filter 'vpc-id' is invalid"),
    );
  });
});

describe('attributes', () => {
  test('are read and changed one at a time', async () => {
    const id = await runId({ UserData: 'aGVsbG8=' });
    expect((await attribute(id, 'userData')).UserData).toEqual({ Value: 'aGVsbG8=' });
    expect((await attribute(id, 'instanceType')).InstanceType).toEqual({ Value: 'm5.large' });
    await modify(id, { Groups: [groupId] });
    await modify(id, { SourceDestCheck: { Value: false } });
    await modify(id, { InstanceInitiatedShutdownBehavior: { Value: 'terminate' } });
    expect((await attribute(id, 'groupSet')).Groups).toMatchObject([{ GroupId: groupId }]);
    expect((await attribute(id, 'sourceDestCheck')).SourceDestCheck).toEqual({ Value: false });
    expect(
      (await attribute(id, 'instanceInitiatedShutdownBehavior')).InstanceInitiatedShutdownBehavior,
    ).toEqual({ Value: 'terminate' });
    await stop(id);
    await modify(id, { UserData: { Value: new TextEncoder().encode('new') } });
    await modify(id, { Attribute: 'instanceType', Value: 'm5.xlarge' });
    expect((await attribute(id, 'userData')).UserData?.Value).toBe(btoa('new'));
    expect((await read(id)).InstanceType).toBe('m5.xlarge');
  });

  test.each<[string, object, string, RegExp]>([
    ['nothing', {}, 'InvalidParameterCombination', /No attributes/],
    [
      'two attributes',
      { DisableApiStop: { Value: true }, DisableApiTermination: { Value: true } },
      'InvalidParameterCombination',
      /multiple/,
    ],
    ['no groups of the VPC', { Groups: ['sg-01234567'] }, 'InvalidGroup.NotFound', /sg-01234567/],
    [
      'a type while running',
      { InstanceType: { Value: 't3.small' } },
      'IncorrectInstanceState',
      /'stopped' state/,
    ],
    [
      'a wrong behaviour',
      { InstanceInitiatedShutdownBehavior: { Value: 'x' } },
      'InvalidParameterValue',
      /x/,
    ],
    [
      'an unknown attribute',
      { Attribute: 'kernel', Value: 'x' },
      'InvalidParameterValue',
      /Unknown attribute/,
    ],
  ])('cannot be changed: %s', async (_what, change, code, message) => {
    const id = await runId();
    await expect(modify(id, change)).rejects.toEqual(failure(code, message));
  });

  test('of an instance with several interfaces belong to the interfaces', async () => {
    const id = await runId();
    const eni = await makeEni();
    await client.send(
      new ec2.AttachNetworkInterfaceCommand({
        InstanceId: id,
        NetworkInterfaceId: eni,
        DeviceIndex: 1,
      }),
    );
    await expect(modify(id, { Groups: [groupId] })).rejects.toEqual(
      failure('InvalidInstanceID', /multiple interfaces/),
    );
  });

  test('a new type must have room for what is attached', async () => {
    const id = await runId({ InstanceType: 'm5.xlarge' });
    for (const DeviceIndex of [1, 2, 3])
      await client.send(
        new ec2.AttachNetworkInterfaceCommand({
          InstanceId: id,
          NetworkInterfaceId: await makeEni(),
          DeviceIndex,
        }),
      );
    await stop(id);
    await expect(modify(id, { InstanceType: { Value: 'm5.large' } })).rejects.toEqual(
      failure('AttachmentLimitExceeded'),
    );
    await expect(modify(id, { InstanceType: { Value: 'no.such' } })).rejects.toEqual(
      failure('InvalidParameterValue'),
    );
  });

  test('of the metadata service are kept', async () => {
    const id = await runId({ MetadataOptions: { HttpTokens: 'required' } });
    const change = (input: object) =>
      client.send(new ec2.ModifyInstanceMetadataOptionsCommand({ InstanceId: id, ...input }));
    const changed = await change({ HttpPutResponseHopLimit: 2 });
    expect(changed.InstanceMetadataOptions).toMatchObject({
      State: 'applied',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 2,
      HttpEndpoint: 'enabled',
    });
    expect((await read(id)).MetadataOptions).toEqual(changed.InstanceMetadataOptions);
    await expect(change({ HttpPutResponseHopLimit: 65 })).rejects.toEqual(
      failure('InvalidParameterValue', /between 1 and 64/),
    );
    await expect(change({})).rejects.toEqual(failure('InvalidParameterCombination'));
    expect(await idsBy('metadata-options.http-put-response-hop-limit', '2')).toEqual([id]);
  });
});

describe('launching with interfaces', () => {
  test('takes existing ones over, and gives them back at the end', async () => {
    const [first, second] = [await makeEni({ Groups: [groupId] }), await makeEni()];
    const instance = await run({
      NetworkInterfaces: [
        { DeviceIndex: 1, NetworkInterfaceId: second },
        { DeviceIndex: 0, NetworkInterfaceId: first },
      ],
    });
    expect(instance).toMatchObject({ VpcId: vpcId, SecurityGroups: [{ GroupId: groupId }] });
    expect(instance.NetworkInterfaces).toMatchObject([
      { NetworkInterfaceId: first, Attachment: { DeviceIndex: 0, DeleteOnTermination: false } },
      { NetworkInterfaceId: second, Attachment: { DeviceIndex: 1, DeleteOnTermination: false } },
    ]);
    await terminate(instance.InstanceId ?? '');
    expect((await readEni(first)).Status).toBe('available');
    expect((await readEni(second)).Attachment).toBeUndefined();
  });

  test('makes new ones as specified', async () => {
    const tracking = { UdpTimeout: 45 };
    const instance = await run({
      NetworkInterfaces: [
        { DeviceIndex: 0, SubnetId: subnetId, Groups: [groupId], PrivateIpAddress: '10.0.1.222' },
        {
          DeviceIndex: 1,
          SubnetId: subnetId,
          SecondaryPrivateIpAddressCount: 2,
          DeleteOnTermination: false,
          Description: 'second',
          ConnectionTrackingSpecification: tracking,
        },
      ],
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'k', Value: 'v' }] }],
    });
    expect(instance.PrivateIpAddress).toBe('10.0.1.222');
    const second = instance.NetworkInterfaces?.[1];
    expect(second).toMatchObject({
      Description: 'second',
      Attachment: { DeleteOnTermination: false },
      ConnectionTrackingConfiguration: tracking,
    });
    expect(second?.PrivateIpAddresses).toHaveLength(3);
    await terminate(instance.InstanceId ?? '');
    expect(await readEni(second?.NetworkInterfaceId ?? '')).toMatchObject({
      Status: 'available',
      TagSet: [{ Key: 'k', Value: 'v' }],
    });
  });

  test('uses network cards of types that have several', async () => {
    const card = (NetworkCardIndex: number, DeviceIndex: number) => ({
      NetworkCardIndex,
      DeviceIndex,
      SubnetId: subnetId,
    });
    const launch = (...NetworkInterfaces: ReturnType<typeof card>[]) =>
      run({ InstanceType: 'p4d.24xlarge', NetworkInterfaces });
    const instance = await launch(card(0, 0), card(1, 1), card(3, 1));
    expect(
      instance.NetworkInterfaces?.map((eni) => eni.Attachment?.NetworkCardIndex).sort(),
    ).toEqual([0, 1, 3]);
    await expect(launch(card(0, 0), card(4, 1))).rejects.toEqual(
      failure('InvalidParameterValue', /Network card index '4'/),
    );
  });

  const primary = { DeviceIndex: 0 };
  test.each<[string, () => Run, string, RegExp]>([
    [
      'a subnet besides interfaces',
      () => ({ SubnetId: subnetId, NetworkInterfaces: [{ ...primary, SubnetId: subnetId }] }),
      'InvalidParameterCombination',
      /instance-level subnet ID/,
    ],
    [
      'no primary',
      () => ({ NetworkInterfaces: [{ DeviceIndex: 1, SubnetId: subnetId }] }),
      'InvalidParameterValue',
      /include 0/,
    ],
    [
      'no index',
      () => ({ NetworkInterfaces: [{ SubnetId: subnetId }] }),
      'MissingParameter',
      /deviceIndex/,
    ],
    [
      'an id and a subnet',
      () => ({
        NetworkInterfaces: [{ ...primary, SubnetId: subnetId, NetworkInterfaceId: 'eni-1' }],
      }),
      'InvalidParameterCombination',
      /SubnetId/,
    ],
    [
      'an unknown interface',
      () => ({ NetworkInterfaces: [{ ...primary, NetworkInterfaceId: 'eni-01234567' }] }),
      'InvalidNetworkInterfaceID.NotFound',
      /eni-01234567/,
    ],
    [
      'more addresses than the type takes',
      () => ({
        InstanceType: 't3.small',
        NetworkInterfaces: [{ ...primary, SubnetId: subnetId, SecondaryPrivateIpAddressCount: 4 }],
      }),
      'InvalidInterface.IpAddressLimitExceeded',
      /limit of 4/,
    ],
    [
      'more interfaces than the type takes',
      () => ({
        NetworkInterfaces: [0, 1, 2, 3].map((DeviceIndex) => ({ DeviceIndex, SubnetId: subnetId })),
      }),
      'AttachmentLimitExceeded',
      /exceeds the limit/,
    ],
    ['an unknown key pair', () => ({ KeyName: 'none' }), 'InvalidKeyPair.NotFound', /none/],
    [
      'an unknown type',
      () => ({ InstanceType: 'no.such' as 'm5.large' }),
      'InvalidParameterValue',
      /no.such/,
    ],
    ['a malformed image', () => ({ ImageId: 'x' }), 'InvalidAMIID.Malformed', /x/],
    [
      'a wrong hop limit',
      () => ({ MetadataOptions: { HttpPutResponseHopLimit: 0 } }),
      'InvalidParameterValue',
      /HopLimit/,
    ],
  ])('is refused with %s, and leaves nothing', async (_what, input, code, message) => {
    const before = api.kube.peekAll(NETWORK_INTERFACES).length;
    await expect(run(input())).rejects.toEqual(failure(code, message));
    expect(api.kube.peekAll(NETWORK_INTERFACES)).toHaveLength(before);
  });

  test('is refused with more than five groups', async () => {
    const SecurityGroupIds = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => makeGroup(`m-${i}`)));
    await expect(run({ SecurityGroupIds })).rejects.toEqual(
      failure('SecurityGroupsPerInstanceLimitExceeded'),
    );
  });

  test('gives taken-over interfaces back when it fails half way', async () => {
    const [good, used] = [await makeEni(), await makeEni()];
    await runId({ NetworkInterfaces: [{ ...primary, NetworkInterfaceId: used }] });
    const instances = api.kube.peekAll(INSTANCES).length;
    await expect(
      run({
        NetworkInterfaces: [
          { ...primary, NetworkInterfaceId: good },
          { DeviceIndex: 1, NetworkInterfaceId: used },
        ],
      }),
    ).rejects.toEqual(failure('InvalidNetworkInterface.InUse'));
    expect((await readEni(good)).Status).toBe('available');
    expect(api.kube.peekAll(INSTANCES)).toHaveLength(instances);
  });

  test('is refused with an interface of another zone, or a trunk', async () => {
    const elsewhere = await makeEni({ SubnetId: await makeSubnet('10.0.9.0/24', 'us-east-1b') });
    const trunk = await makeEni({ InterfaceType: 'trunk' });
    for (const [NetworkInterfaceId, message] of [
      [elsewhere, /zone/],
      [trunk, /trunk/],
    ] as const) {
      const NetworkInterfaces = [
        { ...primary, SubnetId: subnetId },
        { DeviceIndex: 1, NetworkInterfaceId },
      ];
      await expect(run({ NetworkInterfaces })).rejects.toEqual(
        failure('InvalidParameterValue', message),
      );
    }
  });
});

describe('filters', () => {
  test.each<[string, (instance: ec2.Instance) => string | undefined]>([
    ['instance-state-name', () => 'stopped'],
    ['instance-state-code', () => '80'],
    ['instance-type', () => 'c5.xlarge'],
    ['availability-zone', (i) => i.Placement?.AvailabilityZone],
    ['vpc-id', () => vpcId],
    ['subnet-id', () => subnetId],
    ['private-ip-address', (i) => i.PrivateIpAddress],
    ['private-dns-name', (i) => i.PrivateDnsName],
    ['network-interface.network-interface-id', (i) => i.NetworkInterfaces?.[0]?.NetworkInterfaceId],
    ['network-interface.subnet-id', () => subnetId],
    ['network-interface.vpc-id', () => vpcId],
    ['network-interface.group-id', (i) => i.SecurityGroups?.[0]?.GroupId],
    ['network-interface.private-dns-name', (i) => i.PrivateDnsName],
    ['network-interface.mac-address', (i) => i.NetworkInterfaces?.[0]?.MacAddress],
    ['network-interface.attachment.device-index', () => '0'],
    ['network-interface.addresses.private-ip-address', (i) => i.PrivateIpAddress],
    ['instance.group-id', (i) => i.SecurityGroups?.[0]?.GroupId],
    ['instance.group-name', () => 'filters'],
    ['image-id', (i) => i.ImageId],
    ['owner-id', () => '111122223333'],
    ['source-dest-check', () => 'true'],
    ['architecture', () => 'x86_64'],
    ['iam-instance-profile.arn', () => '*instance-profile/role'],
    ['state-reason-code', () => 'Client.UserInitiatedShutdown'],
    ['tag:purpose', () => 'filters'],
    ['tag-key', () => 'purpose'],
    ['tag-value', () => 'filters'],
  ])('%s finds an instance and leaves others out', async (name, value) => {
    const group = await makeGroup(
      name === 'instance.group-name' ? 'filters' : `f-${name.replaceAll('.', '-')}`,
    );
    const id = await runId({
      InstanceType: 'c5.xlarge',
      SecurityGroupIds: [group],
      IamInstanceProfile: { Name: 'role' },
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'purpose', Value: 'filters' }] },
      ],
    });
    await stop(id);
    const instance = await read(id);
    expect(await idsBy(name, value(instance))).toContain(id);
    expect(await idsBy(name, 'no such value')).toEqual([]);
    await terminate(id);
  });

  test('by reservation finds the instances of one launch', async () => {
    const made = await client.send(
      new ec2.RunInstancesCommand({
        ImageId: 'ami-0123456789abcdef0',
        MinCount: 2,
        MaxCount: 2,
        SubnetId: subnetId,
      }),
    );
    expect(await idsBy('reservation-id', made.ReservationId)).toHaveLength(2);
  });
});

describe('DescribeInstanceTypes', () => {
  const types = (input: object = {}) => client.send(new ec2.DescribeInstanceTypesCommand(input));

  test('knows all types of the limits table, page by page', async () => {
    const all = await types();
    expect(all.InstanceTypes?.length).toBeGreaterThan(1100);
    let count = 0;
    let NextToken: string | undefined;
    do {
      const page = await types({ MaxResults: 100, NextToken });
      count += page.InstanceTypes?.length ?? 0;
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(count).toBe(all.InstanceTypes?.length);
  });

  test('answers interfaces, addresses and network cards', async () => {
    const { InstanceTypes } = await types({ InstanceTypes: ['p4d.24xlarge'] });
    expect(InstanceTypes?.[0]?.NetworkInfo).toMatchObject({
      MaximumNetworkInterfaces: 60,
      MaximumNetworkCards: 4,
      Ipv4AddressesPerInterface: 50,
      Ipv6Supported: true,
      NetworkCards: [0, 1, 2, 3].map((NetworkCardIndex) => ({
        NetworkCardIndex,
        MaximumNetworkInterfaces: 15,
      })),
    });
    await expect(types({ InstanceTypes: ['no.such'] })).rejects.toEqual(
      failure('InvalidInstanceType', /\[no\.such\]/),
    );
  });
});

import * as ec2 from '@aws-sdk/client-ec2';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPublicKey, sshLine } from '../keys/public-key.ts';
import { readStrings } from '../keys/ssh-wire.ts';
import { OTHER_KEY, startTestApi, type TestApi } from '../testing.fake.ts';

let api: TestApi;
let client: ec2.EC2Client;
let vpcId = '';

beforeAll(async () => {
  api = await startTestApi({ quotas: { keyPairsPerRegion: 6, flowLogsPerResource: 3 } });
  client = api.client();
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  vpcId = Vpc?.VpcId ?? '';
});
afterAll(() => api.close());

function failure(code: string, message?: string): unknown {
  return expect.objectContaining({ name: code, ...(message !== undefined && { message }) });
}

/** Reads what OpenSSH's PROTOCOL.key says is in the file of an unencrypted ED25519 key. */
function readKeyFile(pem: string): { readonly publicPart: Buffer; readonly seed: Buffer } {
  const file = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const head = Buffer.from('openssh-key-v1\0');
  expect(file.subarray(0, head.length)).toEqual(head);
  // Cipher, derivation and its options; the number of keys; then the public and the private part.
  const none = readStrings(file.subarray(head.length, head.length + 20));
  expect(none?.map(String)).toEqual(['none', 'none', '']);
  expect(file.readUInt32BE(head.length + 20)).toBe(1);
  const [publicPart, privatePart] = readStrings(file.subarray(head.length + 24)) ?? [];
  if (publicPart === undefined || privatePart === undefined) throw new Error('Not two parts');
  expect(privatePart.length % 8).toBe(0);
  expect(privatePart.subarray(0, 4)).toEqual(privatePart.subarray(4, 8));
  // After the two check numbers: the type, the point, and then seed and point.
  const seedAt = 8 + 15 + 36 + 4;
  return { publicPart, seed: privatePart.subarray(seedAt, seedAt + 32) };
}

describe('flow logs', () => {
  const create = (input: Partial<ec2.CreateFlowLogsRequest>) =>
    client.send(
      new ec2.CreateFlowLogsCommand({
        ResourceIds: [vpcId],
        ResourceType: 'VPC',
        TrafficType: 'ALL',
        LogDestinationType: 's3',
        LogDestination: 'arn:aws:s3:::bucket',
        ...input,
      }),
    );

  test('are made, described, found, tagged and deleted', async () => {
    const made = await create({
      MaxAggregationInterval: 60,
      TagSpecifications: [{ ResourceType: 'vpc-flow-log', Tags: [{ Key: 'a', Value: 'b' }] }],
      ClientToken: 'token',
    });
    const [id = ''] = made.FlowLogIds ?? [];
    expect(made).toMatchObject({ Unsuccessful: [], ClientToken: 'token' });
    const describeBy = async (Filter: ec2.Filter[]) =>
      (await client.send(new ec2.DescribeFlowLogsCommand({ Filter }))).FlowLogs;
    expect(await describeBy([{ Name: 'resource-id', Values: [vpcId] }])).toMatchObject([
      {
        FlowLogId: id,
        FlowLogStatus: 'ACTIVE',
        LogDestination: 'arn:aws:s3:::bucket',
        MaxAggregationInterval: 60,
        TrafficType: 'ALL',
        Tags: [{ Key: 'a', Value: 'b' }],
      },
    ]);
    expect(await describeBy([{ Name: 'traffic-type', Values: ['REJECT'] }])).toEqual([]);
    await expect(create({})).rejects.toEqual(failure('FlowLogAlreadyExists'));
    const remove = (...FlowLogIds: string[]) =>
      client.send(new ec2.DeleteFlowLogsCommand({ FlowLogIds }));
    await expect(remove(id, 'fl-1a2b3c4d')).rejects.toEqual(
      failure(
        'InvalidFlowLogId.NotFound',
        'These flow log ids in the input list are not found: [TotalCount: 1] fl-1a2b3c4d',
      ),
    );
    expect((await remove(id)).Unsuccessful).toEqual([]);
    expect(await describeBy([])).toEqual([]);
  });

  test('are the same for the same client token', async () => {
    const token = { ClientToken: 'again', LogDestination: 'arn:aws:s3:::other' };
    const first = await create(token);
    expect((await create(token)).FlowLogIds).toEqual(first.FlowLogIds);
    await expect(create({ ...token, TrafficType: 'REJECT' })).rejects.toEqual(
      failure('IdempotentParameterMismatch'),
    );
  });

  test('tell the resources that cannot have one', async () => {
    const made = await create({
      ResourceIds: [vpcId, 'vpc-00000000'],
      LogDestination: 'arn:aws:s3:::third',
    });
    expect(made.FlowLogIds).toHaveLength(1);
    expect(made.Unsuccessful).toMatchObject([
      { ResourceId: 'vpc-00000000', Error: { Code: 'InvalidVpcID.NotFound' } },
    ]);
    await create({ LogDestination: 'arn:aws:s3:::fourth' });
    const full = await create({ LogDestination: 'arn:aws:s3:::fifth' });
    expect(full.Unsuccessful).toMatchObject([{ Error: { Code: 'FlowLogsLimitExceeded' } }]);
  });

  test.each<[string, Partial<ec2.CreateFlowLogsRequest>, string, string?]>([
    [
      'an interval of 10 s',
      { MaxAggregationInterval: 10 },
      'InvalidParameter',
      'Invalid Flow Log Max Aggregation Interval',
    ],
    [
      'no destination',
      { LogDestination: undefined },
      'InvalidParameter',
      "LogDestination can't be empty if LogGroupName is not provided.",
    ],
    [
      'a log group with another type',
      { LogGroupName: 'g' },
      'InvalidParameter',
      'LogDestination type must be cloud-watch-logs if LogGroupName is provided.',
    ],
    [
      'a log group without a role',
      { LogGroupName: 'g', LogDestination: undefined, LogDestinationType: undefined },
      'InvalidParameter',
      "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
    ],
    ['no traffic type', { TrafficType: undefined }, 'MissingParameter'],
    [
      'an unknown traffic type',
      { TrafficType: 'SOME' as ec2.TrafficType },
      'InvalidParameterValue',
    ],
    ['a transit gateway', { ResourceType: 'TransitGateway' }, 'InvalidParameterValue'],
  ])('refuse %s', async (_name, input, code, message) => {
    await expect(create(input)).rejects.toEqual(failure(code, message));
  });
});

describe('key pairs', () => {
  const create = (KeyName: string, more: Partial<ec2.CreateKeyPairRequest> = {}) =>
    client.send(new ec2.CreateKeyPairCommand({ KeyName, ...more }));
  const list = async (input: ec2.DescribeKeyPairsRequest) =>
    (await client.send(new ec2.DescribeKeyPairsCommand(input))).KeyPairs ?? [];
  const importKey = (KeyName: string, text: string) =>
    client.send(
      new ec2.ImportKeyPairCommand({ KeyName, PublicKeyMaterial: new TextEncoder().encode(text) }),
    );

  test('of RSA are made; the private key is in the answer only', async () => {
    const made = await create('mine', {
      TagSpecifications: [{ ResourceType: 'key-pair', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    expect(made.KeyMaterial).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(made.KeyFingerprint).toMatch(/^([0-9a-f]{2}:){19}[0-9a-f]{2}$/);
    const [shown] = await list({ KeyNames: ['mine'], IncludePublicKey: true });
    expect(shown).toMatchObject({
      KeyName: 'mine',
      KeyType: 'rsa',
      KeyPairId: made.KeyPairId,
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    const key = readPublicKey(new TextEncoder().encode(shown?.PublicKey ?? ''));
    const derived = createPublicKey(createPrivateKey(made.KeyMaterial ?? ''));
    expect(key.key.equals(derived)).toBe(true);
    await expect(create('mine')).rejects.toEqual(
      failure('InvalidKeyPair.Duplicate', "The keypair 'mine' already exists."),
    );
  });

  test('of ED25519 are in the form that OpenSSH reads', async () => {
    const made = await create('curve', { KeyType: 'ed25519' });
    expect(made.KeyMaterial).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
    const [shown] = await list({ KeyNames: ['curve'], IncludePublicKey: true });
    const { publicPart, seed } = readKeyFile(made.KeyMaterial ?? '');
    expect(shown?.PublicKey).toContain(publicPart.toString('base64'));
    const key = createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
      format: 'der',
      type: 'pkcs8',
    });
    const line = sshLine({ keyType: 'ed25519', key: createPublicKey(key) }, 'curve');
    expect(line).toBe(shown?.PublicKey);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const curve = generateKeyPairSync('ed25519').publicKey;
  const rsaLine = sshLine({ keyType: 'rsa', key: rsa }, 'me@here');

  test.each<[string, string, string]>([
    ['OpenSSH RSA', rsaLine, 'rsa'],
    ['OpenSSH ED25519', sshLine({ keyType: 'ed25519', key: curve }, ''), 'ed25519'],
    ['PEM', rsa.export({ format: 'pem', type: 'spki' }).toString(), 'rsa'],
    ['DER in base64', rsa.export({ format: 'der', type: 'spki' }).toString('base64'), 'rsa'],
    [
      'SSH2',
      `---- BEGIN SSH2 PUBLIC KEY ----\nComment: "x"\n${rsaLine.split(' ')[1]}\n---- END SSH2 PUBLIC KEY ----`,
      'rsa',
    ],
  ])('are imported from %s', async (name, text, keyType) => {
    const { KeyPairId = '', KeyFingerprint } = await importKey(name, text);
    expect(KeyFingerprint).toMatch(keyType === 'rsa' ? /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/ : /=$/);
    const Filters = [{ Name: 'fingerprint', Values: [KeyFingerprint ?? ''] }];
    expect(await list({ Filters })).toMatchObject([{ KeyName: name, KeyType: keyType }]);
    expect(await list({ KeyPairIds: [KeyPairId] })).toHaveLength(1);
    const removed = await client.send(new ec2.DeleteKeyPairCommand({ KeyPairId }));
    expect(removed).toMatchObject({ Return: true, KeyPairId });
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['nonsense', () => importKey('x', 'nonsense'), 'InvalidKeyPair.Format'],
    ['a cut key', () => importKey('x', rsaLine.slice(0, 60)), 'InvalidKeyPair.Format'],
    [
      'a key of 512 bits',
      () => {
        const small = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey;
        return importKey('x', sshLine({ keyType: 'rsa', key: small }, ''));
      },
      'InvalidKeyPair.Format',
    ],
    ['an unknown type', () => create('x', { KeyType: 'dsa' as 'rsa' }), 'InvalidParameterValue'],
    ['an empty name', () => create(' '), 'InvalidParameterValue'],
    ['a long name', () => create('x'.repeat(256)), 'InvalidParameterValue'],
    ['an unknown name', () => list({ KeyNames: ['none'] }), 'InvalidKeyPair.NotFound'],
    ['an unknown id', () => list({ KeyPairIds: ['key-00000000'] }), 'InvalidKeyPair.NotFound'],
  ])('refuse %s', async (_name, send, code) => {
    await expect(send()).rejects.toEqual(failure(code));
  });

  test('are of one account, deleted quietly, and limited', async () => {
    const other = api.client(OTHER_KEY);
    expect((await other.send(new ec2.DescribeKeyPairsCommand({}))).KeyPairs).toEqual([]);
    const gone = await other.send(new ec2.DeleteKeyPairCommand({ KeyName: 'mine' }));
    expect(gone).toMatchObject({ Return: true });
    expect(await list({ KeyNames: ['mine'] })).toHaveLength(1);
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 9; i++) await importKey(`n${i}`, rsaLine);
    };
    await expect(fill()).rejects.toEqual(failure('KeyPairLimitExceeded'));
  });
});

describe('attributes of an account', () => {
  const ask = async (...AttributeNames: string[]) => {
    const input = { AttributeNames: AttributeNames as ec2.AccountAttributeName[] };
    const { AccountAttributes } = await client.send(
      new ec2.DescribeAccountAttributesCommand(input),
    );
    return Object.fromEntries(
      (AccountAttributes ?? []).map((each) => [
        each.AttributeName,
        each.AttributeValues?.map(({ AttributeValue }) => AttributeValue),
      ]),
    );
  };

  test('tell the platform, the default VPC and the limits', async () => {
    expect(await ask()).toMatchObject({
      'supported-platforms': ['VPC'],
      'default-vpc': ['none'],
      'vpc-max-security-groups-per-interface': ['5'],
    });
    const { Vpc } = await client.send(new ec2.CreateDefaultVpcCommand({}));
    expect(await ask('default-vpc')).toEqual({ 'default-vpc': [Vpc?.VpcId] });
    await expect(ask('nothing')).rejects.toEqual(failure('InvalidParameterValue'));
  });
});

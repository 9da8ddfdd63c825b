import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ID_KINDS } from '../../src/ec2/id-kinds.ts';
import { startTestApi, TEST_KEY, type TestApi } from '../../src/vpc/testing.fake.ts';
import { storedInconsistencies } from '../fuzz/consistency.ts';
import { sign, type Key, type Unsigned } from './sign.ts';

const MINUTE_MS = 60_000;
const REQUEST_TIMEOUT_MS = 400;
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({
    quotas: { vpcsPerRegion: 100 },
    more: { requestTimeoutMs: REQUEST_TIMEOUT_MS },
  });
});
afterAll(() => api.close());

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

interface Changes extends Partial<Unsigned> {
  readonly key?: Key;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a signed request, but for what is changed about it. */
async function send(body: string | Uint8Array, changes: Changes = {}): Promise<Answer> {
  const { key = TEST_KEY, headers = {}, method = 'POST', query = '', ...rest } = changes;
  const host = new URL(api.endpoint).host;
  const signed = sign(key, { body, host, nowMs: Date.now(), method, query, ...rest });
  return exchange(method, query, { ...signed, ...headers }, body);
}

function exchange(
  method: string,
  query: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = `${api.endpoint}/${query === '' ? '' : `?${query}`}`;
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const code = /<Code>([^<]*)</.exec(text)?.[1] ?? '';
        resolve({ status: response.statusCode ?? 0, code, text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function ec2(action: string, parameters: Readonly<Record<string, string>> = {}): string {
  return new URLSearchParams({ Action: action, Version: '2016-11-15', ...parameters }).toString();
}

async function made(action: string, parameters: Record<string, string>, element: string) {
  const { text } = await send(ec2(action, parameters));
  return new RegExp(`<${element}>([^<]+)<`).exec(text)?.[1] ?? text;
}

const DESCRIBE = ec2('DescribeVpcs');
const IDENTITY = 'Action=GetCallerIdentity&Version=2011-06-15';

describe('who may not', () => {
  test.each<[string, string, Changes, number, string]>([
    [
      'a wrong secret',
      DESCRIBE,
      { key: { ...TEST_KEY, secretAccessKey: 'x' } },
      401,
      'AuthFailure',
    ],
    [
      'an unknown key',
      DESCRIBE,
      { key: { ...TEST_KEY, accessKeyId: 'AKIAX' } },
      401,
      'AuthFailure',
    ],
    ['an old date', DESCRIBE, { nowMs: Date.now() - 16 * MINUTE_MS }, 400, 'RequestExpired'],
    ['a future date', DESCRIBE, { nowMs: Date.now() + 16 * MINUTE_MS }, 400, 'RequestExpired'],
    ['another service', DESCRIBE, { service: 's3' }, 401, 'AuthFailure'],
    [
      'another host',
      DESCRIBE,
      { host: 'example.com', headers: { host: 'e.org' } },
      401,
      'AuthFailure',
    ],
    [
      'another body',
      DESCRIBE,
      { headers: { 'x-amz-content-sha256': 'f'.repeat(64) } },
      401,
      'AuthFailure',
    ],
    [
      'half a header',
      DESCRIBE,
      { headers: { authorization: 'AWS4-HMAC-SHA256 Cred' } },
      401,
      'AuthFailure',
    ],
    [
      'a wrong secret to STS',
      IDENTITY,
      { service: 'sts', key: { ...TEST_KEY, secretAccessKey: 'x' } },
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'an unknown key to STS',
      IDENTITY,
      { service: 'sts', key: { ...TEST_KEY, accessKeyId: 'AKIAX' } },
      403,
      'InvalidClientTokenId',
    ],
  ])('%s', async (_what, body, changes, status, code) => {
    expect(await send(body, changes)).toMatchObject({ status, code });
  });
});

describe('the envelope', () => {
  const many = (count: number): string =>
    `${DESCRIBE}&${Array.from({ length: count }, (_, i) => `VpcId.${i + 1}=vpc-0${i}`).join('&')}`;

  test.each<[string, string | Uint8Array, Changes, number, string]>([
    ['no Action', 'Version=2016-11-15', {}, 400, 'MissingAction'],
    ['an empty body', '', {}, 400, 'MissingAction'],
    ['no Version', 'Action=DescribeVpcs', {}, 200, ''],
    ['an unknown action', ec2('FlyToTheMoon'), {}, 400, 'InvalidAction'],
    ['an action that only AWS has', ec2('CreateFpgaImage'), {}, 400, 'UnsupportedOperation'],
    ['an action twice', `${DESCRIBE}&Action=DescribeSubnets`, {}, 200, ''],
    ['4,998 parameters', many(4996), {}, 400, 'InvalidVpcID.Malformed'],
    ['5,001 parameters', many(4999), {}, 400, 'MalformedQueryString'],
    ['bad percent-encoding', `${DESCRIBE}&VpcId.1=%zz`, {}, 400, 'MalformedQueryString'],
    ['percent-encoded bad UTF-8', `${DESCRIBE}&VpcId.1=%c3%28`, {}, 400, 'MalformedQueryString'],
    [
      'raw bad UTF-8',
      Buffer.concat([Buffer.from(`${DESCRIBE}&VpcId.1=`), Buffer.of(0xff)]),
      {},
      400,
      'MalformedQueryString',
    ],
    ['half a surrogate pair', `${DESCRIBE}&VpcId.1=%ed%a0%80`, {}, 400, 'MalformedQueryString'],
    ['a name of 30 levels', `${DESCRIBE}&${'a.'.repeat(30)}b=1`, {}, 400, 'MalformedQueryString'],
    [
      'JSON instead of a form',
      '{"Action":"DescribeVpcs"}',
      { contentType: 'application/json' },
      400,
      'MissingAction',
    ],
    ['a form called JSON', DESCRIBE, { contentType: 'application/json' }, 200, ''],
    ['GET instead of POST', '', { method: 'GET', query: DESCRIBE }, 200, ''],
  ])('with %s', async (_what, body, changes, status, code) => {
    expect(await send(body, changes)).toMatchObject({ status, code });
  });

  test(
    'of 10 MB is refused, again and again, and takes no memory',
    { timeout: 30_000 },
    async () => {
      const body = Buffer.alloc(10_000_000, 'x');
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 12; i++) {
        const answer = await send(body).catch((error: NodeJS.ErrnoException) => error.code ?? '');
        if (typeof answer === 'string') expect(['EPIPE', 'ECONNRESET']).toContain(answer);
        else expect(answer.status).toBe(413);
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
      expect((await send(DESCRIBE)).status).toBe(200);
    },
  );
});

describe('lists', () => {
  test.each<[string, string, number, string]>([
    ['with gaps and in any order', 'Filter.7.Name=state&Filter.7.Value.3=available', 200, ''],
    ['at a huge index', 'Filter.99999999.Name=state&Filter.99999999.Value.1=pending', 200, ''],
    ['at an index beyond all numbers', `VpcId.${'9'.repeat(40)}=vpc-x`, 200, ''],
    ['at index 0', 'VpcId.0=x', 400, 'InvalidVpcID.Malformed'],
    ['at a negative index', 'VpcId.-1=x', 200, ''],
    ['at no index', 'VpcId.x=x', 200, ''],
    ['as a single value', 'VpcId=x', 200, ''],
    ['with a level too many', 'VpcId.1.2.3=x', 200, ''],
    ['of filters without a name', 'Filter.1.Value.1=x', 400, 'MissingParameter'],
    ['of 51 filters', filters(51), 400, 'FilterLimitExceeded'],
    [
      'of an unknown filter',
      'Filter.1.Name=colour&Filter.1.Value.1=x',
      400,
      'InvalidParameterValue',
    ],
    ['of hostile patterns', `Filter.1.Name=tag:a&Filter.1.Value.1=${'*a'.repeat(100)}`, 200, ''],
  ])('%s', async (_what, parameters, status, code) => {
    expect(await send(`${DESCRIBE}&${parameters}`)).toMatchObject({ status, code });
  });

  function filters(count: number): string {
    const one = (i: number): string => `Filter.${i}.Name=state&Filter.${i}.Value.1=x`;
    return Array.from({ length: count }, (_, i) => one(i + 1)).join('&');
  }
});

describe('ids', () => {
  const BY_ACTION: readonly (readonly [string, string, keyof typeof ID_KINDS])[] = [
    ['DescribeVpcs', 'VpcId.1', 'vpc'],
    ['DescribeSubnets', 'SubnetId.1', 'subnet'],
    ['DescribeSecurityGroups', 'GroupId.1', 'group'],
    ['DescribeNetworkInterfaces', 'NetworkInterfaceId.1', 'interface'],
    ['DescribeInstances', 'InstanceId.1', 'instance'],
    ['DescribeRouteTables', 'RouteTableId.1', 'routeTable'],
    ['DescribeInternetGateways', 'InternetGatewayId.1', 'internetGateway'],
    ['DescribeNetworkAcls', 'NetworkAclId.1', 'networkAcl'],
    ['DeleteVpc', 'VpcId', 'vpc'],
    ['DeleteSubnet', 'SubnetId', 'subnet'],
    ['DeleteSecurityGroup', 'GroupId', 'group'],
    ['DeleteNetworkInterface', 'NetworkInterfaceId', 'interface'],
    ['DeleteRouteTable', 'RouteTableId', 'routeTable'],
    ['DeleteManagedPrefixList', 'PrefixListId', 'prefixList'],
    ['TerminateInstances', 'InstanceId.1', 'instance'],
    ['DetachNetworkInterface', 'AttachmentId', 'attachment'],
  ];

  test.each(BY_ACTION)('that %s does not know', async (action, parameter, kind) => {
    const { prefix, notFound, malformed } = ID_KINDS[kind];
    const unknown = `${prefix}-0123456789abcdef0`;
    const answer = await send(ec2(action, { [parameter]: unknown }));
    expect(answer).toMatchObject({ status: 400, code: notFound });
    expect(answer.text).toContain(unknown);
    for (const wrong of ['pony-0123456789abcdef0', `${prefix}-xyz`, `${prefix}-<&>"`, prefix])
      expect(await send(ec2(action, { [parameter]: wrong }))).toMatchObject({
        status: 400,
        code: malformed,
      });
  });
});

describe('texts', () => {
  test.each([
    '<b>&"\'</b>',
    ']]>',
    '&lt;',
    'tab\tline\r\nend',
    '漢\u{10ffff}',
    '\u0085\u2028 x ',
    '__proto__',
  ])('as tags come back as they were: %j', async (value) => {
    const tag = {
      'TagSpecification.1.ResourceType': 'vpc',
      'TagSpecification.1.Tag.1.Key': value,
    };
    const id = await made('CreateVpc', { CidrBlock: '10.0.0.0/24', ...tag }, 'vpcId');
    const { text } = await send(ec2('DescribeVpcs', { 'VpcId.1': id }));
    const [, inside = ''] = /<key>([^]*?)<\/key>/.exec(text) ?? [];
    expect(unescapeXml(inside)).toBe(value);
    await send(ec2('DeleteVpc', { VpcId: id }));
  });

  test.each(['DescribeInstanceAttribute', 'ModifyInstanceAttribute'])(
    'that objects inherit are no attributes of %s',
    async (action) => {
      const subnet = await subnetForLaunch();
      const launch = { ImageId: 'ami-0123456789abcdef0', InstanceType: 't3.micro', ...subnet };
      const id = await made(
        'RunInstances',
        { ...launch, MinCount: '1', MaxCount: '1' },
        'instanceId',
      );
      for (const name of ['__proto__', 'constructor', 'toString'])
        expect(
          await send(ec2(action, { InstanceId: id, Attribute: name, Value: 'x' })),
        ).toMatchObject({
          status: 400,
          code: 'InvalidParameterValue',
        });
      await send(ec2('TerminateInstances', { 'InstanceId.1': id }));
    },
  );

  test('that objects inherit match no tag', async () => {
    const filter = { 'Filter.1.Name': 'tag:constructor', 'Filter.1.Value.1': '*' };
    await made('CreateVpc', { CidrBlock: '10.1.0.0/24' }, 'vpcId');
    const { text } = await send(ec2('DescribeVpcs', filter));
    expect(text).not.toContain('<item>');
  });

  async function subnetForLaunch(): Promise<{ SubnetId: string }> {
    const vpc = await made('CreateVpc', { CidrBlock: '10.2.0.0/24' }, 'vpcId');
    const block = { VpcId: vpc, CidrBlock: '10.2.0.0/25' };
    return { SubnetId: await made('CreateSubnet', block, 'subnetId') };
  }

  test.each(['\u0000', '\u0001', '\u000b', '\u001f', '\ufffe', '\uffff'])(
    'that XML cannot carry are refused: %j',
    async (value) => {
      const answer = await send(ec2('DescribeVpcs', { 'VpcId.1': `vpc-${value}` }));
      expect(answer).toMatchObject({ status: 400, code: 'MalformedQueryString' });
    },
  );

  function unescapeXml(text: string): string {
    const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&', '#13': '\r' };
    expect(text).not.toMatch(/[<>\r]|&(?!(?:lt|gt|quot|amp|#13);)/);
    return text.replaceAll(/&([a-z#\d]+);/g, (_whole, name: string) => named[name] ?? '');
  }
});

describe('connections', () => {
  const head = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

  function open(): Promise<{ write(text: string): void; end(): void; closed: Promise<string> }> {
    const { hostname, port } = new URL(api.endpoint);
    const socket = connect(Number(port), hostname);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.on('error', () => {});
    const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)));
    return new Promise((resolve) =>
      socket.once('connect', () =>
        resolve({ write: (text) => socket.write(text), end: () => socket.destroy(), closed }),
      ),
    );
  }

  test('that are cut in the middle of a body leave nothing behind', async () => {
    const before = openSockets();
    for (let i = 0; i < 50; i++) {
      const socket = await open();
      socket.write(`${head(1000)}Action=Desc`);
      if (i % 2 === 0) await sleep(1);
      socket.end();
      await socket.closed;
    }
    await sleep(50);
    expect(openSockets()).toBeLessThanOrEqual(before + 1);
    expect((await send(DESCRIBE)).status).toBe(200);
  });

  test.each([
    ['headers', 'POST / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['a body', `${head(1000)}Action=`],
    ['nothing', ''],
  ])('that send %s byte by byte are closed', async (_what, start) => {
    const socket = await open();
    socket.write(start);
    const drip = setInterval(() => socket.write(start === '' ? '' : 'x'), 50);
    const late = sleep(6 * REQUEST_TIMEOUT_MS).then(() => 'still open');
    const heard = await Promise.race([socket.closed, late]);
    clearInterval(drip);
    socket.end();
    expect(heard).not.toBe('still open');
    if (start !== '') expect(heard).toMatch(/^HTTP\/1\.1 408 /);
  });

  function openSockets(): number {
    return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  }
});

describe('at the same time', { timeout: 30_000 }, () => {
  test('one of many deletes of an object succeeds, the others miss it', async () => {
    for (let round = 0; round < 10; round++) {
      const vpc = await made('CreateVpc', { CidrBlock: '10.0.0.0/24' }, 'vpcId');
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => send(ec2('DeleteVpc', { VpcId: vpc }))),
      );
      const codes = answers.map(({ code }) => code).sort();
      expect(codes).toEqual(['', ...Array.from({ length: 7 }, () => 'InvalidVpcID.NotFound')]);
    }
    expect(storedInconsistencies(api.kube)).toEqual([]);
  });

  test('deletes of parents and children and creations between them fit together', async () => {
    for (let round = 0; round < 15; round++) {
      const vpc = await made('CreateVpc', { CidrBlock: '10.0.0.0/24' }, 'vpcId');
      const inVpc = { VpcId: vpc };
      const subnet = await made('CreateSubnet', { ...inVpc, CidrBlock: '10.0.0.0/25' }, 'subnetId');
      const named = { GroupName: 'g', GroupDescription: 'g', ...inVpc };
      const group = await made('CreateSecurityGroup', named, 'groupId');
      const wears = { SubnetId: subnet, 'SecurityGroupId.1': group };
      const eni = await made('CreateNetworkInterface', wears, 'networkInterfaceId');
      const all = [
        ec2('DeleteNetworkInterface', { NetworkInterfaceId: eni }),
        ec2('DeleteSecurityGroup', { GroupId: group }),
        ec2('DeleteSubnet', { SubnetId: subnet }),
        ec2('DeleteVpc', inVpc),
        ec2('CreateSubnet', { ...inVpc, CidrBlock: '10.0.0.128/25' }),
        ec2('CreateNetworkInterface', wears),
        ec2('DeleteVpc', inVpc),
      ];
      const turned = [...all.slice(round % all.length), ...all.slice(0, round % all.length)];
      const answers = await Promise.all(turned.map((body) => send(body)));
      for (const { status, code } of answers) {
        expect(status).toBeLessThan(500);
        expect(code).toMatch(/^$|NotFound$|^DependencyViolation$|^InvalidNetworkInterface\.InUse$/);
      }
      expect(storedInconsistencies(api.kube)).toEqual([]);
      await tearDown(vpc);
    }
    expect(api.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  async function tearDown(vpc: string): Promise<void> {
    const all = async (action: string, element: string): Promise<string[]> => {
      const filter = { 'Filter.1.Name': 'vpc-id', 'Filter.1.Value.1': vpc };
      const { text } = await send(ec2(action, filter));
      return [...text.matchAll(new RegExp(`<${element}>([^<]+)<`, 'g'))].map(([, id = '']) => id);
    };
    for (const id of await all('DescribeNetworkInterfaces', 'networkInterfaceId'))
      await send(ec2('DeleteNetworkInterface', { NetworkInterfaceId: id }));
    for (const id of await all('DescribeSubnets', 'subnetId'))
      await send(ec2('DeleteSubnet', { SubnetId: id }));
    for (const id of await all('DescribeSecurityGroups', 'groupId'))
      await send(ec2('DeleteSecurityGroup', { GroupId: id }));
    await send(ec2('DeleteVpc', { VpcId: vpc }));
    expect((await send(ec2('DescribeVpcs', { 'VpcId.1': vpc }))).code).toBe(
      'InvalidVpcID.NotFound',
    );
  }
});

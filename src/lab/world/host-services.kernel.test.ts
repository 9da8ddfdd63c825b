import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { EC2Client, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { must } from '../../base/assert.ts';
import { bindInNetns } from '../../io/bind-in-netns.ts';
import { runInNetns } from '../../io/netns-exec.ts';
import { callPlugin, TestWorld, type TestHost } from '../../node/agent/hosts.fake.ts';
import { buildCniPlugin } from '../../node/cni/build.ts';
import { startTestApi, type TestApi } from '../../vpc/testing.fake.ts';
import type { Running } from './component.ts';
import { HOST_API_PORTS } from './host-ports.ts';
import { serveHost } from './host-services.ts';

const run = promisify(execFile);
const noCli = await run('aws', ['--version']).then(
  () => undefined,
  (error: unknown) => String((error as NodeJS.ErrnoException).code ?? error),
);
if (noCli !== undefined) process.stdout.write(`Skipped: no aws CLI on PATH (${noCli})\n`);

const METADATA = '169.254.169.254';
const ACCOUNT = '111122223333';
const TTL = 'X-aws-ec2-metadata-token-ttl-seconds: 60';
/** Nothing came within half a second; answers come in milliseconds. */
const SILENCE = '';
const PATIENCE = '0.5';

const world = new TestWorld();
let api: TestApi;
let one: TestHost;
let two: TestHost;
let services: Running[];
let plain: string;
let branched: string;

beforeAll(async () => {
  const hosts = await world.addHosts(2);
  one = must(hosts[0], () => 'host 1');
  two = must(hosts[1], () => 'host 2');
  const instance = must(world.kube.peek(INSTANCES, { name: one.instanceId }), () => 'no instance');
  const iamInstanceProfileArn = `arn:aws:iam::${ACCOUNT}:instance-profile/AmazonEKSNodeRole`;
  world.kube.seed(INSTANCES, { ...instance, spec: { ...instance.spec, iamInstanceProfileArn } });
  for (const host of hosts) await world.start(host);
  api = await startTestApi({ kube: world.kube, more: { seeds: ['node-role'] } });
  const plane = {
    api: { port: api.api.port },
    ec2Port: api.api.port,
    metadataOf: api.api.metadataOf,
  };
  services = await Promise.all(
    hosts.map((host) => {
      const { instanceId, address: privateIp } = host;
      return serveHost(plane as never, { instanceId, privateIp, isNode: true }, {
        ...host,
      } as never);
    }),
  );
  const plugin = (await buildCniPlugin({ outDir: '/tmp/trunkline-test-cni' })).path;
  const wire = async (name: string, options: Parameters<TestWorld['pod']>[2]): Promise<string> => {
    const netns = await world.podNetns(name);
    const pod = world.pod(one, name, options);
    const added = await callPlugin(plugin, one, { command: 'ADD', pod, netns });
    expect(added.output).not.toHaveProperty('msg');
    return netns;
  };
  plain = await wire('plain', {});
  // A group without rules: metadata is never filtered.
  branched = await wire('branched', { branch: world.branch(one, 1, [world.group('shut', [])]) });
});
afterAll(async () => {
  await Promise.all(services.map((each) => each.close()));
  await api.close();
  await world.close();
});

/** What a client in a namespace reads within a second; '' when nothing comes or it is refused. */
function ask(netns: string, line: string, ...headers: readonly string[]): Promise<string> {
  return askWithin('10', netns, [line, ...headers]);
}

/** Asks for a token where none is expected. */
function askInVain(netns: string): Promise<string> {
  return askWithin(PATIENCE, netns, ['PUT /latest/api/token', TTL]);
}

async function askWithin(
  seconds: string,
  netns: string,
  [line = '', ...headers]: readonly string[],
): Promise<string> {
  const lines = [`${line} HTTP/1.1`, `Host: ${METADATA}`, 'Connection: close', ...headers, '', ''];
  const script = `exec 3<>/dev/tcp/${METADATA}/80 && cat >&3 && cat <&3`;
  const command = ['timeout', seconds, 'bash', '-c', script] as const;
  return (await runInNetns(netns, command, lines.join('\r\n'))).stdout;
}

function bodyOf(answer: string): string {
  return answer.split('\r\n\r\n')[1] ?? '';
}

async function read(netns: string, path: string): Promise<string> {
  const token = bodyOf(await ask(netns, 'PUT /latest/api/token', TTL));
  return bodyOf(await ask(netns, `GET ${path}`, `X-aws-ec2-metadata-token: ${token}`));
}

async function change(options: Partial<ec2.ModifyInstanceMetadataOptionsRequest>): Promise<void> {
  await api
    .client()
    .send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: one.instanceId, ...options }));
  await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('the metadata service of a host', () => {
  test('answers the host at its well-known address, and each host for itself', async () => {
    expect(await read(one.hostNetns, '/latest/meta-data/instance-id')).toBe(one.instanceId);
    expect(await read(two.hostNetns, '/latest/meta-data/instance-id')).toBe(two.instanceId);
    expect(await read(one.hostNetns, '/latest/meta-data/local-ipv4')).toBe(one.address);
  });

  test('lists the primary and the trunk interface, and no branch', async () => {
    const root = '/latest/meta-data/network/interfaces/macs/';
    const macs = (await read(one.hostNetns, root)).split('\n');
    const ids = await Promise.all(
      macs.map((mac) => read(one.hostNetns, `${root}${mac}interface-id`)),
    );
    expect(ids).toHaveLength(2);
    expect(ids).toContain(one.trunkId);
  });

  test.each<[string, () => string]>([
    ['a plain pod', () => plain],
    ['a pod on a branch', () => branched],
  ])('gives no token to %s, which is one hop too far; two hops let it', async (_what, netns) => {
    expect(await askInVain(netns())).toBe(SILENCE);
    // Only the answer to PUT is short of breath: version 1 works, as on EC2 with optional tokens.
    expect(await ask(netns(), 'GET /latest/meta-data/instance-id')).toContain(one.instanceId);
    await change({ HttpPutResponseHopLimit: 2 });
    expect(await read(netns(), '/latest/meta-data/instance-id')).toBe(one.instanceId);
    await change({ HttpPutResponseHopLimit: 1 });
    expect(await askInVain(netns())).toBe(SILENCE);
  });

  test('sends nothing further on a connection that carried a token', async () => {
    const get = `GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: ${METADATA}\r\n`;
    const body = `${get}\r\nPUT /latest/api/token HTTP/1.1\r\nHost: x\r\n${TTL}\r\n\r\n${get}Connection: close\r\n\r\n`;
    const script = `exec 3<>/dev/tcp/${METADATA}/80 && cat >&3 && cat <&3`;
    const both = await runInNetns(plain, ['timeout', '1', 'bash', '-c', script], body);
    expect(both.stdout.split(one.instanceId)).toHaveLength(2);
    expect(both.stdout).not.toContain('ttl-seconds');
  });

  test('needs tokens where the instance requires them, and refuses all once disabled', async () => {
    await change({ HttpTokens: 'required' });
    const bare = (): Promise<string> => ask(one.hostNetns, 'GET /latest/meta-data/instance-id');
    expect(await bare()).toMatch(/^HTTP\/1.1 401 /);
    expect(await ask(plain, 'GET /latest/meta-data/instance-id')).toMatch(/^HTTP\/1.1 401 /);
    expect(await read(one.hostNetns, '/latest/meta-data/instance-id')).toBe(one.instanceId);
    await change({ HttpEndpoint: 'disabled' });
    expect(await bare()).toMatch(/^HTTP\/1.1 403 /);
    expect(await ask(one.hostNetns, 'PUT /latest/api/token', TTL)).toMatch(/^HTTP\/1.1 403 /);
    await change({ HttpEndpoint: 'enabled', HttpTokens: 'optional' });
    expect(await bare()).toMatch(/^HTTP\/1.1 200 /);
  });

  test('is all that the fabric offers at that address', async () => {
    const open = createServer((_, response) => response.end('open'));
    open.listen({ fd: bindInNetns(one.fabricNetns, { address: METADATA, port: 8080 }) });
    const script = `exec 3<>/dev/tcp/${METADATA}/8080 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
    const got = await runInNetns(one.hostNetns, ['timeout', PATIENCE, 'bash', '-c', script]);
    open.close();
    expect(got.stdout).toBe('');
  });
});

describe('the credentials of a host', () => {
  const keysOf = async () =>
    JSON.parse(
      await read(one.hostNetns, '/latest/meta-data/iam/security-credentials/AmazonEKSNodeRole'),
    ) as Record<'AccessKeyId' | 'SecretAccessKey' | 'Token', string>;

  test('are those of its role, and may do what its policies say', async () => {
    const keys = await keysOf();
    const credentials = {
      accessKeyId: keys.AccessKeyId,
      secretAccessKey: keys.SecretAccessKey,
      sessionToken: keys.Token,
    };
    const client = new EC2Client({ endpoint: api.endpoint, region: 'us-east-1', credentials });
    const found = await client.send(
      new ec2.DescribeInstancesCommand({ InstanceIds: [one.instanceId] }),
    );
    expect(found.Reservations).toHaveLength(1);
    const forbidden = new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' });
    await expect(client.send(forbidden)).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
      message: expect.stringContaining(`assumed-role/AmazonEKSNodeRole/${one.instanceId}`),
    });
    client.destroy();
  });

  test('are not there on a host without a profile', async () => {
    const root = '/latest/meta-data/iam';
    const token = bodyOf(await ask(two.hostNetns, 'PUT /latest/api/token', TTL));
    const header = `X-aws-ec2-metadata-token: ${token}`;
    for (const path of [root, `${root}/security-credentials/`])
      expect(await ask(two.hostNetns, `GET ${path}`, header)).toMatch(/^HTTP\/1.1 404 /);
  });

  test.skipIf(noCli !== undefined)(
    'are all that the AWS CLI needs in the namespace of the host, besides an endpoint',
    async () => {
      const env = {
        PATH: process.env['PATH'],
        HOME: '/nonexistent',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${HOST_API_PORTS.ec2}`,
        AWS_DEFAULT_REGION: 'us-east-1',
      };
      const command = ['aws', 'sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text'];
      const answer = await run('nsenter', [`--net=${one.hostNetns}`, '--', ...command], { env });
      expect(answer.stdout.trim()).toBe(
        `arn:aws:sts::${ACCOUNT}:assumed-role/AmazonEKSNodeRole/${one.instanceId}`,
      );
    },
  );

  test('have the Kubernetes API at the address of a node, for those whom its groups admit', async () => {
    const request = `GET /latest/meta-data HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const script = `exec 3<>/dev/tcp/${one.address}/${HOST_API_PORTS.kube} && cat >&3 && cat <&3`;
    const tried = await runInNetns(plain, ['timeout', '5', 'bash', '-c', script], request);
    expect(tried.stdout).toMatch(/^HTTP\/1.1 /);
  });

  test('are of no use to a pod for want of a way to the API', async () => {
    const script = `exec 3<>/dev/tcp/${one.address}/${HOST_API_PORTS.ec2}`;
    const tried = await runInNetns(plain, ['timeout', PATIENCE, 'bash', '-c', script]);
    expect(tried.status).not.toBe(0);
  });
});

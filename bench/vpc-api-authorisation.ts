/**
 * What the evaluation of policies costs: the same requests with the key of the account, which may do
 * everything, and with that of a user who has the policies of EKS' controller, its CNI and its
 * nodes. In turns, over HTTP on loopback, state in memory. Ratios of the server's processor time per
 * request are the figure: neighbours on the machine change them least.
 * Run: npm run bench:vpc-api-authorisation. The last line is one JSON object.
 */
import * as iam from '@aws-sdk/client-iam';
import { KEY, startServe } from '../test/vpc/serve-process.ts';
import { cpuMsOf } from './process-usage.ts';
import { close, measure, openTarget, sign, type AccessKey } from './vpc-api-client.ts';
import { creation, makeWorld, many } from './vpc-api-world.ts';

const ROUNDS = 4;
const COUNTS = { describe: 4_000, create: 600 } as const;
const POLICIES = [
  'AmazonEKSClusterPolicy',
  'AmazonEKSVPCResourceController',
  'AmazonEKS_CNI_Policy',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEC2ReadOnlyAccess',
];

async function makeUser(endpoint: string): Promise<AccessKey> {
  const client = new iam.IAMClient({ endpoint, region: 'us-east-1', credentials: KEY });
  const UserName = 'bench';
  await client.send(new iam.CreateUserCommand({ UserName }));
  for (const name of POLICIES)
    await client.send(
      new iam.AttachUserPolicyCommand({ UserName, PolicyArn: `arn:aws:iam::aws:policy/${name}` }),
    );
  const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName }));
  client.destroy();
  return { id: AccessKey?.AccessKeyId ?? '', secret: AccessKey?.SecretAccessKey ?? '' };
}

const server = await startServe('--store', 'memory', '--quota', 'interfacesPerRegion=1000000');
const target = openTarget(server.url, 1);
const world = await makeWorld(target);
const account: AccessKey = { id: KEY.accessKeyId, secret: KEY.secretAccessKey };
const who = { account, user: await makeUser(server.url) };
const host = target.url.host;

const REQUESTS = {
  describe: (key: AccessKey) =>
    sign(host, { Action: 'DescribeSecurityGroups', 'GroupId.1': world.group }, key),
  create: (key: AccessKey) => creation(target, world, key),
} as const;

/** Processor time per request, in milliseconds. */
async function cpuMs(what: keyof typeof REQUESTS, key: AccessKey): Promise<number> {
  const requests = many(COUNTS[what], () => REQUESTS[what](key));
  const beforeMs = cpuMsOf(server.pid);
  await measure(target, requests, { connections: 1, durationMs: 60_000 });
  return (cpuMsOf(server.pid) - beforeMs) / requests.length;
}

const result: Record<string, Record<string, number>> = {};
for (const what of ['describe', 'create'] as const) {
  const sums = { account: 0, user: 0 };
  for (const name of ['account', 'user'] as const) await cpuMs(what, who[name]);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of ['account', 'user'] as const) sums[name] += await cpuMs(what, who[name]);
  const ratio = Math.round((sums.user / sums.account) * 100) / 100;
  result[what] = { accountMs: sums.account / ROUNDS, userMs: sums.user / ROUNDS, ratio };
}
close(target);
await server.end('SIGTERM');
console.log(JSON.stringify(result));

/**
 * The VPC API against moto_server, both over HTTP on loopback, the same signed requests from the
 * same client, one after the other. Ours runs as `trunkline vpc serve` with its state in a file and
 * checks every signature; moto keeps its state in memory and checks none.
 * Run: npm run bench:vpc-api. The last line is one JSON object with rates and ratios.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServe } from '../test/vpc/serve-process.ts';
import {
  call,
  close,
  element,
  freshToken,
  measure,
  openTarget,
  sign,
  type Rate,
  type Signed,
  type Target,
} from './vpc-api-client.ts';
import { measureEncoders } from './vpc-api-encoder.ts';
import { startMoto } from './vpc-api-moto.ts';

const CONNECTIONS = [1, 16] as const;
const DURATION_MS = 1_500;
/** Rules of a group are limited to 60 per direction. */
const RULES_PER_GROUP = 50;
const LIST_PAGE = 1_000;

/** How many requests are signed beforehand; more than a server answers in the time. */
interface Plan {
  readonly describes: number;
  readonly creates: number;
  readonly groups: number;
  readonly lists: number;
  readonly stored: number;
}

const OURS: Plan = { describes: 20_000, creates: 12_000, groups: 160, lists: 200, stored: 10_000 };
// At 180 creates per second, 10,000 would take a minute; fewer are in moto's favour. A list takes
// seconds, so there are two.
const MOTO: Plan = { describes: 1_500, creates: 1_000, groups: 20, lists: 2, stored: 1_000 };

type Results = Record<string, Rate>;

interface World {
  readonly subnet: string;
  readonly vpc: string;
  readonly group: string;
}

async function prepare(target: Target): Promise<World> {
  const vpc = element(
    await call(target, { Action: 'CreateVpc', CidrBlock: '10.0.0.0/16' }),
    'vpcId',
  );
  const made = await call(target, {
    Action: 'CreateSubnet',
    VpcId: vpc,
    CidrBlock: '10.0.0.0/16',
    AvailabilityZone: 'us-east-1a',
  });
  return { vpc, subnet: element(made, 'subnetId'), group: await makeGroup(target, vpc) };
}

async function makeGroup(target: Target, vpc: string): Promise<string> {
  const made = await call(target, {
    Action: 'CreateSecurityGroup',
    VpcId: vpc,
    GroupName: freshToken(),
    GroupDescription: 'bench',
  });
  return element(made, 'groupId');
}

function creation(target: Target, { subnet, group }: World): Signed {
  return sign(target.url.host, {
    Action: 'CreateNetworkInterface',
    SubnetId: subnet,
    'SecurityGroupId.1': group,
    ClientToken: freshToken(),
  });
}

async function ruleRequests(target: Target, vpc: string, groups: number): Promise<Signed[]> {
  const requests: Signed[] = [];
  for (let i = 0; i < groups; i += 1) {
    const GroupId = await makeGroup(target, vpc);
    for (let port = 1; port <= RULES_PER_GROUP; port += 1)
      requests.push(
        sign(target.url.host, {
          Action: 'AuthorizeSecurityGroupIngress',
          GroupId,
          'IpPermissions.1.IpProtocol': 'tcp',
          'IpPermissions.1.FromPort': String(port),
          'IpPermissions.1.ToPort': String(port),
          'IpPermissions.1.IpRanges.1.CidrIp': '10.0.0.0/8',
        }),
      );
  }
  return requests;
}

function many(count: number, make: () => Signed): Signed[] {
  return Array.from({ length: count }, make);
}

/** Creates interfaces until there are so many. */
async function fill(target: Target, world: World, missing: number): Promise<void> {
  const requests = many(missing, () => creation(target, world));
  await measure(target, requests, { connections: 16, durationMs: Infinity });
}

async function runAll(url: string, plan: Plan): Promise<Results> {
  const results: Results = {};
  const target = openTarget(url, Math.max(...CONNECTIONS));
  const { host } = target.url;
  const world = await prepare(target);
  const run = async (name: string, connections: number, requests: Signed[]): Promise<void> => {
    const rate = await measure(target, requests, { connections, durationMs: DURATION_MS });
    results[`${name}/${connections}`] = rate;
    console.log(
      `  ${name.padEnd(18)} ${String(connections).padStart(2)} connections ${rate.perSecond.toFixed(0).padStart(7)}/s  p50 ${rate.p50Ms.toFixed(2)} ms  p99 ${rate.p99Ms.toFixed(2)} ms`,
    );
  };
  const describe = { Action: 'DescribeSecurityGroups', 'GroupId.1': world.group };
  for (const connections of CONNECTIONS)
    await run(
      'describe one',
      connections,
      many(plan.describes, () => sign(host, describe)),
    );
  let created = 0;
  for (const connections of CONNECTIONS) {
    const requests = many(plan.creates, () => creation(target, world));
    await run('create interface', connections, requests);
    created += Math.round((results[`create interface/${connections}`]?.perSecond ?? 0) * 2);
  }
  for (const connections of CONNECTIONS)
    await run('authorise rule', connections, await ruleRequests(target, world.vpc, plan.groups));
  await fill(target, world, Math.max(0, plan.stored - created));
  const list = { Action: 'DescribeNetworkInterfaces', MaxResults: String(LIST_PAGE) };
  for (const connections of CONNECTIONS)
    await run(
      'list 1000',
      connections,
      many(plan.lists, () => sign(host, list)),
    );
  close(target);
  return results;
}

/** Whether describes stay as fast as the store grows. */
async function runGrowth(url: string): Promise<Record<string, number>> {
  const target = openTarget(url, 16);
  const world = await prepare(target);
  const p50: Record<string, number> = {};
  let stored = 0;
  for (const size of [100, 10_000, 50_000]) {
    await fill(target, world, size - stored);
    stored = size;
    const made = await call(target, {
      Action: 'CreateNetworkInterface',
      SubnetId: world.subnet,
      'TagSpecification.1.ResourceType': 'network-interface',
      'TagSpecification.1.Tag.1.Key': 'size',
      'TagSpecification.1.Tag.1.Value': String(size),
    });
    const address = element(made, 'privateIpAddress');
    const filters = {
      id: { 'NetworkInterfaceId.1': element(made, 'networkInterfaceId') },
      tag: { 'Filter.1.Name': 'tag:size', 'Filter.1.Value.1': String(size) },
      address: {
        'Filter.1.Name': 'private-ip-address',
        'Filter.1.Value.1': address,
        'Filter.2.Name': 'vpc-id',
        'Filter.2.Value.1': world.vpc,
      },
    };
    for (const [name, params] of Object.entries(filters)) {
      const requests = many(2_000, () =>
        sign(target.url.host, { Action: 'DescribeNetworkInterfaces', ...params }),
      );
      const rate = await measure(target, requests, { connections: 1, durationMs: 1_000 });
      p50[`${name}/${size}`] = rate.p50Ms;
      console.log(`  by ${name} among ${size}: p50 ${rate.p50Ms.toFixed(2)} ms`);
    }
  }
  close(target);
  return p50;
}

async function benchOurs(): Promise<{ results: Results; growth: Record<string, number> }> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  const quotas = ['interfacesPerRegion=1000000', 'groupsPerRegion=100000'];
  const options = quotas.flatMap((quota) => ['--quota', quota]);
  try {
    const first = await startServe('--store', join(folder, 'a.sqlite'), ...options);
    console.log(`trunkline vpc serve (started in ${first.startMs.toFixed(0)} ms)`);
    const results = await runAll(first.url, OURS);
    await first.end('SIGTERM');
    const second = await startServe('--store', join(folder, 'b.sqlite'), ...options);
    console.log('growth of the store');
    const growth = await runGrowth(second.url);
    await second.end('SIGTERM');
    return { results, growth };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function benchMoto(): Promise<Results | undefined> {
  const moto = await startMoto();
  if ('skipped' in moto) {
    console.log(`moto_server skipped: ${moto.skipped}`);
    return undefined;
  }
  try {
    console.log(`moto_server ${moto.version} (${MOTO.stored} interfaces)`);
    return await runAll(moto.url, MOTO);
  } finally {
    moto.stop();
  }
}

const ours = await benchOurs();
const moto = await benchMoto();
const encoders = measureEncoders();
const round = (value: number): number => Math.round(value * 100) / 100;
const ratios = Object.fromEntries(
  Object.entries(ours.results).flatMap(([name, rate]) => {
    const other = moto?.[name];
    return other === undefined ? [] : [[name, round(rate.perSecond / other.perSecond)]];
  }),
);
console.log(
  `encoder: ${encoders.keptPerSecond.toFixed(0)}/s unchanged, ${encoders.compiledPerSecond.toFixed(0)}/s new, ${encoders.walkerPerSecond.toFixed(0)}/s walking`,
);
console.log(
  JSON.stringify({
    ratiosToMoto: ratios,
    encoderRatios: {
      unchanged: round(encoders.keptPerSecond / encoders.walkerPerSecond),
      new: round(encoders.compiledPerSecond / encoders.walkerPerSecond),
    },
    listPageP50Ms: round(ours.results['list 1000/1']?.p50Ms ?? Number.NaN),
    growthP50Ms: Object.fromEntries(
      Object.entries(ours.growth).map(([name, ms]) => [name, round(ms)]),
    ),
  }),
);

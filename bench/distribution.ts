/**
 * From the VPC API's answer to the filters of 1,000 hosts: the two APIs in one process, the agents'
 * fabrics in two others, each with its own watches over HTTPS, one trunk and one pod's branch for
 * each host. Agents are simulated in that their kernel takes everything; compiling is real.
 * Run: node bench/distribution.ts [HOSTS]. The last line is one JSON object.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AssociateTrunkInterfaceCommand,
  AttachNetworkInterfaceCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DisassociateTrunkInterfaceCommand,
  EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  type _InstanceType,
} from '@aws-sdk/client-ec2';
import { must } from '../src/base/assert.ts';
import { INSTANCES } from '../src/api/vpc/instance.ts';
import { NETWORK_INTERFACES } from '../src/api/vpc/network-interface.ts';
import { ADDRESS_SLICES } from '../src/api/vpc/slices/address-slice.ts';
import { createKubeClient } from '../src/io/kube-client.ts';
import type { KubeTransportOptions } from '../src/io/kube-http.ts';
import type { AgentsReport, AgentsTask } from './distribution/messages.ts';
import { percentile } from './percentile.ts';

const HOSTS = Number(process.argv[2] ?? 1000);
const PROCESSES = 4;
const REPEATS = 10;
const LANES = 8;
const LIMIT_MS = 30_000;
/** A group change and the like shall be enforced everywhere within this time. */
const TARGET_MS = 1_000;
const HOSTS_PER_SUBNET = 1000;
/** Hundreds of agents share a heap here. */
const EXEC_ARGV = ['--max-old-space-size=10000', '--expose-gc'];

interface Plane {
  readonly server: KubeTransportOptions;
  readonly ec2: string;
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

interface Host {
  readonly instanceId: string;
  readonly subnetId: string;
  readonly trunkId: string;
}

/** A change, and the text by which a filter shows that it was told of it. */
type Change = () => Promise<{ readonly text: string; readonly answeredMs: number }>;

const folder = mkdtempSync(join(tmpdir(), 'trunkline-distribution-'));
const children: ChildProcess[] = [];
try {
  await main();
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const planeProcess = start('plane.ts', [join(folder, 'kube.sqlite')]);
  const [plane] = (await once(planeProcess, 'message')) as [Plane];
  const ec2 = new EC2Client({ endpoint: plane.ec2, region: 'us-east-1', credentials: plane.key });
  const world = await build(ec2, plane);
  const bytes = await objectBytes(plane);
  console.log(`${HOSTS} hosts; bytes of JSON`, bytes);
  const agents = Array.from({ length: PROCESSES }, () => start('agents.ts', []));
  const startedMs = performance.now();
  const firstReports = await Promise.all(
    agents.map((agent, i) => {
      const instances = world.hosts.filter((_, n) => n % PROCESSES === i);
      const ids = instances.map(({ instanceId }) => instanceId);
      return ask(agent, { kind: 'start', server: plane.server, instances: ids });
    }),
  );
  const startMs = performance.now() - startedMs;
  console.log(`agents synced and enforcing after ${(startMs / 1000).toFixed(1)} s`);
  const results = await measureAll(changes(ec2, world), agents);
  const nothing = { kind: 'find', text: ' ', sinceMs: Number.MAX_SAFE_INTEGER } as const;
  const reports = await Promise.all(agents.map((agent) => ask(agent, nothing)));
  const memory = {
    agentsMb: reports.reduce((sum, { rssMb }) => sum + rssMb, 0),
    planeMb: Math.round(rssOf(planeProcess)),
    cpuSecondsOfStart: Math.round(firstReports.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1000),
  };
  console.table(results);
  console.log(memory);
  ec2.destroy();
  console.log(JSON.stringify({ hosts: HOSTS, startMs, bytes, ...memory, lastAgentMs: results }));
  const worst = Math.max(...Object.values(results).map(({ max }) => max));
  console.error(
    `worst ${worst} ms, target ${TARGET_MS} ms: ${worst <= TARGET_MS ? 'met' : 'MISSED'}`,
  );
}

function start(file: string, args: readonly string[]): ChildProcess {
  const path = join(import.meta.dirname, 'distribution', file);
  const child = fork(path, args, { execArgv: EXEC_ARGV });
  children.push(child);
  return child;
}

async function ask(agent: ChildProcess, task: AgentsTask): Promise<AgentsReport> {
  const answer = once(agent, 'message');
  agent.send(task);
  const [report] = (await answer) as [AgentsReport];
  return report;
}

/** A VPC, three groups, and for each host an instance with a primary interface, a trunk and a branch. */
async function build(ec2: EC2Client, plane: Plane) {
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const vpcId = must(vpc.Vpc?.VpcId, () => 'no VPC');
  const group = async (name: string): Promise<string> => {
    const input = { VpcId: vpcId, GroupName: name, Description: name };
    const { GroupId } = await ec2.send(new CreateSecurityGroupCommand(input));
    return must(GroupId, () => 'no group');
  };
  const groups = {
    node: await group('node'),
    client: await group('client'),
    server: await group('server'),
  };
  const pair = { IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080 };
  const reference = { ...pair, UserIdGroupPairs: [{ GroupId: groups.client }] };
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: groups.server,
      IpPermissions: [reference],
    }),
  );
  // One rule that stays, so that no set goes with its last element.
  const kept = { ...pair, IpRanges: [{ CidrIp: '198.51.100.0/24' }] };
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({ GroupId: groups.server, IpPermissions: [kept] }),
  );
  const subnets: string[] = [];
  for (let i = 0; i * HOSTS_PER_SUBNET < HOSTS; i += 1) {
    const input = { VpcId: vpcId, CidrBlock: `10.0.${i * 16}.0/20` };
    const { Subnet } = await ec2.send(new CreateSubnetCommand(input));
    subnets.push(must(Subnet?.SubnetId, () => 'no subnet'));
  }
  const kube = createKubeClient(plane.server);
  const hosts = await inLanes(HOSTS, async (i) => {
    const subnetId = must(subnets[Math.floor(i / HOSTS_PER_SUBNET)], () => 'no subnet');
    const host = await addHost(ec2, subnetId, groups);
    const status = {
      tunnelAddress: `198.18.${i >> 8}.${i & 255}`,
      tunnelMac: `02:74:00:00:${hex(i >> 8)}:${hex(i & 255)}`,
    };
    const key = { name: host.instanceId };
    await kube.patch(INSTANCES, key, { type: 'merge', subresource: 'status', body: { status } });
    return host;
  });
  for (let known = 0; known < HOSTS;) {
    known = (await kube.list(ADDRESS_SLICES)).items.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await kube.close();
  return { hosts, groups };
}

type World = Awaited<ReturnType<typeof build>>;

async function addHost(
  ec2: EC2Client,
  SubnetId: string,
  groups: { readonly node: string; readonly server: string },
): Promise<Host> {
  const launch = { ImageId: 'ami-0123456789abcdef0', InstanceType: 'm5.large' as _InstanceType };
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ...launch,
      MinCount: 1,
      MaxCount: 1,
      SubnetId,
      SecurityGroupIds: [groups.node],
    }),
  );
  const instanceId = must(Instances?.[0]?.InstanceId, () => 'no instance');
  const trunkId = await addInterface(ec2, {
    SubnetId,
    InterfaceType: 'trunk',
    Groups: [groups.node],
  });
  await ec2.send(
    new AttachNetworkInterfaceCommand({
      NetworkInterfaceId: trunkId,
      InstanceId: instanceId,
      DeviceIndex: 1,
    }),
  );
  const host = { instanceId, subnetId: SubnetId, trunkId };
  await addBranch(ec2, host, { vlanId: 1, groupId: groups.server });
  return host;
}

async function addInterface(
  ec2: EC2Client,
  input: ConstructorParameters<typeof CreateNetworkInterfaceCommand>[0],
): Promise<string> {
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand(input));
  return must(NetworkInterface?.NetworkInterfaceId, () => 'no interface');
}

async function addBranch(
  ec2: EC2Client,
  { subnetId, trunkId }: Host,
  { vlanId, groupId }: { readonly vlanId: number; readonly groupId: string },
) {
  const { NetworkInterface: made } = await ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId: subnetId, Groups: [groupId] }),
  );
  const eniId = must(made?.NetworkInterfaceId, () => 'no branch');
  const { InterfaceAssociation } = await ec2.send(
    new AssociateTrunkInterfaceCommand({
      BranchInterfaceId: eniId,
      TrunkInterfaceId: trunkId,
      VlanId: vlanId,
    }),
  );
  const answeredMs = performance.timeOrigin + performance.now();
  return {
    eniId,
    associationId: InterfaceAssociation?.AssociationId,
    address: made?.PrivateIpAddress ?? '',
    answeredMs,
  };
}

/** The kinds of change, each of which concerns every host. */
function changes(ec2: EC2Client, { hosts, groups }: World): Readonly<Record<string, Change>> {
  const now = (): number => performance.timeOrigin + performance.now();
  const added: { eniId: string; associationId: string | undefined; address: string }[] = [];
  let serial = 0;
  const rule = (number: number) => ({
    GroupId: groups.server,
    IpPermissions: [
      {
        IpProtocol: 'tcp',
        FromPort: 40_000 + number,
        ToPort: 40_000 + number,
        IpRanges: [{ CidrIp: `203.0.113.${number}/32` }],
      },
    ],
  });
  return {
    'rule authorised': async () => {
      serial += 1;
      await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule(serial)));
      return { text: `203.0.113.${serial}`, answeredMs: now() };
    },
    'rule revoked': async () => {
      serial -= 1;
      await ec2.send(new RevokeSecurityGroupIngressCommand(rule(serial + 1)));
      return { text: `203.0.113.${serial + 1}`, answeredMs: now() };
    },
    'pod comes (membership)': async () => {
      const host = must(hosts[added.length], () => 'no host');
      const { answeredMs, ...branch } = await addBranch(ec2, host, {
        vlanId: 2,
        groupId: groups.client,
      });
      added.push(branch);
      return { text: branch.address, answeredMs };
    },
    'groups of a pod change': async () => {
      // One group and two groups, in turn.
      const branch = must(added[0], () => 'no branch');
      serial += 1;
      await ec2.send(
        new ModifyNetworkInterfaceAttributeCommand({
          NetworkInterfaceId: branch.eniId,
          Groups: [groups.client, groups.server].slice(0, 1 + (serial % 2)),
        }),
      );
      return { text: branch.address, answeredMs: now() };
    },
    'pod goes': async () => {
      const branch = must(added.pop(), () => 'no branch');
      await ec2.send(
        new DisassociateTrunkInterfaceCommand({ AssociationId: branch.associationId ?? '' }),
      );
      const answeredMs = now();
      await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: branch.eniId }));
      return { text: branch.address, answeredMs };
    },
  };
}

async function measureAll(
  kinds: Readonly<Record<string, Change>>,
  agents: readonly ChildProcess[],
): Promise<Record<string, { p50: number; p99: number; max: number }>> {
  const results: Record<string, { p50: number; p99: number; max: number }> = {};
  for (const [kind, change] of Object.entries(kinds)) {
    const delays: number[] = [];
    for (let i = 0; i < REPEATS; i += 1) delays.push(...(await measureOne(change, agents)));
    results[kind] = {
      p50: Math.round(percentile(delays, 50)),
      p99: Math.round(percentile(delays, 99)),
      max: Math.round(Math.max(...delays)),
    };
    console.log(kind, results[kind]);
  }
  return results;
}

/** How long after the API's answer each agent's filter was told, in ms. */
async function measureOne(change: Change, agents: readonly ChildProcess[]): Promise<number[]> {
  const sinceMs = performance.timeOrigin + performance.now();
  const { text, answeredMs } = await change();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const reports = await Promise.all(
      agents.map((agent) => ask(agent, { kind: 'find', text, sinceMs })),
    );
    const found = reports.flatMap(({ foundMs }) => foundMs);
    if (found.length === HOSTS) return found.map((atMs) => Math.max(0, atMs - answeredMs));
    if (performance.timeOrigin + performance.now() - answeredMs > LIMIT_MS)
      throw new Error(`Only ${found.length} of ${HOSTS} hosts enforce the change ${text}`);
  }
}

/** JSON bytes of what agents get, and of the objects that they would watch without slices. */
async function objectBytes({ server }: Plane) {
  const kube = createKubeClient(server);
  const [slices, interfaces] = [
    (await kube.list(ADDRESS_SLICES)).items,
    (await kube.list(NETWORK_INTERFACES)).items,
  ];
  await kube.close();
  const each = (items: readonly object[]): number =>
    Math.round(JSON.stringify(items).length / items.length);
  return {
    slice: each(slices),
    allSlices: each(slices) * slices.length,
    interface: each(interfaces),
    allInterfaces: each(interfaces) * interfaces.length,
  };
}

/** Runs the work for 0 .. count-1, some at a time, in order of number. */
async function inLanes<T>(count: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const results = Array.from<T>({ length: count });
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) results[i] = await work(i);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

function rssOf({ pid }: ChildProcess): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? 0) / 1024;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Whether calls stay as fast as the store grows to 50,000 interfaces, and what memory that takes. */
import { memoryOf, type Memory } from './process-usage.ts';
import { close, call, element, measure, openTarget, sign, type Target } from './vpc-api-client.ts';
import { creation, fill, makeWorld, many, type World } from './vpc-api-world.ts';

const SIZES = [100, 10_000, 50_000] as const;
const MEASURE_MS = 700;
const WARM_UP = 300;

/** Median times by `call/size` in milliseconds, and memory by size. */
export interface Growth {
  readonly p50Ms: Readonly<Record<string, number>>;
  readonly memory: Readonly<Record<string, Memory>>;
}

/** Fills the server step by step and measures the same calls after each. */
export async function measureGrowth(url: string, pid: number): Promise<Growth> {
  const target = openTarget(url, 16);
  const large = await makeWorld(target, '10.0.0.0/16');
  const few = await makeFew(target);
  const p50Ms: Record<string, number> = {};
  const memory: Record<string, Memory> = {};
  let stored = 0;
  for (const size of SIZES) {
    await fill(target, large, size - stored);
    stored = size;
    for (const [name, params] of Object.entries(lookups(few))) {
      const request = sign(target.url.host, { Action: 'DescribeNetworkInterfaces', ...params });
      p50Ms[`${name}/${size}`] = await medianMs(
        target,
        many(5_000, () => request),
      );
    }
    const creations = many(800, () => creation(target, large));
    stored += creations.length;
    p50Ms[`create/${size}`] = await medianMs(target, creations);
    memory[String(size)] = memoryOf(pid);
    show(size, p50Ms, memoryOf(pid));
  }
  close(target);
  return { p50Ms, memory };
}

/** One interface in a VPC of its own that every lookup finds, however many there are elsewhere. */
interface Few extends World {
  readonly eni: string;
  readonly address: string;
  readonly instance: string;
  readonly attachment: string;
}

async function makeFew(target: Target): Promise<Few> {
  const world = await makeWorld(target, '10.1.0.0/16');
  const launched = await call(target, {
    Action: 'RunInstances',
    MinCount: '1',
    MaxCount: '1',
    InstanceType: 'm5.large',
    ImageId: 'ami-0123456789abcdef0',
    SubnetId: world.subnet,
    'SecurityGroupId.1': world.group,
    'TagSpecification.1.ResourceType': 'network-interface',
    'TagSpecification.1.Tag.1.Key': 'only',
    'TagSpecification.1.Tag.1.Value': 'one',
  });
  return {
    ...world,
    eni: element(launched, 'networkInterfaceId'),
    address: element(launched, 'privateIpAddress'),
    instance: element(launched, 'instanceId'),
    attachment: element(launched, 'attachmentId'),
  };
}

type Params = Readonly<Record<string, string>>;

function lookups(few: Few): Readonly<Record<string, Params>> {
  const by = (name: string, value: string): Params => ({
    'Filter.1.Name': name,
    'Filter.1.Value.1': value,
  });
  return {
    id: { 'NetworkInterfaceId.1': few.eni },
    vpc: by('vpc-id', few.vpc),
    subnet: by('subnet-id', few.subnet),
    group: by('group-id', few.group),
    status: by('status', 'in-use'),
    tag: by('tag:only', 'one'),
    instance: by('attachment.instance-id', few.instance),
    attachment: by('attachment.attachment-id', few.attachment),
    address: by('private-ip-address', few.address),
    'first 100': { MaxResults: '100' },
  };
}

async function medianMs(target: Target, requests: Parameters<typeof measure>[1]): Promise<number> {
  await measure(target, requests.slice(0, WARM_UP), { connections: 1, durationMs: MEASURE_MS });
  const limits = { connections: 1, durationMs: MEASURE_MS };
  return (await measure(target, requests.slice(WARM_UP), limits)).p50Ms;
}

function show(size: number, p50Ms: Readonly<Record<string, number>>, memory: Memory): void {
  const times = Object.entries(p50Ms)
    .filter(([name]) => name.endsWith(`/${size}`))
    .map(([name, ms]) => `${name.split('/', 1)[0]} ${ms.toFixed(2)}`);
  console.log(`  ${size}: p50 in ms: ${times.join(', ')}`);
  console.log(`  ${size}: ${memory.nowMb} MB resident, ${memory.peakMb} MB at most`);
}

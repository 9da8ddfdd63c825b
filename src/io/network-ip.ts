import { must } from '../base/assert.ts';
import { NetworkError, type NetnsPath, type Network, type NetworkStep } from '../base/network.ts';
import { NETNS_FOLDER, sysctlPath } from './netns-path.ts';
import { runInNetns } from './netns-exec.ts';
import { links, read } from './network-ip-read.ts';
import { errnoOf } from './network-ip-error.ts';
import { describeStep, tolerates } from './network-step.ts';

/**
 * The Network port over iproute2, for machines where koffi does not load. Consecutive steps are one
 * `ip -batch` process, 5-10 ms each, against well under a millisecond over rtnetlink.
 */
export function createIpNetwork(): Network {
  return { apply, links, read, sysctl, forgetFlows, createNamespace, deleteNamespace };
}

async function sysctl(netns: NetnsPath, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    const done = await runInNetns(netns, ['tee', sysctlPath(key)], value);
    if (done.status === 0) continue;
    throw new NetworkError(errnoOf(done.stderr), `Cannot set ${key}: ${done.stderr.trim()}`);
  }
}

/** Needs the `conntrack` tool, which is a package of its own; fails with ENOENT without it. */
async function forgetFlows(
  netns: NetnsPath,
  addresses: readonly string[],
  only?: 'udp',
): Promise<number> {
  const protocol = only === undefined ? [] : ['-p', only];
  let count = 0;
  for (const address of addresses) {
    for (const side of ['--orig-src', '--orig-dst']) {
      const done = await runInNetns(netns, ['conntrack', '-D', ...protocol, side, address]);
      const found = /(\d+) flow entries have been deleted/.exec(done.stderr)?.[1];
      if (found === undefined)
        throw new NetworkError('ENOENT', `Cannot forget flows: ${done.stderr.trim()}`);
      count += Number(found);
    }
  }
  return count;
}

async function createNamespace(name: string): Promise<string> {
  await ipNetns('add', name);
  const path = `${NETNS_FOLDER}/${name}`;
  await apply(path, [{ op: 'link-set', name: 'lo', up: true }]);
  return path;
}

async function deleteNamespace(name: string): Promise<void> {
  await ipNetns('del', name).catch((error: unknown) => {
    if (!(error instanceof NetworkError) || error.code !== 'ENOENT') throw error;
  });
}

async function ipNetns(verb: 'add' | 'del', name: string): Promise<void> {
  const done = await runInNetns(undefined, ['ip', 'netns', verb, name]);
  if (done.status === 0) return;
  const message = `Cannot ${verb} network namespace ${name}: ${done.stderr.trim()}`;
  throw new NetworkError(errnoOf(done.stderr), message);
}

async function apply(netns: NetnsPath, steps: readonly NetworkStep[]): Promise<void> {
  for (const run of runsOf(steps)) await applyRun(netns, run);
}

interface Run {
  readonly tool: 'ip' | 'bridge';
  readonly steps: readonly NetworkStep[];
}

/** Consecutive steps of one tool make one batch; a step that may fail softly stands alone. */
function runsOf(steps: readonly NetworkStep[]): Run[] {
  const runs: { tool: Run['tool']; steps: NetworkStep[]; soft: boolean }[] = [];
  for (const step of steps) {
    const tool = step.op.startsWith('fdb-') ? 'bridge' : 'ip';
    const soft = tolerates(step, 'ENODEV') || tolerates(step, 'EEXIST');
    const last = runs.at(-1);
    if (last && !soft && !last.soft && last.tool === tool) last.steps.push(step);
    else runs.push({ tool, steps: [step], soft });
  }
  return runs;
}

async function applyRun(netns: NetnsPath, run: Run): Promise<void> {
  const lines = run.steps.flatMap((step) => commandLines(step).map((text) => ({ step, text })));
  const input = lines.map((line) => `${line.text}\n`).join('');
  const done = await runInNetns(netns, [run.tool, '-batch', '-'], input);
  if (done.status === 0) return;
  const at = Number(/Command failed -:(\d+)/.exec(done.stderr)?.[1] ?? 1) - 1;
  const { step } = must(lines[at] ?? lines[0], () => 'a run has at least one line');
  const code = errnoOf(done.stderr);
  if (tolerates(step, code)) return;
  throw new NetworkError(code, `${describeStep(step)}: ${done.stderr.trim().split('\n')[0]}`, step);
}

/** Most steps are one line; a link that shall be up needs a second one. */
function commandLines(step: NetworkStep): string[] {
  const line = words(step)
    .flat()
    .filter((word) => word !== undefined)
    .join(' ');
  const raise = isLinkAdd(step) && step.up === true;
  return raise ? [line, `link set dev ${step.name} up`] : [line];
}

type Words = readonly (string | number | undefined | readonly (string | number)[])[];

function words(step: NetworkStep): Words {
  if (isLinkAdd(step)) return linkAddWords(step);
  if ('priority' in step) return ruleWords(step);
  if ('destination' in step) return routeWords(step);
  if ('prefixBits' in step) return addressWords(step);
  switch (step.op) {
    case 'link-set':
      return linkSetWords(step);
    case 'link-delete':
      return ['link', 'del', 'dev', step.name];
    case 'link-delete-group':
      return ['link', 'del', 'group', step.group];
    case 'proxy-delay-set':
      return ['ntable change name arp_cache dev', step.link, 'proxy_delay', step.delayMs];
    default:
      return neighbourWords(step);
  }
}

function addressWords(step: Step<'address-add' | 'address-delete'>): Words {
  return ['address', verb(step.op), `${step.address}/${step.prefixBits}`, 'dev', step.link];
}

type Step<Op extends NetworkStep['op']> = Extract<NetworkStep, { op: Op }>;

function verb(op: NetworkStep['op']): string {
  const last = op.slice(op.lastIndexOf('-') + 1);
  return last === 'delete' ? 'del' : last;
}

function option(name: string, value: string | number | undefined): readonly (string | number)[] {
  return value === undefined ? [] : [name, value];
}

type LinkAdd = Step<'link-add-veth' | 'link-add-vlan' | 'link-add-bridge' | 'link-add-vxlan'>;

function isLinkAdd(step: NetworkStep): step is LinkAdd {
  return step.op.startsWith('link-add-');
}

function linkAddWords(step: LinkAdd): Words {
  switch (step.op) {
    case 'link-add-veth': {
      const { peer } = step;
      const own = [...option('address', step.mac), ...option('mtu', step.mtu)];
      const theirs = [...option('address', peer.mac), ...option('mtu', peer.mtu)];
      const group = option('group', step.group);
      const where = option('netns', peer.netns);
      const add = ['link', 'add', 'name', step.name, ...own, ...group, 'type', 'veth'];
      return [add, ['peer', 'name', peer.name, ...theirs, ...where]];
    }
    case 'link-add-vlan': {
      const fields = [...option('address', step.mac), ...option('group', step.group)];
      const add = ['link', 'add', 'link', step.parent, 'name', step.name, ...fields];
      return [add, ['type', 'vlan', 'id', step.vlanId]];
    }
    case 'link-add-bridge':
      return ['link', 'add', 'name', step.name, 'type', 'bridge'];
    case 'link-add-vxlan': {
      const fields = [...option('address', step.mac), ...option('mtu', step.mtu)];
      const add = ['link', 'add', 'name', step.name, ...fields, 'type', 'vxlan', 'id', step.vni];
      return [add, ['local', step.local, 'dstport', step.port, 'nolearning']];
    }
  }
}

function linkSetWords(step: Step<'link-set'>): Words {
  const fields = [
    ...option('name', step.rename),
    ...option('address', step.mac),
    ...option('mtu', step.mtu),
    ...option('group', step.group),
  ];
  const state = step.up === undefined ? undefined : step.up ? 'up' : 'down';
  if (step.master === '') return ['link', 'set', 'dev', step.name, fields, 'nomaster', state];
  return ['link', 'set', 'dev', step.name, fields, option('master', step.master), state];
}

function routeWords(step: Step<'route-replace' | 'route-delete'>): Words {
  return [
    ['route', verb(step.op), step.destination],
    option('via', step.gateway),
    option('dev', step.link),
    option('table', step.table),
    option('scope', step.scope),
    option('src', step.source),
    step.op === 'route-replace' ? ['proto', 'static'] : [],
    step.onlink === true ? ['onlink'] : [],
  ];
}

function ruleWords(step: Step<'rule-add' | 'rule-delete'>): Words {
  const mask = step.fwmask === undefined ? '' : `/${step.fwmask}`;
  return [
    ...(step.family === 6 ? ['-6'] : []),
    ['rule', verb(step.op), 'priority', step.priority],
    option('from', step.from ?? 'all'),
    option('to', step.to),
    option('iif', step.inputLink),
    option('fwmark', step.fwmark === undefined ? undefined : `${step.fwmark}${mask}`),
    ['table', step.table],
  ];
}

function neighbourWords(
  step: Step<'neighbour-replace' | 'neighbour-delete'> | Step<'fdb-replace' | 'fdb-delete'>,
): Words {
  if ('remote' in step)
    return ['fdb', verb(step.op), step.mac, 'dev', step.link, 'dst', step.remote, 'self'];
  const mac = step.mac === undefined ? [] : ['lladdr', step.mac, 'nud', 'permanent'];
  return ['neighbour', verb(step.op), step.address, ...mac, 'dev', step.link];
}

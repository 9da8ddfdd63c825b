import { must } from '../base/assert.ts';
import {
  NetworkError,
  type LinkInfo,
  type NetnsPath,
  type Network,
  type NetworkStep,
} from '../base/network.ts';
import { runInNetns } from './netns-exec.ts';
import { describeStep, tolerates } from './network-step.ts';

/**
 * The writing half of the Network port over `ip -batch` and `bridge`, for machines where koffi does
 * not load. One process per step that may fail softly, else one per batch: 5-10 ms each, against
 * well under a millisecond over rtnetlink. What it cannot do cheaply it takes from `base`: reading back, sysctls and
 * namespaces need no koffi call of their own there.
 */
export function createIpNetwork(base: Network): Network {
  return { ...base, apply, links };
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

/** Text of iproute2 to errno names: the one place that knows it. */
const ERRORS: readonly (readonly [RegExp, string])[] = [
  [/File exists|already assigned/, 'EEXIST'],
  [/Cannot find device|No such device|does not exist|invalid ifname/, 'ENODEV'],
  [/No such process/, 'ESRCH'],
  [/No such file or directory/, 'ENOENT'],
  [/Cannot assign requested address|Address not found/, 'EADDRNOTAVAIL'],
  [/Unknown device type|Operation not supported|Not supported/, 'EOPNOTSUPP'],
  [/Operation not permitted/, 'EPERM'],
  [/unreachable/, 'ENETUNREACH'],
  [/Invalid argument/, 'EINVAL'],
  [/nsenter: cannot open/, 'ENOENT'],
];

function errnoOf(stderr: string): string {
  return ERRORS.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'EIO';
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

/** Links by `ip -json link`, in the shape of the port. */
async function links(netns: NetnsPath): Promise<readonly LinkInfo[]> {
  const done = await runInNetns(netns, ['ip', '-json', '-details', 'link']);
  if (done.status !== 0) throw new NetworkError(errnoOf(done.stderr), done.stderr.trim());
  return (JSON.parse(done.stdout) as readonly IpLink[]).map(linkInfo);
}

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly group?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { readonly id?: number };
  };
}

function linkInfo(link: IpLink): LinkInfo {
  const kind = link.linkinfo?.info_kind ?? '';
  const vlanId = kind === 'vlan' ? link.linkinfo?.info_data?.id : undefined;
  return {
    index: link.ifindex,
    name: link.ifname,
    mac: link.address,
    mtu: link.mtu,
    up: link.flags.includes('UP'),
    kind,
    group: link.group === undefined || link.group === 'default' ? 0 : Number(link.group),
    ...(vlanId !== undefined && { vlanId }),
  };
}

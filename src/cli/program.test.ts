import { beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../base/clock.fake.ts';
import { KubeError } from '../api/kube-error.ts';
import { CNI_NODES } from '../api/cni-node.ts';
import type { FakeKube } from '../api/client.fake.ts';
import { NODES, type Node } from '../api/core/node.ts';
import { PODS } from '../api/core/pod.ts';
import { ENFORCING_MODE_ANNOTATION, POD_ENI } from '../api/names.ts';
import { explainedCluster } from './explain.fake.ts';
import { FLOW_HEADER, flowRecord, formatFlowRecord } from '../policy/flow-record.ts';
import { FlowsOff } from './flows.ts';
import { LabProblem } from './lab-port.ts';
import { createFakeLabPort, type FakeLabPort } from './lab-port.fake.ts';
import type { StepResult } from '../policy/conformance/run.ts';
import { runProgram } from './program.ts';
import type { VpcServeRequest } from './vpc-serve-request.ts';

let lab: FakeLabPort;
let kube: FakeKube;
let closed: number;
let interactive: boolean;
let served: VpcServeRequest[];
/** Lines that agents answer, by their socket; the others are off. */
let agents: Record<string, readonly string[]>;
let asked: string[];
let measured: readonly StepResult[];

beforeEach(() => {
  lab = createFakeLabPort();
  interactive = false;
  kube = explainedCluster();
  closed = 0;
  served = [];
  agents = {};
  asked = [];
  measured = [STEP, { ...STEP, step: 2, actual: 'skipped', note: 'no wires' }];
});

const STEP: StepResult = {
  table: 'ports',
  step: 1,
  packet: '6/80 a > b',
  expected: 'pass',
  actual: 'pass',
};

function connectFake(path: string): FakeKube & { close(): Promise<void> } {
  if (path === '/missing') throw new LabProblem('Cannot read kubeconfig /missing');
  return Object.assign(kube, {
    close: () => {
      closed += 1;
      return Promise.resolve();
    },
  });
}

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly progress: string;
  readonly errors: string;
}

async function trunkline(...argv: string[]): Promise<Outcome> {
  const said = { out: '', progress: '', errors: '' };
  const clock = createFakeClock();
  const status = await runProgram(
    argv,
    {
      lab,
      vpcServe: async (request, listening) => {
        served.push(request);
        listening('http://127.0.0.1:1');
      },
      conformance: async (target) => {
        if (target !== 'lab') throw new LabProblem(`Cannot reach ${target}`);
        return measured;
      },
      connectKube: (path) => Promise.resolve(connectFake(path)),
      askAgent: async function* (socket, path) {
        asked.push(`${socket} ${path}`);
        const answer = agents[socket];
        if (answer === undefined) throw new FlowsOff('off');
        yield* answer;
      },
      clock,
      beganMs: clock.nowMs(),
      write: (text) => void (said.out += text),
      terminal: { write: (text) => void (said.progress += text), live: false },
      interactive,
    },
    (text) => void (said.errors += text),
  );
  return { status, ...said };
}

describe('conformance', () => {
  test('prints a line for each table, and ends well when all agree', async () => {
    const { out, status } = await trunkline('conformance', '--target', 'lab');
    expect(out).toMatch(/^ports +1 +1 +agrees$/m);
    expect(out).toContain('lab: 1 steps, 1 skipped, 0 disagreements');
    expect(status).toBe(0);
  });

  test('names the steps that disagree, and fails', async () => {
    measured = [{ ...STEP, actual: 'drop', note: 'why' }];
    const { out, status } = await trunkline('conformance', '--target', 'lab');
    expect(out).toContain('ports step 1: 6/80 a > b: must pass, did drop (why)');
    expect(status).toBe(1);
    const json = await trunkline('conformance', '--target', 'lab', '-o', 'json');
    expect(JSON.parse(json.out)).toMatchObject({ target: 'lab', steps: 1, disagreements: 1 });
  });

  test('fails when nothing could be measured', async () => {
    measured = [{ ...STEP, actual: 'skipped' }];
    expect((await trunkline('conformance', '--target', 'lab')).status).toBe(1);
  });

  test('refuses a target that is none, and says what cannot be reached', async () => {
    expect((await trunkline('conformance', '--target', 'moon')).status).toBe(2);
    const away = await trunkline('conformance', '--target', 'http://127.0.0.1:1');
    expect(away.status).toBe(3);
    expect(away.errors).toContain('Cannot reach http://127.0.0.1:1');
  });
});

describe('lab up', () => {
  test('answers how to use the lab, and keeps progress apart from the answer', async () => {
    const outcome = await trunkline('lab', 'up');
    expect(outcome.status).toBe(0);
    expect(outcome.out).toContain('eval "$(npx trunkline lab env --name lab)"');
    expect(outcome.progress).toBe('  0.0s … Starting\n  0.0s ✓ Up\n');
  });

  test('answers in JSON when asked', async () => {
    const { out } = await trunkline('lab', 'up', '--name', 'two', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ name: 'two', kubePort: 4001 });
  });

  test('says that the name is taken', async () => {
    await trunkline('lab', 'up');
    expect(await trunkline('lab', 'up')).toMatchObject({
      status: 3,
      out: '',
      errors: 'trunkline: Lab lab is already running\n',
    });
  });

  test.each([
    [['--foreground'], { name: 'lab', linkDriver: 'auto', mode: 'lab', stay: true }],
    [
      ['--foreground', '--state', 'd', '--link-driver', 'veth'],
      { stateFolder: 'd', linkDriver: 'veth' },
    ],
  ])('%j becomes the lab', async (options, request) => {
    await trunkline('lab', 'up', ...options);
    expect(lab.foreground).toMatchObject([request]);
  });
});

describe('demo', () => {
  test.each([
    [true, [], true],
    [true, ['--exit'], false],
    [false, [], false],
  ])('with a terminal %s and options %j stays: %s', async (terminal, options, stay) => {
    interactive = terminal;
    await trunkline('demo', ...options);
    expect(lab.foreground).toMatchObject([{ name: 'demo', mode: 'demo', stay }]);
  });
});

describe('lab down', () => {
  test('stops the only lab without being told its name', async () => {
    await trunkline('lab', 'up', '--name', 'one');
    expect(await trunkline('lab', 'down')).toMatchObject({ status: 0, out: 'Stopped lab one.\n' });
    expect(await lab.list()).toEqual([]);
  });

  test('asks which when there are several, and takes the name as argument or option', async () => {
    for (const name of ['a', 'b', 'c']) await trunkline('lab', 'up', '--name', name);
    const { status, errors } = await trunkline('lab', 'down');
    expect({ status, errors }).toEqual({
      status: 3,
      errors: 'trunkline: Several labs are running (a, b, c): say which with --name\n',
    });
    expect((await trunkline('lab', 'down', 'b')).out).toBe('Stopped lab b.\n');
    expect((await trunkline('lab', 'down', '--name', 'a')).out).toBe('Stopped lab a.\n');
    expect((await lab.list()).map(({ name }) => name)).toEqual(['c']);
  });

  test('stops all with --all, also when there is none', async () => {
    for (const name of ['a', 'b']) await trunkline('lab', 'up', '--name', name);
    expect((await trunkline('lab', 'down', '--all')).out).toBe('Stopped lab a.\nStopped lab b.\n');
    expect(await trunkline('lab', 'down', '--all')).toMatchObject({
      status: 0,
      out: 'No lab is running.\n',
    });
  });

  test('removes what a killed lab left, and that is all there was to do', async () => {
    await trunkline('lab', 'up');
    lab.kill('lab');
    expect(await trunkline('lab', 'down')).toMatchObject({
      status: 0,
      out: 'Removed what lab lab left behind: it had been killed.\n',
    });
  });

  test('says that nothing runs', async () => {
    const { status, errors } = await trunkline('lab', 'down');
    expect(status).toBe(3);
    expect(errors).toContain('No lab is running');
  });
});

describe('lab status', () => {
  test('shows each lab with its parts', async () => {
    await trunkline('lab', 'up');
    await trunkline('lab', 'stop', 'webhook');
    const { out } = await trunkline('lab', 'status');
    expect(out).toContain('lab: running\n');
    expect(out).toContain('https://127.0.0.1:4001');
    expect(out).toMatch(/stopped +webhook\n$/);
  });

  test('shows a dead lab as dead', async () => {
    await trunkline('lab', 'up');
    lab.kill('lab');
    const { out } = await trunkline('lab', 'status', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([{ name: 'lab', state: 'dead', components: [] }]);
  });

  test('is empty JSON when nothing runs', async () => {
    expect((await trunkline('lab', 'status', '-o', 'json')).out).toBe('[]\n');
  });
});

describe('lab stop and start', () => {
  test('answer the new state', async () => {
    await trunkline('lab', 'up');
    expect((await trunkline('lab', 'stop', 'webhook')).out).toBe('webhook: stopped\n');
    const { out } = await trunkline('lab', 'start', 'webhook', '-o', 'json');
    expect(JSON.parse(out)).toEqual({ name: 'webhook', running: true });
  });

  test('know no other component', async () => {
    await trunkline('lab', 'up');
    expect(await trunkline('lab', 'stop', 'moon')).toMatchObject({ status: 3 });
  });
});

describe('wrong use', () => {
  test.each([
    [['lab', 'nonsense'], 'unknown command'],
    [['lab', 'up', '--link-driver', 'rope'], 'Allowed choices are auto, vlan, veth'],
    [['lab', 'status', '-o', 'xml'], 'Allowed choices are text, json'],
    [['lab', 'stop'], "missing required argument 'component'"],
    [['lab', 'up', '--colour'], "unknown option '--colour'"],
  ])('%j has status 2 and says why', async (argv, why) => {
    const outcome = await trunkline(...argv);
    expect(outcome).toMatchObject({ status: 2, out: '' });
    expect(outcome.errors).toContain(why);
  });
});

describe('help', () => {
  test.each([
    [],
    ['demo'],
    ['lab', 'up'],
    ['lab', 'down'],
    ['lab', 'status'],
    ['lab', 'env'],
    ['lab', 'stop'],
    ['lab', 'start'],
  ])('%s %s has examples', async (...command) => {
    const { status, out } = await trunkline(...command.filter(Boolean), '--help');
    expect(status).toBe(0);
    expect(out).toContain('Examples:\n  ');
  });

  test('says that no images are pulled', async () => {
    expect((await trunkline('lab', 'up', '--help')).out).toContain('No images are pulled');
  });
});

describe('vpc serve', () => {
  test('serves on loopback, in memory, unless told otherwise', async () => {
    const outcome = await trunkline('vpc', 'serve');
    expect(outcome).toMatchObject({ status: 0, out: 'Serving on http://127.0.0.1:1\n' });
    expect(served).toEqual([
      {
        host: '127.0.0.1',
        port: 4566,
        accountId: '123456789012',
        accessKeyId: 'AKIATRUNKLINEDEFAULT',
        secretAccessKey: 'trunkline',
        store: { kind: 'memory' },
        region: 'us-east-1',
        seeds: [],
        dev: false,
        tls: undefined,
        quotas: {},
        knobsFile: undefined,
        eks: undefined,
        oidcIssuers: [],
      },
    ]);
  });

  test('takes everything from its options', async () => {
    const options =
      '--listen [::]:0 --account 111122223333 --access-key AKIAX:a:b/c= --store ./x ' +
      '--seed default-vpcs --tls-cert c.pem --tls-key k.pem --knobs k.json ' +
      '--quota vpcsPerRegion=9 --quota subnetsPerVpc=8 ' +
      '--eks-endpoint https://k:6443 --eks-ca ca.pem ' +
      '--oidc-issuer https://a --oidc-issuer https://b/c=./keys.json';
    await trunkline('vpc', 'serve', ...options.split(' '));
    expect(served).toMatchObject([
      {
        host: '::',
        port: 0,
        accountId: '111122223333',
        accessKeyId: 'AKIAX',
        secretAccessKey: 'a:b/c=',
        store: { kind: 'file', path: './x' },
        seeds: ['default-vpcs'],
        tls: { certFile: 'c.pem', keyFile: 'k.pem' },
        quotas: { vpcsPerRegion: 9, subnetsPerVpc: 8 },
        knobsFile: 'k.json',
        eks: { endpoint: 'https://k:6443', caFile: 'ca.pem' },
        oidcIssuers: [
          { url: 'https://a', keysFile: undefined },
          { url: 'https://b/c', keysFile: './keys.json' },
        ],
      },
    ]);
  });

  const KEY = ['--access-key', 'AKIAX:secret'];
  const TLS = ['--tls-cert', 'c', '--tls-key', 'k'];
  const PUBLIC = ['--listen', '0.0.0.0:80'];
  test.each([
    ['no port', ['--listen', 'localhost'], 'Expected HOST:PORT'],
    ['a short account', ['--account', '12'], 'Expected 12 digits'],
    ['a key without a secret', ['--access-key', 'AKIA'], 'Expected ID:SECRET'],
    ['a quota without a number', ['--quota', 'x'], 'Expected NAME=NUMBER'],
    ['half of a cluster', ['--eks-endpoint', 'https://k'], '--eks-ca go together'],
    ['an issuer that is no URL', ['--oidc-issuer', 'a=b'], 'Expected URL or URL=FILE'],
    ['an address of no use to others', ['--advertise', 'x:1'], 'Expected a URL'],
    ['a lease of no time', ['--lease-seconds', '0'], 'Expected whole seconds'],
    ['an address for nobody', ['--advertise', 'http://x'], '--advertise needs --store kubernetes'],
    ['an authority for nobody', ['--peer-ca', 'x'], '--peer-ca needs --store kubernetes'],
    ['an unknown seed', ['--seed', 'x'], 'Allowed choices are default-vpcs'],
    ['half of TLS', ['--tls-cert', 'c'], 'go together'],
    ['the default key in public', [...PUBLIC, ...TLS], 'with the default key'],
    ['plain text in public', [...PUBLIC, ...KEY], 'without TLS'],
    [
      'all addresses among several servers',
      [...PUBLIC, ...KEY, ...TLS, '--store', 'kubernetes'],
      'cannot reach 0.0.0.0: give --advertise',
    ],
    ['an open reset in public', [...PUBLIC, ...KEY, ...TLS, '--dev'], 'with --dev'],
  ])('refuses %s', async (_what, options, problem) => {
    const outcome = await trunkline('vpc', 'serve', ...options);
    expect(outcome).toMatchObject({ status: 2, out: '' });
    expect(outcome.errors).toContain(problem);
    expect(served).toEqual([]);
  });
});

describe('explain', () => {
  const labUp = () => trunkline('lab', 'up');

  test.each([
    [['shop/web-1', 'rds:5432'], 0, 'ADMITTED  tcp/5432'],
    [
      ['web-1', 'rds:5432', '-n', 'shop'],
      0,
      'sgr-rds-0 of rds (sg-rds): tcp/5432 from web (sg-web)',
    ],
    [
      ['shop/lone', 'rds:5432'],
      1,
      'rds (sg-rds) has no rule for group lone (sg-lone); web (sg-web) has',
    ],
    [['rds', 'shop/web-1:80'], 1, 'ingress  eni-web with web (sg-web) dropped'],
    [['eni-lone', '10.0.2.9:5432/udp'], 1, 'DROPPED  udp/5432'],
    [['shop/web', 'rds'], 1, 'icmp type 8 code 0'],
    [['shop/web', 'rds:5432'], 0, 'web has 2 pods; this is about the first'],
    [['i-rds', '198.51.100.1:53/udp'], 0, '198.51.100.1 is outside the VPC'],
    [['eni-six', '[fd00::9]:443'], 0, 'from     interface eni-six (fd00::6)'],
    [['eni-six', 'fd00::9/icmpv6'], 1, 'icmpv6 type 128 code 0'],
  ])('%j', async (argv, status, line) => {
    await labUp();
    const outcome = await trunkline('explain', ...argv);
    expect(outcome.errors).toBe('');
    expect(outcome.out).toContain(line);
    expect(outcome.status).toBe(status);
    expect(closed).toBe(1);
  });

  test('answers programs with every admitting rule of both gates', async () => {
    await labUp();
    const { out, status } = await trunkline('explain', 'shop/web-1', 'rds:5432', '-o', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      admitted: true,
      service: 'tcp/5432',
      source: { what: 'pod shop/web-1', address: '10.0.1.6' },
      destination: { what: 'instance rds', address: '10.0.2.9' },
      egress: { outcome: 'admitted', rules: [{ ruleId: 'sgr-web-0' }, { ruleId: 'sgr-web-1' }] },
      ingress: {
        interfaceId: 'eni-rds',
        rules: [{ groupName: 'rds', ruleId: 'sgr-rds-0', rule: 'tcp/5432 from sg-web' }],
      },
      groupNames: { 'sg-web': 'web', 'sg-rds': 'rds' },
    });
  });

  test('tells what standard mode changes, up to the verdict', async () => {
    for (const [name, ip] of [
      ['web-1', '10.0.1.6'],
      ['lone', '10.0.1.8'],
    ] as const) {
      const annotations = { [POD_ENI]: '[]', [ENFORCING_MODE_ANNOTATION]: 'standard' };
      kube.seed(PODS, {
        metadata: { name, namespace: 'shop', annotations },
        spec: { nodeName: 'node-1', containers: [{ name: 'main' }] },
        status: { podIP: ip },
      });
    }
    await labUp();
    const rds = await trunkline('explain', 'shop/lone', 'rds:5432');
    expect(rds.out).toContain('note     pod shop/lone is wired in standard mode');
    expect(rds.status).toBe(1);
    const near = await trunkline('explain', 'shop/lone', 'shop/web-1:80');
    expect(near.out).toMatch(/^ADMITTED[^]*ingress +not filtered\n +both pods are on node-1/);
    expect(near.status).toBe(0);
  });

  test.each([
    ['shop/none', 'rds:1', 'There is no pod, instance, interface or address "shop/none"'],
    ['shop/web-1', 'eni-none:1', 'There is no network interface eni-none'],
    ['shop/young', 'rds:1', 'Pod shop/young has no address yet'],
    ['shop/web-1', 'bare:1', 'Instance bare has no network interface'],
    ['shop/web-1', 'fd00::9', 'have no address family in common'],
  ])('cannot say: %s to %s', async (from, to, message) => {
    await labUp();
    const outcome = await trunkline('explain', from, to);
    expect(outcome.errors).toContain(message);
    expect(outcome.status).toBe(3);
    expect(outcome.out).toBe('');
  });

  test.each([
    ['rds:70000', 'above 65535'],
    ['rds:256/icmp', 'above 255'],
    ['rds/tcp', 'tcp and udp need a port'],
    ['rds:1/47', 'protocol 47 has no ports'],
    [':80', 'names no peer'],
  ])('wrong use: %s', async (to, message) => {
    const outcome = await trunkline('explain', 'shop/web-1', to);
    expect(outcome.errors).toContain(message);
    expect(outcome.status).toBe(2);
  });

  test('needs a lab or a kubeconfig that can be read', async () => {
    expect((await trunkline('explain', 'a', 'b:1')).errors).toContain('No lab is running');
    const config = await trunkline('explain', 'a', 'b:1', '--kubeconfig', '/missing');
    expect(config).toMatchObject({ status: 3, out: '' });
    expect(config.errors).toContain('Cannot read kubeconfig /missing');
  });

  test('says that the cluster cannot be read', async () => {
    kube.beforeCall = () => {
      throw new KubeError('Unreachable', 'connect ECONNREFUSED', { status: 0 });
    };
    const outcome = await trunkline('explain', 'a', 'b:1', '--kubeconfig', '/some');
    expect(outcome).toMatchObject({ status: 3, out: '' });
    expect(outcome.errors).toContain('Cannot read the cluster: connect ECONNREFUSED');
    expect(closed).toBe(1);
  });
});

describe('trunkline flows', () => {
  const labUp = () => trunkline('lab', 'up');
  const ONE = '/run/node-1.flows.sock';
  const TWO = '/run/node-2.flows.sock';
  const accepted = flowRecord({
    version: '5',
    'interface-id': 'eni-1',
    srcaddr: '10.0.0.4',
    dstaddr: '10.0.0.5',
    protocol: '6',
    dstport: '5432',
    bytes: '100',
    'reply-bytes': '900',
    end: '1767225605',
    action: 'ACCEPT',
    event: 'close',
    gate: 'ingress',
    'pod-namespace': 'shop',
    'pod-name': 'web-1',
    'rule-group-id': 'sg-db',
    'rule-id': 'sgr-7',
  });
  const rejected = flowRecord({
    ...accepted,
    end: '1767225601',
    protocol: '17',
    dstport: '53',
    action: 'REJECT',
    event: 'drop',
    'pod-name': '-',
    'reply-bytes': '-',
    'rule-id': '-',
    reason: 'sg-db has no rule for 10.0.0.4',
  });
  const skipped = flowRecord({ 'log-status': 'SKIPDATA', node: 'node-2', end: '1767225609' });

  test('puts the records of all hosts in the order of time, as a table', async () => {
    await labUp();
    agents = {
      [ONE]: [FLOW_HEADER, formatFlowRecord(accepted)],
      [TWO]: [FLOW_HEADER, formatFlowRecord(skipped), formatFlowRecord(rejected)],
    };
    const { out, status } = await trunkline('flows');
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(status).toBe(0);
    expect(head).toMatch(/^TIME +ACTION +EVENT +INTERFACE +FLOW +SERVICE +BYTES +BY$/);
    expect(rows.map((line) => line.split(/ {2,}/))).toEqual([
      [
        '00:00:01',
        'REJECT',
        'drop',
        'ingress eni-1',
        '10.0.0.4 > 10.0.0.5',
        'udp/53',
        '100',
        'sg-db has no rule for 10.0.0.4',
      ],
      [
        '00:00:05',
        'ACCEPT',
        'close',
        'ingress shop/web-1',
        '10.0.0.4 > 10.0.0.5',
        'tcp/5432',
        '100+900',
        'sgr-7 of sg-db',
      ],
      ['00:00:09', 'SKIP', '-', 'node-2', 'some records of this moment are missing'],
    ]);
  });

  test('prints JSON for jq, or the lines of VPC Flow Logs', async () => {
    await labUp();
    agents = { [ONE]: [formatFlowRecord(accepted)], [TWO]: [] };
    const json = await trunkline('flows', '-o', 'json');
    expect(JSON.parse(json.out)).toMatchObject({ dstport: 5432, rule_id: 'sgr-7', bytes: 100 });
    expect(json.out).not.toContain('"-"');
    const v5 = await trunkline('flows', '-o', 'v5');
    expect(v5.out).toBe(`${FLOW_HEADER}\n${formatFlowRecord(accepted)}\n`);
  });

  test('asks the agents for what the filters say, and follows after the past', async () => {
    await labUp();
    agents = { [ONE]: [], [TWO]: [] };
    await trunkline('flows', 'shop/web', '--verdict', 'reject', '--group', 'sg-1', '-f');
    expect(asked).toEqual(
      [ONE, TWO].map((one) => `${one} /flows?pod=shop%2Fweb&verdict=reject&group=sg-1&follow=1`),
    );
    asked = [];
    await trunkline('flows', '--since', '2h', '-f', '--socket', ONE);
    const since = Date.UTC(2026, 0, 1) - 2 * 3_600_000;
    expect(asked).toEqual([`${ONE} /flows?since=${since}`, `${ONE} /flows?follow=1`]);
  });

  test('is content when some agents are off, and says how to switch them on when all are', async () => {
    await labUp();
    agents = { [TWO]: [formatFlowRecord(accepted)] };
    expect((await trunkline('flows')).out).toContain('sgr-7');
    agents = {};
    const off = await trunkline('flows', '-f');
    expect(off.status).toBe(3);
    expect(off.errors).toMatch(/^trunkline: Flow records are off[^]*aws ec2 create-flow-logs/);
  });

  test('refuses a time, a verdict and a format that it does not know', async () => {
    await labUp();
    for (const wrong of [
      ['--since', '2 weeks'],
      ['--verdict', 'maybe'],
      ['-o', 'xml'],
    ])
      expect((await trunkline('flows', ...wrong)).status).toBe(2);
    expect((await trunkline('flows', '--help')).out).toContain('trunkline flows checkout -f');
  });
});

describe('capacity', () => {
  const nodes: readonly Node[] = [
    clusterNode('node-1', 'm5.large', { pods: '29', [POD_ENI]: '9' }),
    clusterNode('node-2', 't3.medium', { pods: '17' }),
    clusterNode('node-3', 'own.metal', {}),
    clusterNode('node-4', 'm5.large', { pods: '40', [POD_ENI]: '9' }),
    clusterNode('node-5', 'm5.large', { pods: '29' }),
  ];
  const cluster = ['--kubeconfig', '/some'] as const;

  beforeEach(() => {
    for (const node of nodes) kube.seed(NODES, node);
    const features = [{ name: 'CustomNetworking', value: 'other-subnet' }];
    kube.seed(CNI_NODES, { metadata: { name: 'node-4' }, spec: { features } });
    for (const [name, branch, phase] of [
      ['a', true, 'Running'],
      ['b', true, 'Succeeded'],
      ['c', false, 'Running'],
    ] as const)
      kube.seed(PODS, {
        metadata: { name, namespace: 'default' },
        spec: { nodeName: 'node-1', containers: [branch ? BRANCHED : { name: 'main' }] },
        status: { phase },
      });
  });

  test('shows the sums of a type, line by line', async () => {
    const { out, status } = await trunkline('capacity', 'm5.large');
    expect(status).toBe(0);
    for (const sum of [
      /^m5.large$/m,
      /secondary addresses +27 +3 x \(10 - 1\)$/m,
      /max-pods +29 +27 \+ 2/m,
      /branch interfaces +9 /m,
      /other pods +20 +29 - 9/m,
      /addresses with a trunk +18 +\(3 - 1\) x/m,
      /pods with a trunk +29 +18 \+ 2 \+ 9/m,
    ])
      expect(out).toMatch(sum);
  });

  test('answers several types and settings for programs', async () => {
    const settings = ['--custom-networking', '--max-eni', '2', '--show-max-allowed', '-o', 'json'];
    const { out } = await trunkline('capacity', 'm5.large', 't3.medium', ...settings);
    expect(JSON.parse(out)).toMatchObject([
      { instanceType: 'm5.large', maxPods: 11, branchInterfaces: 9, otherPods: 2 },
      { instanceType: 't3.medium', maxPods: 7, branchInterfaces: 0 },
    ]);
    const prefixes = (await trunkline('capacity', 'm5.large', '--prefix-delegation')).out;
    expect(prefixes).toMatch(/max-pods +110 +432 \+ 2 that use the host's network is 434/);
    expect((await trunkline('capacity', 't3.medium')).out).toMatch(
      /branch interfaces +0 +no trunk/,
    );
  });

  test('shows nodes, what is in use and what is odd about them', async () => {
    const { out, status } = await trunkline('capacity', ...cluster);
    expect(status).toBe(0);
    expect(out).toMatch(/^node-1 +m5.large +9 +1 +29 +2 +19$/m);
    expect(out).toMatch(/^node-2: this type can have no trunk/m);
    expect(out).toMatch(/^node-3: no limits are known of instance type 'own.metal'/m);
    expect(out).toMatch(/^node-4: max-pods 40 is more than the 20 that have addresses/m);
    expect(out).toMatch(/^node-5: 9 branches are possible, but no trunk is attached/m);
    expect(closed).toBe(1);
  });

  test('answers one node, with its CNINode taken into account', async () => {
    const { out } = await trunkline('capacity', '--node', 'node-4', ...cluster, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([
      { node: 'node-4', allocatableBranches: 9, capacity: { maxPods: 20, podsWithTrunk: 20 } },
    ]);
  });

  test('names the types near an unknown one, and the nodes that there are', async () => {
    const typo = await trunkline('capacity', 'm5.larg');
    expect(typo.status).toBe(3);
    expect(typo.errors).toMatch(/no instance type 'm5.larg': did you mean m5.large, /);
    expect((await trunkline('capacity', 'postgresql')).errors).toContain('looks like m5.large');
    const node = await trunkline('capacity', '--node', 'node-9', ...cluster);
    expect(node.errors).toContain("no node 'node-9'; there are node-1, node-2");
    expect(node.status).toBe(3);
  });

  test('fails when there is nothing to ask, and on wrong use', async () => {
    const none = await trunkline('capacity');
    expect([none.status, none.errors]).toEqual([3, expect.stringContaining('No lab is running')]);
    kube.beforeCall = () => {
      throw new KubeError('Forbidden', 'nodes is forbidden', { status: 403 });
    };
    const denied = await trunkline('capacity', ...cluster);
    expect([denied.status, closed]).toEqual([3, 1]);
    expect(denied.errors).toContain('Cannot read the cluster');
    expect((await trunkline('capacity', 'm5.large', '--node', 'node-1')).status).toBe(2);
    expect((await trunkline('capacity', 'm5.large', '--max-eni', '0')).status).toBe(2);
    expect((await trunkline('capacity', '--help')).out).toContain('capacity c5.4xlarge m6i');
  });
});

const BRANCHED = { name: 'main', resources: { limits: { [POD_ENI]: '1' } } };

function clusterNode(name: string, type: string, allocatable: Record<string, string>): Node {
  const labels = { 'node.kubernetes.io/instance-type': type };
  return { metadata: { name, labels }, status: { allocatable } };
}

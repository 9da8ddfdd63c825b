import { spawn } from 'node:child_process';
import {
  appendFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AttachRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { stringify } from 'yaml';
import { VALIDATING_WEBHOOKS } from '../../src/api/admission.ts';
import { must } from '../../src/base/assert.ts';
import { bindInNetns } from '../../src/io/bind-in-netns.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createLog } from '../../src/io/log.ts';
import { socket as openSocket } from '../../src/io/netlink/libc.ts';
import { inNetns } from '../../src/io/netns.ts';
import { cryptoRandom } from '../../src/io/random.ts';
import type { LabControl, LabRuntime } from '../../src/lab/launch/runtime.ts';
import { LAB_CLUSTER, LAB_REGION } from '../../src/lab/world/control-plane.ts';
import { HOST_API_PORTS } from '../../src/lab/world/host-ports.ts';
import { startLab, type Lab } from '../../src/lab/world/lab.ts';
import { NODE_ROLE_NAME } from '../../src/vpc/iam/node-role.ts';

const LOOPBACK = '127.0.0.1';
/** Of the lab's listeners; its network namespace is its own. */
const PORTS = { kube: 16_443, ec2: 14_566 } as const;
const WEBHOOK_PORT = 9443;
const AF_INET = 2;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 0x1 | 0o4000 | 0o2000000;
/** What the upstream webhook server answers. */
const UPSTREAM_PATHS = /\/(mutate-v1-pod|validate-v1-pod|validate-v1-node)$/;

/** A lab whose controller and webhook never ran, for programs of others to take their place. */
export interface UpstreamLab {
  readonly lab: Lab;
  readonly folder: string;
  /** Runs a program on a node, with its metadata, both APIs and nothing else. Output goes to a file. */
  run(node: string, program: Program): RunningProgram;
  close(): Promise<void>;
}

/** A program of others. */
export interface Program {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly kubeUser: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Its process. */
export interface RunningProgram {
  /** All that it and its namesakes before have printed. */
  readonly output: () => string;
  readonly exitCode: () => number | null;
  close(): Promise<void>;
}

/** Brings the lab up in this process, which must be in the sandbox. */
export async function startUpstreamLab(): Promise<UpstreamLab> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-upstream-'));
  const stop = new AbortController();
  const lab = await startLab(runtimeIn(folder, stop.signal));
  await allowNodes(lab);
  await keepUpstreamWebhooks(lab);
  const kubeconfigs = new Map<string, string>();
  const running: RunningProgram[] = [];
  for (const user of [CONTROLLER_USER, AGENT_USER])
    kubeconfigs.set(user, await kubeconfigFor(lab, user, folder));
  return {
    lab,
    folder,
    run: (node, program) => {
      const started = runOn(hostOf(lab, node), program, {
        folder,
        kubeconfig: must(kubeconfigs.get(program.kubeUser), () => `No user ${program.kubeUser}`),
      });
      running.push(started);
      return started;
    },
    close: async () => {
      await Promise.all(running.map((each) => each.close()));
      await lab.close();
      stop.abort();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Who the programs are in Kubernetes. */
export const CONTROLLER_USER = 'system:serviceaccount:kube-system:vpc-resource-controller';
/** The node agent. */
export const AGENT_USER = 'system:serviceaccount:kube-system:aws-node';

function runtimeIn(folder: string, signal: AbortSignal): LabRuntime {
  const logFile = createWriteStream(join(folder, 'lab.log'));
  const log = createLog({ level: 'info', write: (line) => void logFile.write(line) });
  const listener = (port: number) => ({
    fd: bindInNetns(undefined, { address: LOOPBACK, port }),
    port,
  });
  mkdirSync(join(folder, 'data'));
  return {
    name: 'upstream',
    mode: 'lab',
    stay: false,
    linkDriver: 'auto',
    dataDir: join(folder, 'data'),
    stateDir: folder,
    runDir: folder,
    // Below it are the CNI plugins, to which one of others may be added.
    root: folder,
    listeners: { kube: listener(PORTS.kube), ec2: listener(PORTS.ec2) },
    signal,
    clock: systemClock,
    log,
    random: cryptoRandom,
    report: () => {},
    publish: async () => {},
    // Called before any node exists: neither has seen one.
    serveControl: async (control: LabControl) => {
      await control.stop('controller');
      await control.stop('webhook');
    },
  };
}

/** What EKS gives to its own identity, and what a self-managed controller needs on its nodes. */
async function allowNodes(lab: Lab): Promise<void> {
  const iam = new IAMClient({
    endpoint: `http://${LOOPBACK}:${lab.plane.ec2Port}`,
    region: LAB_REGION,
    credentials: lab.plane.credentials,
  });
  const RoleName = NODE_ROLE_NAME;
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEKSVPCResourceController';
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  const Action = ['AssociateTrunkInterface', 'DisassociateTrunkInterface', 'CreateTags'];
  const statement = { Effect: 'Allow', Action: Action.map((one) => `ec2:${one}`), Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'trunks', PolicyDocument }));
  iam.destroy();
}

/** Ours also validates policies; upstream has nothing under that path. */
async function keepUpstreamWebhooks({ plane: { kube } }: Lab): Promise<void> {
  for (const configuration of (await kube.list(VALIDATING_WEBHOOKS, {})).items) {
    const webhooks = (configuration.webhooks ?? []).filter((webhook) => {
      const { clientConfig } = webhook as { readonly clientConfig?: { readonly url?: string } };
      return UPSTREAM_PATHS.test(clientConfig?.url ?? '');
    });
    const { name } = configuration.metadata;
    await kube.patch(VALIDATING_WEBHOOKS, { name }, { type: 'merge', body: { webhooks } });
  }
}

/** Serves the address under which the webhooks are registered from the namespace of a node. */
export async function relayWebhook(
  { lab, folder }: Pick<UpstreamLab, 'lab' | 'folder'>,
  node: string,
): Promise<{ close(): void }> {
  const certificates = join(folder, 'k8s-webhook-server', 'serving-certs');
  mkdirSync(certificates, { recursive: true });
  const pair = await lab.plane.pki.serverCertificate([LOOPBACK]);
  writeFileSync(join(certificates, 'tls.crt'), pair.certPem);
  writeFileSync(join(certificates, 'tls.key'), pair.keyPem);
  const netns = hostOf(lab, node);
  const server = createServer((near) => {
    const fd = inNetns(netns, () => openSocket(AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0));
    const far = new Socket({ fd });
    far.connect(WEBHOOK_PORT, LOOPBACK);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await new Promise<void>((done) => {
    server.listen(WEBHOOK_PORT, LOOPBACK, () => done());
  });
  return { close: () => server.close() };
}

/** The network namespace of a host. */
export function hostOf(lab: Lab, node: string): string {
  const found = lab.fleet.hosts.find(({ instance }) => instance.name === node);
  return must(found, () => `No host ${node}`).host.hostNetns;
}

async function kubeconfigFor(lab: Lab, user: string, folder: string): Promise<string> {
  const { api } = lab.plane;
  const pair = await api.issueClientCertificate({ user, groups: ['system:masters'] });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const path = join(folder, `${user.replaceAll(':', '-')}.kubeconfig`);
  const server = `https://${LOOPBACK}:${HOST_API_PORTS.kube}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'lab', cluster: { server, 'certificate-authority-data': base64(api.caPem) } },
    ],
    users: [
      {
        name: 'me',
        user: {
          'client-certificate-data': base64(pair.certPem),
          'client-key-data': base64(pair.keyPem),
        },
      },
    ],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'me' } }],
    'current-context': 'lab',
  };
  writeFileSync(path, stringify(config));
  return path;
}

function runOn(
  netns: string,
  program: Program,
  { folder, kubeconfig }: { readonly folder: string; readonly kubeconfig: string },
): RunningProgram {
  const logFile = join(folder, `${program.name}.log`);
  const child = spawn('nsenter', [`--net=${netns}`, '--', program.path, ...program.args], {
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: folder,
      TMPDIR: folder,
      KUBECONFIG: kubeconfig,
      AWS_ENDPOINT_URL: `http://${LOOPBACK}:${HOST_API_PORTS.ec2}`,
      ...program.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => appendFileSync(logFile, chunk));
  const ended = new Promise<void>((done) => child.on('close', () => done()));
  return {
    output: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    exitCode: () => child.exitCode,
    close: async () => {
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(hard);
    },
  };
}

/** Lets the kubelet of a node run another CNI plugin instead of ours. */
export function usePlugin(
  { folder }: Pick<UpstreamLab, 'folder'>,
  node: string,
  plugin: { readonly path: string; readonly config: Readonly<Record<string, unknown>> },
): void {
  const type = `upstream-${basename(plugin.path)}`;
  symlinkSync(plugin.path, join(folder, 'node_modules', '.cache', 'cni', type));
  const plugins = [{ name: type, type, ...plugin.config }];
  const list = { cniVersion: '0.4.0', name: 'upstream', plugins };
  // Kubelets take the first one.
  writeFileSync(join(folder, `${node}.net.d`, '00-upstream.conflist'), JSON.stringify(list));
}

/** The arguments that the controller cannot do without. */
export function controllerArgs(lab: Lab): readonly string[] {
  return [`--cluster-name=${LAB_CLUSTER}`, `--vpc-id=${lab.seeded.vpcId}`];
}

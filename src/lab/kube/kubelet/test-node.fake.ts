import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { createFakeKube, type FakeKube } from '../../../api/client.fake.ts';
import { EVENTS, type Event } from '../../../api/core/event.ts';
import { PODS, type Container, type Pod, type PodSpec } from '../../../api/core/pod.ts';
import { silentLog } from '../../../base/log.ts';
import { systemClock } from '../../../io/clock.ts';
import { createInformers } from '../../../io/informer.ts';
import { createNetwork } from '../../../io/network.ts';
import { cryptoRandom } from '../../../io/random.ts';
import { startKubelet, type Kubelet } from './kubelet.ts';

/** How the plugin of the tests can misbehave; see plugin.fake.sh. */
export type PluginFault = 'fail' | 'hang' | 'slow' | 'fail-del';

/** What may differ between the nodes of tests. */
export interface TestNodeOptions {
  /** How long the plugin may take. */
  readonly cniTimeoutMs?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** More of the plugin's configuration, such as its capabilities. */
  readonly plugin?: object;
}

/** A real kubelet on a namespace of its own, with the plugin of the tests and a fake API. */
export class TestNode {
  readonly kube: FakeKube = createFakeKube({ clock: systemClock });
  readonly folder = mkdtempSync(join(tmpdir(), 'kubelet-'));
  readonly #host: string;
  readonly #options: TestNodeOptions;
  #kubelet: Kubelet | undefined;
  #informers = new AbortController();

  /** `host` names the node's network namespace. */
  constructor(host: string, options: TestNodeOptions = {}) {
    this.#host = host;
    this.#options = options;
  }

  /** Makes the node's namespace and the plugin, and starts the kubelet. */
  async start(): Promise<void> {
    for (const name of ['bin', 'conf', 'bin/notes']) mkdirSync(join(this.folder, name));
    const plugin = join(this.folder, 'bin', 'aws-cni');
    copyFileSync(join(import.meta.dirname, 'plugin.fake.sh'), plugin);
    chmodSync(plugin, 0o755);
    const list = {
      cniVersion: '0.4.0',
      name: 'aws-cni',
      plugins: [{ type: 'aws-cni', ...this.#options.plugin }],
    };
    writeFileSync(join(this.folder, 'conf', '10-aws.conflist'), JSON.stringify(list));
    const network = createNetwork();
    await network.createNamespace(this.#host);
    await network.apply(`/run/netns/${this.#host}`, [
      { op: 'address-add', link: 'lo', address: '10.98.0.1', prefixBits: 32 },
    ]);
    await this.boot();
  }

  /** Starts the kubelet on what is there. */
  async boot(): Promise<void> {
    const { labels = {}, cniTimeoutMs } = this.#options;
    this.#informers = new AbortController();
    const common = { kube: this.kube, clock: systemClock, log: silentLog };
    this.#kubelet = await startKubelet({
      ...common,
      informers: createInformers({ ...common, signal: this.#informers.signal }),
      random: cryptoRandom,
      nodeName: 'node-1',
      instanceId: 'i-0123456789abcdef0',
      zone: 'us-east-1a',
      instanceType: 'm5.large',
      nodeIp: '10.98.0.1',
      labels,
      hostNetns: `/run/netns/${this.#host}`,
      cni: {
        binDir: join(this.folder, 'bin'),
        confDir: join(this.folder, 'conf'),
        ...(cniTimeoutMs !== undefined && { timeoutMs: cniTimeoutMs }),
      },
      maxPods: 29,
      stateDir: join(this.folder, 'state'),
    });
  }

  get kubelet(): Kubelet {
    if (this.#kubelet === undefined) throw new Error('the kubelet was not started');
    return this.#kubelet;
  }

  /** Ends the kubelet; its pods stay in the API. */
  async stop(): Promise<void> {
    await this.#kubelet?.close();
    this.#informers.abort();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.stop();
    await createNetwork().deleteNamespace(this.#host);
    rmSync(this.folder, { recursive: true });
  }

  /** Makes the plugin misbehave from now on. */
  breakPlugin(fault: PluginFault): void {
    writeFileSync(join(this.folder, 'bin', 'notes', fault), '');
  }

  repairPlugin(fault: PluginFault): void {
    rmSync(join(this.folder, 'bin', 'notes', fault));
  }

  /** How often the plugin was called. */
  calls(verb: 'ADD' | 'DEL'): number {
    return this.#notes(verb).length;
  }

  /** The sandboxes for which the plugin was called; a call that took too long is made again. */
  sandboxes(verb: 'ADD' | 'DEL'): ReadonlySet<string> {
    return new Set(this.#notes(verb).map((note) => /CNI_CONTAINERID=(.*)/.exec(note)?.[1] ?? ''));
  }

  #notes(verb: 'ADD' | 'DEL'): readonly string[] {
    const notes = join(this.folder, 'bin', 'notes');
    return readdirSync(notes)
      .filter((name) => name.startsWith(`${verb}.`))
      .map((name) => readFileSync(join(notes, name), 'utf8'));
  }

  /** Creates a pod on the node whose containers run scripts of the shell. */
  async run(
    name: string,
    scripts: readonly (string | Partial<Container>)[],
    spec: Partial<PodSpec> = {},
  ): Promise<Pod> {
    return this.kube.create(PODS, {
      metadata: { name, namespace: 'default' },
      spec: {
        nodeName: 'node-1',
        terminationGracePeriodSeconds: 1,
        containers: scripts.map((script, i) => ({
          name: `c${i}`,
          image: 'i',
          ...(typeof script === 'string' ? shell(script) : script),
        })),
        ...spec,
      },
    });
  }

  pod(name: string): Pod | undefined {
    return this.kube.peek(PODS, { name, namespace: 'default' });
  }

  /** The state of a container, by its place. */
  container(name: string, index = 0) {
    return this.pod(name)?.status?.containerStatuses?.[index];
  }

  async remove(name: string): Promise<void> {
    await this.kube.delete(PODS, { name, namespace: 'default' });
  }

  isReady(name: string): boolean {
    const conditions = this.pod(name)?.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  }

  events(reason: string): readonly Event[] {
    return this.kube.peekAll(EVENTS).filter((event) => event.reason === reason);
  }

  async logs(pod: string, options: { readonly previous?: boolean } = {}): Promise<string> {
    let text = '';
    const { signal } = new AbortController();
    const target = { namespace: 'default', pod };
    for await (const chunk of this.kubelet.runtime.logs(target, options, signal)) {
      text += Buffer.from(chunk).toString();
    }
    return text;
  }

  /** What a pod may leave behind: namespaces, records of sandboxes. */
  remains(): readonly string[] {
    const records = join(this.folder, 'state', 'sandboxes');
    return [
      ...readdirSync('/run/netns').filter((name) => name.startsWith('cni-')),
      ...(existsSync(records) ? readdirSync(records) : []),
    ];
  }
}

/** A container's command that runs a script. */
export function shell(script: string): Partial<Container> {
  return { command: ['sh', '-c', script] };
}

/** Living processes whose command line has the text. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const isZombie = / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
        return !isZombie && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}

/** Waits until the check passes. */
export function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 20 });
}

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../../base/clock.ts';
import { ok, type Result, err } from '../../../../base/result.ts';
import { signalProcess } from '../container/processes.ts';
import {
  chooseConfigFile,
  failureText,
  parseCniConfig,
  pluginInput,
  type CniConfigList,
  type CniPluginConfig,
} from './config.ts';

/** Patience with a plugin where the options name none. */
const PLUGIN_TIMEOUT_MS = 60_000;

/** A sandbox as CNI sees it. */
export interface CniAttachment {
  readonly containerId: string;
  readonly netnsPath: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where plugins are, and the namespace in which they run: the node's. */
export interface CniEnvironment {
  readonly path: string;
  readonly confDir: string;
  readonly hostNetns: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
  /** Aborts ADD: the plugin is killed, and DEL is up to the caller. */
  readonly signal?: AbortSignal;
}

/** Failure of a plugin or of the configuration; the message is ready for an event. */
export class CniError extends Error {
  override readonly name = 'CniError';
}

/** Reads the configuration that counts now. */
export async function loadCniConfig(confDir: string): Promise<Result<CniConfigList, string>> {
  const names = await readdir(confDir).catch(() => []);
  const name = chooseConfigFile(names);
  if (name === undefined) return err(`no CNI configuration in ${confDir}`);
  // Between the two calls the agent may replace it.
  const text = await readFile(join(confDir, name), 'utf8').catch(() => '');
  const config = parseCniConfig(text);
  return config.ok ? ok(config.value) : err(`${name} is not a CNI configuration: ${config.error}`);
}

/** Runs ADD of each plugin in turn; answers the last result. */
export async function cniAdd(
  environment: CniEnvironment,
  list: CniConfigList,
  attachment: CniAttachment,
): Promise<unknown> {
  let prevResult: unknown;
  for (const plugin of list.plugins)
    prevResult = await runPlugin(environment, attachment, {
      verb: 'ADD',
      list,
      plugin,
      prevResult,
    });
  return prevResult;
}

/** Runs DEL of each plugin, last one first. `prevResult` is the answer of ADD, where there was one. */
export async function cniDelete(
  environment: CniEnvironment,
  list: CniConfigList,
  attachment: CniAttachment & { readonly prevResult: unknown },
): Promise<void> {
  const { prevResult } = attachment;
  for (const plugin of [...list.plugins].reverse())
    await runPlugin(environment, attachment, { verb: 'DEL', list, plugin, prevResult });
}

interface Invocation {
  readonly verb: 'ADD' | 'DEL';
  readonly list: CniConfigList;
  readonly plugin: CniPluginConfig;
  readonly prevResult: unknown;
}

/** How libcni calls them in messages. */
const VERB_NAMES = { ADD: 'add', DEL: 'delete' } as const;

async function runPlugin(
  environment: CniEnvironment,
  attachment: CniAttachment,
  { verb, list, plugin, prevResult }: Invocation,
): Promise<unknown> {
  const capabilities = { 'io.kubernetes.cri.pod-annotations': attachment.annotations };
  const input = pluginInput(list, plugin, {
    capabilities,
    ...(prevResult !== undefined && prevResult !== null && { prevResult }),
  });
  const file = findPlugin(environment.path, plugin.type);
  const fail = (text: string) =>
    new CniError(`plugin type="${plugin.type}" failed (${VERB_NAMES[verb]}): ${text}`);
  if (file === undefined)
    throw fail(`failed to find plugin "${plugin.type}" in path [${environment.path}]`);
  const output = await execute(environment, {
    file,
    input,
    env: variables(environment.path, verb, attachment),
    ...(verb === 'ADD' && environment.signal && { signal: environment.signal }),
  });
  if (output.code !== 0) throw fail(failureText(output));
  if (verb === 'DEL') return undefined;
  try {
    return JSON.parse(output.stdout);
  } catch {
    throw fail('its result is not JSON');
  }
}

function findPlugin(path: string, type: string): string | undefined {
  return path
    .split(':')
    .map((folder) => join(folder, type))
    .find((file) => existsSync(file));
}

/** The environment of a plugin: CNI's variables and a PATH, nothing of ours (measurements, top). */
function variables(path: string, verb: string, attachment: CniAttachment): Record<string, string> {
  const { containerId, netnsPath, pod } = attachment;
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    CNI_COMMAND: verb,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netnsPath,
    CNI_IFNAME: 'eth0',
    CNI_PATH: path,
    CNI_ARGS: [
      'IgnoreUnknown=1',
      `K8S_POD_NAMESPACE=${pod.namespace}`,
      `K8S_POD_NAME=${pod.name}`,
      `K8S_POD_INFRA_CONTAINER_ID=${containerId}`,
      `K8S_POD_UID=${pod.uid}`,
    ].join(';'),
  };
}

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface PluginCall {
  readonly file: string;
  readonly input: string;
  readonly env: Record<string, string>;
  readonly signal?: AbortSignal;
}

async function execute(
  { hostNetns, clock, timeoutMs = PLUGIN_TIMEOUT_MS }: CniEnvironment,
  call: PluginCall,
): Promise<Output> {
  const child = spawn('nsenter', [`--net=${hostNetns}`, '--', call.file], {
    env: call.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const done = new AbortController();
  const chunks = { stdout: '', stderr: '' };
  const kill = (why: string): void => {
    chunks.stderr += why;
    // The whole group: what the plugin has started would hold its output open.
    if (child.pid !== undefined) signalProcess(-child.pid, 'SIGKILL');
  };
  clock.sleep(timeoutMs, done.signal).then(
    () => kill(`timed out after ${timeoutMs / 1000}s: `),
    () => undefined,
  );
  const stop = (): void => kill('the kubelet is closing: ');
  if (call.signal?.aborted === true) stop();
  call.signal?.addEventListener('abort', stop, { once: true });
  child.stdout.on('data', (chunk: Buffer) => (chunks.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (chunks.stderr += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(call.input);
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      chunks.stderr += error.message;
      resolve(127);
    });
    child.on('close', (status, signal) => {
      if (signal !== null) chunks.stderr += `killed by ${signal}`;
      resolve(status ?? 128);
    });
  });
  done.abort();
  call.signal?.removeEventListener('abort', stop);
  return { code, ...chunks };
}

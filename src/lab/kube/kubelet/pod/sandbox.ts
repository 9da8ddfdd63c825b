import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../../../api/core/pod.ts';
import { randomHex } from '../../../../base/random.ts';
import { addressesOf, type CniConfigList } from '../cni/config.ts';
import {
  cniAdd,
  cniDelete,
  CniError,
  loadCniConfig,
  type CniAttachment,
  type CniEnvironment,
} from '../cni/invoke.ts';
import { inNamespace, killAll } from '../container/processes.ts';
import type { PodContext } from './context.ts';

/** A pod's network namespace, as recorded on disk before the plugin is called. */
export interface Sandbox extends CniAttachment {
  readonly netnsName: string;
  readonly list: CniConfigList;
  /** Result of ADD; absent when ADD has not succeeded. */
  readonly result?: unknown;
}

/**
 * Makes a namespace and has the plugin wire it. When that fails nothing is left: the plugin is
 * called with DEL, and the namespace goes. `closing` ends an ADD that takes long.
 */
export async function createSandbox(
  context: PodContext,
  pod: Pod,
  closing: AbortSignal,
): Promise<Sandbox> {
  const { options, network } = context;
  const config = await loadCniConfig(options.cni.confDir);
  if (!config.ok) throw new CniError(config.error);
  const netnsName = `cni-${uuid(context)}`;
  const netnsPath = await network.createNamespace(netnsName);
  const { name, namespace = 'default', uid = '' } = pod.metadata;
  const sandbox: Sandbox = {
    containerId: randomHex(options.random, 64),
    netnsName,
    netnsPath,
    pod: { namespace, name, uid },
    annotations: pod.metadata.annotations ?? {},
    list: config.value,
  };
  try {
    await save(context, sandbox);
    const result = await cniAdd(
      { ...cniEnvironment(context), signal: closing },
      config.value,
      sandbox,
    );
    if (addressesOf(result).length === 0) throw new CniError('the CNI result has no address');
    const done = { ...sandbox, result };
    await save(context, done);
    return done;
  } catch (error) {
    await destroySandbox(context, sandbox).catch((failure: unknown) =>
      options.log.warn('Sandbox not cleaned up', { pod: name, error: String(failure) }),
    );
    throw error;
  }
}

/** DEL, then the namespace and the record. May be called again after a failure, and when all is gone. */
export async function destroySandbox(context: PodContext, sandbox: Sandbox): Promise<void> {
  await killAll(inNamespace(sandbox.netnsPath), context.options.clock);
  try {
    const prevResult = sandbox.result;
    await cniDelete(cniEnvironment(context), sandbox.list, { ...sandbox, prevResult });
  } catch (error) {
    // A wiring that never succeeded must not keep its namespace alive.
    if (sandbox.result !== undefined) throw error;
  }
  await forgetSandbox(context, sandbox);
}

/** Removes namespace and record without asking the plugin. */
export async function forgetSandbox(context: PodContext, sandbox: Sandbox): Promise<void> {
  await context.network.deleteNamespace(sandbox.netnsName);
  await rm(recordFile(context, sandbox.containerId), { force: true });
}

/** Sandboxes that an earlier kubelet with the same state left behind. */
export async function leftoverSandboxes(context: PodContext): Promise<readonly Sandbox[]> {
  const folder = recordFolder(context);
  const names = await readdir(folder).catch(() => []);
  const records = names.map(async (name) => {
    try {
      return [JSON.parse(await readFile(join(folder, name), 'utf8')) as Sandbox];
    } catch {
      return [];
    }
  });
  return (await Promise.all(records)).flat();
}

/** Addresses that the plugin gave the pod. */
export function sandboxAddresses(sandbox: Sandbox): readonly string[] {
  return addressesOf(sandbox.result);
}

function cniEnvironment({ options }: PodContext): CniEnvironment {
  const { binDir, confDir, path = binDir, timeoutMs } = options.cni;
  return {
    path,
    confDir,
    hostNetns: options.hostNetns,
    clock: options.clock,
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

function recordFolder({ options }: PodContext): string {
  return join(options.stateDir, 'sandboxes');
}

function recordFile(context: PodContext, containerId: string): string {
  return join(recordFolder(context), `${containerId}.json`);
}

async function save(context: PodContext, sandbox: Sandbox): Promise<void> {
  await mkdir(recordFolder(context), { recursive: true });
  await writeFile(recordFile(context, sandbox.containerId), JSON.stringify(sandbox));
}

function uuid({ options }: PodContext): string {
  const digits = randomHex(options.random, 32);
  return [8, 12, 16, 20, 32]
    .map((end, i, ends) => digits.slice(i === 0 ? 0 : ends[i - 1], end))
    .join('-');
}

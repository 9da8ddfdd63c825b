import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { LabProblem, type LabProgress, type LabSummary } from '../../cli/lab-port.ts';
import { commandFor, identityOf, prepare, type Launch } from './prepare.ts';
import { logPath, replaceRecord, summarise } from './registry.ts';
import {
  becomeSandbox,
  CHANNEL_DESCRIPTOR,
  FIRST_SPAWNED_DESCRIPTOR,
  passableDescriptor,
  sandboxEnvironment,
  spawnSandbox,
} from './sandbox.ts';
import { stopRecord } from './stop.ts';

/** Replaces this process by the lab: it runs in the terminal's foreground. */
export async function becomeLab(launch: Launch): Promise<never> {
  const prepared = await prepare(launch);
  const { kube, ec2 } = prepared.listeners;
  const command = await commandFor(launch, prepared, {
    listeners: {
      kube: { fd: passableDescriptor(kube.fd), port: kube.port },
      ec2: { fd: passableDescriptor(ec2.fd), port: ec2.port },
    },
    progress: 'terminal',
  });
  return becomeSandbox(command, sandboxEnvironment(launch.env, launch.root));
}

/** Starts the lab in a session of its own; resolves when it reported `ready`. */
export async function startInBackground(launch: Launch): Promise<LabSummary> {
  const prepared = await prepare(launch);
  const { kube, ec2 } = prepared.listeners;
  const command = await commandFor(launch, prepared, {
    listeners: {
      kube: { fd: FIRST_SPAWNED_DESCRIPTOR, port: kube.port },
      ec2: { fd: FIRST_SPAWNED_DESCRIPTOR + 1, port: ec2.port },
    },
    progress: CHANNEL_DESCRIPTOR,
  });
  const { labs, request } = launch;
  const output = openSync(logPath(labs, request.name), 'a');
  const child = spawnSandbox(command, {
    env: sandboxEnvironment(launch.env, launch.root),
    output,
    pass: [kube.fd, ec2.fd],
  });
  closeSync(output);
  kube.close();
  ec2.close();
  const pid = child.pid;
  if (pid === undefined) throw new LabProblem('The sandbox could not be started');
  const record = { ...prepared.record, pid, ...(await identityOf(pid)) };
  await replaceRecord(labs, record);
  const channel = child.stdio[CHANNEL_DESCRIPTOR] as Duplex;
  await untilReady(channel, launch.report).catch(async (error: unknown) => {
    await stopRecord({ labs, record, clock: launch.clock, keepLog: true });
    throw new LabProblem(`${(error as Error).message}. Log: ${logPath(labs, request.name)}`, {
      cause: error,
    });
  });
  channel.destroy();
  child.unref();
  return summarise(labs, record);
}

/** Passes progress on until `ready`; rejects when the lab failed or went away before. */
function untilReady(channel: Duplex, report: (progress: LabProgress) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: channel });
    channel.on('error', reject);
    lines.on('line', (line) => {
      // The other end is our own process of the same version: no schema.
      const progress = JSON.parse(line) as LabProgress;
      if (progress.kind === 'failed') reject(new Error(progress.text));
      else report(progress);
      if (progress.kind === 'ready') resolve();
    });
    lines.on('close', () => reject(new Error('The lab ended before it was ready')));
  });
}

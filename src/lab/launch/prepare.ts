import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { randomHex, type Random } from '../../base/random.ts';
import { LabProblem, type LabProgress, type LabUpRequest } from '../../cli/lab-port.ts';
import { openListener, type OpenListener } from './listener.ts';
import { writeOrder, type LaunchOrder } from './order.ts';
import { checkMachine } from './preflight.ts';
import {
  claimRecord,
  LAB_NAME,
  labFolder,
  processIdentity,
  readRecord,
  RUN_FOLDER_PREFIX,
  sweepDeadLabs,
  type LabRecord,
} from './registry.ts';
import type { Environment } from './sandbox.ts';

/** What the launcher needs of the outside world. */
export interface LabLauncherOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly random: Random;
  /** Root of the repository. */
  readonly root: string;
  /** Node.js 24. */
  readonly nodePath: string;
  /** Module with `runLab`; tests put a small one here. */
  readonly mainModule: string;
  /** When the user's command began, in milliseconds since the epoch. */
  readonly beganMs: number;
}

/** Longest temp folder that leaves room for socket names: a socket path ends at 107 characters. */
const LONGEST_TEMP_FOLDER = 60;

/** One start of a lab. */
export interface Launch extends LabLauncherOptions {
  readonly labs: string;
  readonly request: LabUpRequest;
  readonly report: (progress: LabProgress) => void;
}

/** A lab that has its name, ports and folders, and no process yet. */
export interface Prepared {
  readonly record: LabRecord;
  readonly listeners: { readonly kube: OpenListener; readonly ec2: OpenListener };
}

/** Checks, cleans up after dead labs, opens the listeners and claims the name. */
export async function prepare(launch: Launch): Promise<Prepared> {
  const { labs, request, report, env } = launch;
  if (!LAB_NAME.test(request.name)) {
    throw new LabProblem(
      `Invalid lab name '${request.name}': 1 to 20 of a-z, 0-9 and -, a letter first`,
    );
  }
  for (const name of await sweepDeadLabs(labs)) {
    report({ kind: 'note', text: `Removed what lab ${name} left behind: it had been killed` });
  }
  await checkMachine(env);
  const listeners = { kube: await openListener(0), ec2: await openListener(0) };
  const record: LabRecord = {
    name: request.name,
    pid: process.pid,
    ...(await identityOf(process.pid)),
    startedAt: new Date(launch.beganMs).toISOString(),
    kubePort: listeners.kube.port,
    ec2Port: listeners.ec2.port,
    runDir: join(tempFolder(env), `${RUN_FOLDER_PREFIX}${randomHex(launch.random, 8)}`),
  };
  if (!(await claimRecord(labs, record))) {
    const other = await readRecord(labs, request.name);
    throw new LabProblem(
      `Lab ${request.name} is already running (process ${other?.pid ?? 'unknown'}): ` +
        `stop it with 'trunkline lab down ${request.name}', or choose another --name`,
    );
  }
  await mkdir(record.runDir, { mode: 0o700 });
  return { record, listeners };
}

function tempFolder(env: Environment): string {
  const wanted = env['TMPDIR'] ?? '/tmp';
  return wanted.length <= LONGEST_TEMP_FOLDER ? wanted : '/tmp';
}

/** As `processIdentity`, for a process that must be alive. */
export async function identityOf(pid: number): Promise<{ startTicks: string; bootId: string }> {
  const identity = await processIdentity(pid);
  if (identity === undefined) throw new LabProblem(`The lab ended as it began (process ${pid})`);
  return identity;
}

/** Writes the order; answers the command of the process inside. */
export async function commandFor(
  launch: Launch,
  { record }: Prepared,
  passing: Pick<LaunchOrder, 'listeners' | 'progress'>,
): Promise<readonly string[]> {
  const { request, labs, root } = launch;
  const dataDir = request.stateFolder ?? record.runDir;
  await mkdir(dataDir, { recursive: true });
  const orderPath = await writeOrder({
    name: request.name,
    mode: request.mode,
    stay: request.stay,
    linkDriver: request.linkDriver,
    dataDir,
    stateDir: labFolder(labs, request.name),
    runDir: record.runDir,
    root,
    labs,
    mainModule: launch.mainModule,
    beganMs: launch.beganMs,
    ...passing,
  });
  const program = join(root, 'src/bin/trunkline-lab.ts');
  return [launch.nodePath, '--disable-warning=ExperimentalWarning', program, orderPath];
}

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A running moto_server, or why there is none. */
export type Moto =
  | { readonly url: string; readonly pid: number; readonly version: string; stop(): void }
  | { readonly skipped: string };

const PORT = 45_671;
const INSTALL_MS = 60_000;
const START_MS = 20_000;

/** Starts moto_server: the one that Python has, or one installed into a temporary folder. */
export async function startMoto(): Promise<Moto> {
  if (run('python3', ['--version']) === undefined) return { skipped: 'there is no python3' };
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-moto-'));
  const python = hasMoto('python3') ? 'python3' : install(folder);
  if (python === undefined) {
    rmSync(folder, { recursive: true });
    return { skipped: 'moto is not installed, and pip could not install it' };
  }
  const version = run(python, ['-c', 'import moto; print(moto.__version__)']) ?? '';
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(PORT)], {
    stdio: 'ignore',
  });
  const stop = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${PORT}`;
  if (await answers(url, child)) return { url, pid: child.pid ?? 0, version, stop };
  stop();
  return { skipped: 'moto_server did not start' };
}

function run(command: string, args: readonly string[], timeoutMs = 30_000): string | undefined {
  const { status, stdout } = spawnSync(command, args, { timeout: timeoutMs, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function hasMoto(python: string): boolean {
  return run(python, ['-c', 'import moto.server, flask']) !== undefined;
}

function install(folder: string): string | undefined {
  if (run('python3', ['-m', 'venv', folder]) === undefined) return undefined;
  const python = join(folder, 'bin/python');
  run(python, ['-m', 'pip', 'install', '-q', 'moto[ec2,server]'], INSTALL_MS);
  return hasMoto(python) ? python : undefined;
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  const untilMs = performance.now() + START_MS;
  while (performance.now() < untilMs && child.exitCode === null) {
    const answer = await fetch(`${url}/moto-api/`).catch(() => undefined);
    if (answer !== undefined) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

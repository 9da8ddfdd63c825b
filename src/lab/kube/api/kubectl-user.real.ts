import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TestServer } from './test-server.fake.ts';

/** From the machine, not from npm. */
export const KUBECTL = 'kubectl';

/** What a command printed and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(
  command: string,
  parameters: readonly string[],
  { input, env }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: env ?? process.env, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(command, parameters, options, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 1 : 0;
      resolve({ code, out, err });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

/** Whether tests with kubectl can run here; says so when they cannot. */
export async function isKubectlThere(): Promise<boolean> {
  const { code } = await run(KUBECTL, ['version', '--client'], {});
  if (code !== 0) process.stderr.write('skipped: there is no kubectl on the PATH\n');
  return code === 0;
}

/** Somebody with kubectl and a kubeconfig for the server, in a folder of his own. */
export interface KubectlUser {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command line, split at spaces, or words. */
  kubectl(line: string | readonly string[], input?: string): Promise<Outcome>;
  /** Runs a command that must succeed; answers what it printed. */
  ok(line: string | readonly string[], input?: string): Promise<string>;
  /** Runs a command that must fail; answers its complaint. */
  fails(line: string | readonly string[], input?: string): Promise<string>;
  close(): Promise<void>;
}

/** Makes the folder and the kubeconfig. `extra` are variables, such as EDITOR. */
export async function createKubectlUser(
  server: TestServer,
  extra: NodeJS.ProcessEnv = {},
): Promise<KubectlUser> {
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-kubectl-'));
  const config = join(dir, 'config');
  await writeFile(config, await kubeconfig(server));
  const env = { ...process.env, KUBECONFIG: config, HOME: dir, ...extra };
  const kubectl: KubectlUser['kubectl'] = (line, input) =>
    run(KUBECTL, typeof line === 'string' ? line.split(' ') : line, {
      env,
      ...(input !== undefined && { input }),
    });
  return {
    dir,
    env,
    kubectl,
    ok: async (line, input) => {
      const { code, out, err } = await kubectl(line, input);
      expect(code, `kubectl ${String(line)}\n${err}`).toBe(0);
      return out.trim();
    },
    fails: async (line, input) => {
      const { code, err, out } = await kubectl(line, input);
      expect(code, `kubectl ${String(line)} should fail\n${out}`).not.toBe(0);
      return err.trim();
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

async function kubeconfig({ api, url }: TestServer): Promise<string> {
  const { certPem, keyPem } = await api.issueClientCertificate({
    user: 'admin',
    groups: ['system:masters'],
  });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'lab', cluster: { server: url, 'certificate-authority-data': base64(api.caPem) } },
    ],
    users: [
      {
        name: 'admin',
        user: {
          'client-certificate-data': base64(certPem),
          'client-key-data': base64(keyPem),
        },
      },
    ],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'admin' } }],
    'current-context': 'lab',
  });
}

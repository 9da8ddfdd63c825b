import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, describe, expect, test } from 'vitest';
import { startServe, startServeWith } from './serve-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-start-'));
const inFolder = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

describe('vpc serve', { timeout: 40_000 }, () => {
  test('starts in a small multiple of what an empty program takes', async () => {
    const timed = (): number => {
      const beganMs = performance.now();
      execFileSync(process.execPath, ['-e', '0']);
      return performance.now() - beganMs;
    };
    const bareMs = Math.min(timed(), timed(), timed());
    const starts: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      const served = await startServe('--seed', 'default-vpcs');
      starts.push(served.startMs);
      await served.end('SIGTERM');
    }
    const ratio = Math.min(...starts) / bareMs;
    process.stdout.write(`vpc serve starts in ${ratio.toFixed(1)} times an empty program's time\n`);
    expect(ratio).toBeLessThan(25);
  });

  test('lets requests end when it is told to stop', async () => {
    const knobs = inFolder('slow.json');
    writeFileSync(knobs, JSON.stringify({ latencyMs: { CreateVpc: 800 } }));
    const store = inFolder('slow.sqlite');
    const served = await startServe('--knobs', knobs, '--store', store);
    const client = served.client();
    await client.send(new ec2.DescribeVpcsCommand({}));
    const create = new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' });
    const pending = Array.from({ length: 20 }, () => client.send(create));
    await new Promise((done) => setTimeout(done, 300));
    const ended = served.end('SIGTERM');
    const made = (await Promise.allSettled(pending)).map((each) =>
      each.status === 'fulfilled' ? each.value.Vpc?.VpcId : String(each.reason),
    );
    // Five is the quota of a region: the others are told so, and nobody is cut off.
    expect(made.filter((each) => each?.startsWith('vpc-'))).toHaveLength(5);
    expect(made.filter((each) => each?.startsWith('VpcLimitExceeded'))).toHaveLength(15);
    expect(await ended).toBe(0);
    expect(served.errors()).toBe('');
    const again = await startServe('--store', store);
    expect((await again.client().send(new ec2.DescribeVpcsCommand({}))).Vpcs).toHaveLength(5);
    await again.end('SIGTERM');
  });

  test('listens beyond loopback only with a key of its own and TLS', async () => {
    const key = inFolder('key.pem');
    const cert = inFolder('cert.pem');
    const subject = ['-subj', '/CN=trunkline', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert, ...subject], {
      stdio: 'ignore',
    });
    const open = ['--listen', '0.0.0.0:0'];
    const tls = ['--tls-cert', cert, '--tls-key', key];
    const own = { TRUNKLINE_ACCESS_KEY: 'AKIAOWN:0123456789abcdef0123' };
    const start = (env: NodeJS.ProcessEnv, ...options: string[]): Promise<unknown> =>
      startServeWith(env, ...open, ...options);
    await expect(start(own)).rejects.toThrow(/beyond loopback, without TLS: give --tls-cert/);
    const known = { TRUNKLINE_ACCESS_KEY: 'AKIATRUNKLINEDEFAULT:trunkline' };
    await expect(start(known, ...tls)).rejects.toThrow(/with the default key: give --access-key/);
    await expect(start({}, ...tls)).rejects.toThrow(/secret of AKIATEST is a default or shorter/);
    await expect(start(own, ...tls, '--dev')).rejects.toThrow(/with --dev, whose routes/);
    const served = await startServeWith(own, ...open, ...tls);
    expect(served.url).toMatch(/^https:\/\/0\.0\.0\.0:\d+$/);
    expect(await served.end('SIGTERM')).toBe(0);
  });

  test('tells how it is used', () => {
    const program = resolve(import.meta.dirname, '../../src/bin/trunkline.mjs');
    const help = execFileSync(process.execPath, [program, 'vpc', 'serve', '--help'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for (const option of ['listen', 'account', 'access-key', 'store', 'seed', 'dev', 'kubeconfig'])
      expect(help).toContain(`--${option}`);
    expect(help).toContain('Examples:\n  trunkline vpc serve\n');
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  REQUIREMENTS,
  environmentFolder,
  problemFile,
  pythonClients,
  whyNone,
} from './python-clients.ts';

const run = promisify(execFile);
const clients = await pythonClients();

afterEach(() => vi.unstubAllEnvs());

describe('the Python clients', () => {
  test('are exactly the pinned ones', async ({ skip }) => {
    if ('skipped' in clients) return skip(clients.skipped);
    const script = 'import boto3, botocore, awscli as a; print(boto3, botocore.__version__, a)';
    expect((await run(clients.python, ['-c', script])).stdout).toContain(' 1.44.3 ');
    const { stdout } = await run(clients.aws, ['--version']);
    expect(stdout).toMatch(/^aws-cli\/1\.46\.1 /);
  });

  test('have every package pinned by a hash', () => {
    const pins = readFileSync(REQUIREMENTS, 'utf8').match(/^[a-z].*/gm) ?? [];
    expect(pins.length).toBeGreaterThan(10);
    for (const pin of pins) expect(pin).toMatch(/^[\w.-]+==[\w.]+ (--hash=sha256:[\da-f]{64}|\\)$/);
  });

  test('live in a folder that changes with what is pinned', () => {
    expect(environmentFolder()).toMatch(/node_modules\/\.cache\/trunkline\/python-[\da-f]{8}$/);
  });

  test('when they could not be installed tell why', () => {
    const folder = mkdtempSync(join(tmpdir(), 'python-clients-'));
    expect(whyNone(folder)).toBe("no Python environment: run 'npm test' once");
    writeFileSync(problemFile(folder), 'cannot install from PyPI');
    expect(whyNone(folder)).toBe('no Python environment: cannot install from PyPI');
    rmSync(folder, { recursive: true });
  });

  test('must be there in CI, also when a developer may do without', async () => {
    vi.stubEnv('CI', 'true');
    if ('python' in clients) expect(await pythonClients()).toEqual(clients);
    else await expect(pythonClients()).rejects.toThrow('No Python clients in CI');
  });
});

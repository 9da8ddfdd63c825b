import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ec2Target } from '../../src/bin/conformance-ec2.ts';
import { readTables } from '../../src/lab/conformance/read-tables.ts';
import { disagreements, runTables } from '../../src/policy/conformance/run.ts';
import { KEY, startServe } from './serve-process.ts';

const TABLES = readTables(join(import.meta.dirname, '../../conformance'));

test('the truth tables hold for the paths of a VPC API, asked by its own protocol', async () => {
  const server = await startServe();
  try {
    const target = ec2Target(server.url, {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
    });
    const results = await runTables(TABLES, target);
    expect(disagreements(results)).toEqual([]);
    const asked = results.filter(({ actual }) => actual !== 'skipped');
    expect(asked.length).toBeGreaterThan(30);
    expect(new Set(asked.map(({ actual }) => actual))).toEqual(new Set(['pass', 'drop']));
  } finally {
    await server.end('SIGTERM');
  }
});

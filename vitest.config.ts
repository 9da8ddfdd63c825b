import { defineConfig } from 'vitest/config';

const NOT_HERE = [
  '**/*.kernel.test.ts',
  '**/*.e2e.test.ts',
  '**/*.upstream.test.ts',
  '**/node_modules/**',
];

/** Tests that start programs of others (aws, kubectl, python) or servers of ours as processes. */
const CLIENTS = [
  '**/aws-cli*.test.ts',
  '**/*-cli.test.ts',
  '**/kubectl*.test.ts',
  '**/boto*.test.ts',
  'test/vpc/**/*.test.ts',
  'test/clients/**/*.test.ts',
];

/** Many random worlds against an oracle, a model or a simulation: seconds each, worth every one. */
const PROOF = [
  'test/differential/**/*.test.ts',
  'test/fuzz/**/*.test.ts',
  'src/ec2/codec/sdk-round-trip.prop.test.ts',
  'src/dataplane/compile.prop.test.ts',
  'src/controller/simulation.test.ts',
  'src/vpc/store/crash*.test.ts',
];

/**
 * `unit` needs nothing but Node and takes seconds; `proof` likewise, but takes its time. `clients` drives our servers with the programs
 * that users have. `kernel` makes network namespaces and must run in a sandbox (tools/sandbox.sh).
 * `e2e` starts labs as a user would. `npm test` (tools/test.mjs) runs them in this order.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...NOT_HERE, ...CLIENTS, ...PROOF],
          testTimeout: 10_000,
          isolate: false,
        },
      },
      {
        test: {
          name: 'proof',
          include: PROOF,
          exclude: NOT_HERE,
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'clients',
          include: CLIENTS,
          exclude: NOT_HERE,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: ['src/**/*.kernel.test.ts', 'test/**/*.kernel.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'upstream',
          include: ['test/**/*.upstream.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

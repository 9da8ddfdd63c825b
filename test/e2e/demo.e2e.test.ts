import { expect, test } from 'vitest';
import { runCommand } from './run-command.ts';

const NETNS = ['sh', '-c', 'ip netns list; ip -o link show | cut -d: -f2'];

test('npm start plays the scenario, prints a table that holds, exits 0 and leaves nothing', async () => {
  const before = await runCommand(NETNS);
  const demo = await runCommand(['npm', 'start', '--silent']);
  expect(demo.stderr + demo.stdout).toContain('DECIDED BY');
  expect(demo.code).toBe(0);
  const rows = demo.stdout.split('\n').filter((line) => /^[1-5] {2,}/.test(line));
  expect(rows.map((line) => line.split(/ {2,}/))).toEqual([
    [
      '1',
      'checkout',
      'rds:5432',
      'admitted',
      'admitted',
      expect.stringMatching(/^rule sgr-.* of rds /),
      'yes',
    ],
    [
      '1',
      'catalog',
      'rds:5432',
      'dropped',
      'dropped',
      expect.stringContaining('ingress gate of rds'),
      'yes',
    ],
    [
      '2',
      'checkout',
      'rds:5432',
      'dropped',
      'dropped',
      expect.stringContaining('ingress gate of rds'),
      'yes',
    ],
    [
      '2',
      'checkout',
      'rds:5432',
      'admitted',
      'admitted',
      expect.stringMatching(/^rule sgr-.* of rds /),
      'yes',
    ],
    [
      '3',
      'checkout-2',
      'rds:5432',
      'admitted',
      'admitted',
      expect.stringMatching(/^rule sgr-.* of rds /),
      'yes',
    ],
    [
      '4',
      'checkout',
      'catalog:8080',
      'dropped',
      'dropped',
      expect.stringContaining('ingress gate of node'),
      'yes',
    ],
    [
      '4',
      'checkout',
      'catalog:8080',
      'admitted',
      'admitted',
      expect.stringMatching(/^rule sgr-.* of node /),
      'yes',
    ],
  ]);
  expect(demo.stdout).toMatch(/branch eni-\w+ .* was released, cooled down and deleted/);
  expect(await runCommand(NETNS)).toEqual(before);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBotoClient } from './boto-client.ts';
import { createCliClient } from './cli-client.ts';
import type { ConformanceClient } from './client.ts';
import { canPlay, play, type Player } from './play.ts';
import { createSdkClient } from './sdk-client.ts';
import { pythonClients } from '../python-clients.ts';
import { startServers, type Servers } from './servers.ts';
import { STORIES } from './stories/all.ts';

/** Each client has a region of its own, and so a world of its own. */
const REGIONS = { boto3: 'us-east-1', sdk: 'us-west-2', aws: 'eu-west-1' } as const;
/** Blocks of IPv6 are not shared by regions. */
const HEX = { boto3: '1a00', sdk: '1b00', aws: '1c00' } as const;
const LEAST_CASES = 800;

const found = await pythonClients();
if ('skipped' in found) process.stdout.write(`Skipped: conformance, ${found.skipped}\n`);

describe.skipIf('skipped' in found)('real clients', () => {
  const played = { boto3: 0, sdk: 0, aws: 0 };
  let clients: readonly ConformanceClient[] = [];
  let servers: Servers;

  beforeAll(async () => {
    const python = 'python' in found ? found.python : '';
    clients = [createBotoClient(python), createSdkClient(), createCliClient(python)];
    servers = await startServers();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await servers.close();
  });

  describe.for(STORIES.map((story) => [story.title, story] as const))('%s', ([, story]) => {
    const { server = 'standard', steps } = story;
    let players: readonly Player[];
    beforeAll(() => {
      const { endpoint, keys, variables } = servers.of(server);
      players = clients.map((client) => {
        const region = REGIONS[client.name];
        const known = { ...variables, region, client: `by-${client.name}`, hex: HEX[client.name] };
        return { client, endpoint, region, keys, variables: new Map(Object.entries(known)) };
      });
    });

    for (const step of steps)
      test(step.name, async () => {
        const able = players.filter((player) => canPlay(player, step));
        const ended = await Promise.allSettled(able.map((player) => play(player, step)));
        const failed = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
        if (failed.length > 0) throw new Error(failed.map(String).join('\n'));
        const [first, ...others] = ended.map((each) => 'value' in each && each.value);
        for (const answer of others) expect(answer).toEqual(first);
        for (const { client } of able) played[client.name] += 1;
      });
  });

  test('there are enough cases for each client', () => {
    process.stdout.write(`Conformance cases that passed: ${JSON.stringify(played)}\n`);
    for (const count of Object.values(played)) expect(count).toBeGreaterThanOrEqual(LEAST_CASES);
  });
});

import * as ec2 from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../../base/clock.fake.ts';
import { cryptoRandom } from '../../io/random.ts';
import { OTHER_KEY, startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';
import { createKnobs, type KnobSettings } from './knobs.ts';
import { readKnobs } from './read-knobs.ts';
import { Throttle } from './throttle.ts';

let api: TestApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function start(knobs: KnobSettings): Promise<TestApi> {
  api = await startTestApi({ more: { knobs } });
  return api;
}

const describeVpcs = new ec2.DescribeVpcsCommand({});
const createVpc = new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' });

async function outcomes(client: ec2.EC2Client, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let i = 0; i < count; i += 1)
    names.push(
      await client.send(describeVpcs).then(
        () => 'ok',
        (error: Error) => error.name,
      ),
    );
  return names;
}

test('without settings there are no knobs', () => {
  expect(createKnobs({}, { clock: createFakeClock(), random: cryptoRandom })).toBeUndefined();
});

describe('throttling', () => {
  test('answers RequestLimitExceeded with 503, per account and action', async () => {
    const served = await start({ throttle: { DescribeVpcs: { size: 2, perSecond: 0 } } });
    expect(await outcomes(served.client(), 3)).toEqual(['ok', 'ok', 'RequestLimitExceeded']);
    await expect(served.client().send(describeVpcs)).rejects.toMatchObject({
      message: 'Request limit exceeded.',
      $metadata: { httpStatusCode: 503 },
    });
    expect(await outcomes(served.client(OTHER_KEY), 1)).toEqual(['ok']);
    await served.client().send(new ec2.DescribeSubnetsCommand({}));
  });

  test('is ridden out by the retries of the SDK', async () => {
    const served = await start({ throttle: { '*': { size: 1, perSecond: 20 } } });
    const patient = served.client(TEST_KEY, 10);
    const answers = Array.from({ length: 3 }, () => patient.send(describeVpcs));
    expect(await Promise.all(answers)).toHaveLength(3);
  });

  test('fills buckets up again, to the brim and no further', async () => {
    const clock = createFakeClock();
    const throttle = new Throttle({ A: { size: 3, perSecond: 1 } }, clock);
    const drain = (): number => {
      let taken = 0;
      while (throttle.take('me', 'A')) taken += 1;
      return taken;
    };
    expect(drain()).toBe(3);
    await clock.advance(1_500);
    expect(drain()).toBe(1);
    await clock.advance(60_000);
    expect(drain()).toBe(3);
    expect(throttle.take('me', 'B')).toBe(true);
  });

  test.each([
    ['DescribeVpcs', 100],
    ['CreateVpc', 50],
    ['RunInstances', 5],
  ])('takes the size of AWS for %s: %i', (action, size) => {
    const throttle = new Throttle('aws', createFakeClock());
    let taken = 0;
    while (throttle.take('me', action)) taken += 1;
    expect(taken).toBe(size);
  });
});

describe('latency', () => {
  test('is added to the actions that it is set for', async () => {
    const served = await start({ latencyMs: { DescribeVpcs: 120 } });
    const beganMs = performance.now();
    await served.client().send(new ec2.DescribeSubnetsCommand({}));
    expect(performance.now() - beganMs).toBeLessThan(110);
    const slowMs = performance.now();
    await served.client().send(describeVpcs);
    expect(performance.now() - slowMs).toBeGreaterThanOrEqual(115);
  });
});

describe('injected errors', () => {
  test('follow the first rule that fits, as often as it says', async () => {
    const served = await start({
      errors: [
        { action: 'Describe*', code: 'Unavailable', times: 2 },
        { action: 'DescribeVpcs', code: 'InternalError', message: 'as told', times: 1 },
      ],
    });
    await served.client().send(createVpc);
    expect(await outcomes(served.client(), 4)).toEqual([
      'Unavailable',
      'Unavailable',
      'InternalError',
      'ok',
    ]);
  });

  test('strike by chance', async () => {
    const served = await start({
      errors: [{ action: '*', code: 'InternalError', probability: 0.5 }],
    });
    const names = await outcomes(served.client(), 60);
    expect(new Set(names)).toEqual(new Set(['ok', 'InternalError']));
  });

  test('change nothing: the call was not made', async () => {
    const served = await start({
      errors: [{ action: 'CreateVpc', code: 'InternalError', times: 1 }],
    });
    const before = served.kube.calls.length;
    await expect(served.client().send(createVpc)).rejects.toMatchObject({ name: 'InternalError' });
    expect(served.kube.calls.slice(before).filter(({ verb }) => verb === 'create')).toEqual([]);
  });
});

describe('a consistency delay', () => {
  test('hides what is new from describes, and not from actions that write', async () => {
    const served = await start({ consistencyDelayMs: 300 });
    const { Vpc } = await served.client().send(createVpc);
    const ids = { VpcIds: [Vpc?.VpcId ?? ''] };
    expect((await served.client().send(describeVpcs)).Vpcs).toEqual([]);
    await expect(served.client().send(new ec2.DescribeVpcsCommand(ids))).rejects.toMatchObject({
      name: 'InvalidVpcID.NotFound',
    });
    await served
      .client()
      .send(new ec2.CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.0.0.0/24' }));
    await new Promise((resolve) => setTimeout(resolve, 320));
    expect((await served.client().send(new ec2.DescribeVpcsCommand(ids))).Vpcs).toHaveLength(1);
  });
});

describe('a file of knobs', () => {
  test('is read', () => {
    const settings = {
      throttle: { '*': { size: 5, perSecond: 1 } },
      latencyMs: { '*': 1 },
      errors: [{ action: '*', code: 'X', probability: 0.1, times: 3, message: 'm' }],
      consistencyDelayMs: 5,
    };
    expect(readKnobs(JSON.stringify(settings))).toEqual(settings);
    expect(readKnobs('{"throttle":"aws"}')).toEqual({ throttle: 'aws' });
  });

  test.each([
    ['{', /JSON/],
    ['{"unknown":1}', /unknown/],
    ['{"latencyMs":{"A":-1}}', /latencyMs.A/],
    ['{"errors":[{"action":"A"}]}', /errors.0.code/],
    ['{"throttle":{"A":{"size":0,"perSecond":1}}}', /throttle/],
  ])('is refused with what is wrong: %s', (text, problem) => {
    expect(() => readKnobs(text)).toThrow(problem);
  });
});

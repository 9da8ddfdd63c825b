import * as iam from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { systemClock } from '../../io/clock.ts';
import { createInformers } from '../../io/informer.ts';
import { cryptoRandom } from '../../io/random.ts';
import { createSealer } from '../auth/sealer.ts';
import { loadServerKey } from '../auth/server-key.ts';
import type { ImdsCredentials } from '../imds/source.ts';
import { createStore, followStore } from '../store/store.ts';
import { startTestApi, TEST_KEY } from '../testing.fake.ts';
import { createInstanceCredentials } from './instance-credentials.ts';

const ID = 'i-0123456789abcdef0';

function credentialsOf(keys: ImdsCredentials | undefined) {
  return {
    accessKeyId: keys?.accessKeyId ?? '',
    secretAccessKey: keys?.secretAccessKey ?? '',
    sessionToken: keys?.token ?? '',
  };
}

test('an instance acts as the role of its profile, for as long as the role trusts EC2', async () => {
  const api = await startTestApi();
  const options = { endpoint: api.endpoint, region: 'us-east-1', maxAttempts: 1 };
  const admin = new iam.IAMClient({ ...options, credentials: TEST_KEY });
  const trust = (Service: string): string =>
    JSON.stringify({
      Statement: { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' },
    });
  const names = { RoleName: 'node', InstanceProfileName: 'nodes' };
  const document = { AssumeRolePolicyDocument: trust('ec2.amazonaws.com') };
  await admin.send(new iam.CreateRoleCommand({ ...names, ...document }));
  const made = await admin.send(new iam.CreateInstanceProfileCommand(names));
  await admin.send(new iam.AddRoleToInstanceProfileCommand(names));
  api.kube.seed(INSTANCES, {
    apiVersion: 'vpc.trunkline.dev/v1alpha1',
    kind: 'Instance',
    metadata: { name: ID },
    spec: { iamInstanceProfileArn: made.InstanceProfile?.Arn },
  } as never);

  const stop = new AbortController();
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
  let aheadMs = 0;
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  const informers = createInformers({ kube: api.kube, clock, log, signal: stop.signal });
  const store = createStore({ kube: api.kube, clock });
  const unfollow = await followStore(store, informers);
  const sealer = createSealer(await loadServerKey(api.kube, cryptoRandom), cryptoRandom);
  const keysOf = createInstanceCredentials(store, ID, { clock, random: cryptoRandom, sealer });

  const keys = keysOf();
  const node = new STSClient({ ...options, credentials: credentialsOf(keys) });
  expect((await node.send(new GetCallerIdentityCommand({}))).Arn).toBe(
    `arn:aws:sts::111122223333:assumed-role/node/${ID}`,
  );
  expect(keysOf()).toBe(keys);
  aheadMs = 20_800_000;
  expect(keysOf()?.accessKeyId).not.toBe(keys?.accessKeyId);
  await admin.send(
    new iam.UpdateAssumeRolePolicyCommand({ ...names, PolicyDocument: trust('x.amazonaws.com') }),
  );
  await expect.poll(keysOf).toBeUndefined();
  unfollow();
  stop.abort();
  for (const client of [admin, node]) client.destroy();
  await api.close();
});

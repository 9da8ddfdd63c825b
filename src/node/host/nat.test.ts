import { afterEach, describe, expect, test } from 'vitest';
import { createFakeKube } from '../../api/client.fake.ts';
import { INSTANCES } from '../../api/vpc/instance.ts';
import { VPCS } from '../../api/vpc/vpc.ts';
import { createFakeClock } from '../../base/clock.fake.ts';
import { silentLog } from '../../base/log.ts';
import { NftError } from '../../base/network.ts';
import { createInformers } from '../../io/informer.ts';
import { FakeNft } from '../../io/nft.fake.ts';
import type { DesiredPort } from '../fabric/desired.ts';
import { HostNat } from './nat.ts';
import { DEFAULT_HOST_SETTINGS } from './settings.ts';

const stop: AbortController[] = [];
afterEach(() => {
  for (const one of stop.splice(0)) one.abort();
});

/** A node with the given addresses on its primary interface, in a VPC of 10.0.0.0/16. */
function node(addresses: readonly string[]) {
  const kube = createFakeKube();
  const clock = createFakeClock();
  const nft = new FakeNft();
  const controller = new AbortController();
  stop.push(controller);
  const { signal } = controller;
  const block = (cidr: string) => ({ associationId: cidr, cidr });
  const vpc = (...cidrs: string[]): void => {
    const spec = { account: '1', region: 'r', isDefault: false, cidrBlocks: cidrs.map(block) };
    kube.seed(VPCS, { metadata: { name: 'vpc-1' }, spec });
  };
  vpc('10.0.0.0/16');
  kube.seed(INSTANCES, {
    metadata: { name: 'i-1' },
    spec: {
      account: '1',
      vpcId: 'vpc-1',
      subnetId: 's',
      instanceType: 'm5.large',
      imageId: 'a',
      state: 'running',
      launchTime: '-',
    },
  });
  const port = { hostLink: 'eth0', addresses } as unknown as DesiredPort;
  const nat = new HostNat({
    instanceId: 'i-1',
    hostNetns: '/run/netns/h',
    settings: DEFAULT_HOST_SETTINGS,
    fabric: { port: () => Promise.resolve(port) },
    informers: createInformers({ kube, clock, log: silentLog, signal }),
    nft,
    clock,
    log: silentLog,
    signal,
  });
  return { nat, nft, clock, vpc, controller };
}

describe('NAT of a host', () => {
  test('is set at start, and again when the VPC changes', async () => {
    const { nat, nft, vpc } = node(['10.0.0.5']);
    await nat.start();
    expect(nft.scripts.at(-1)?.script).toContain('snat to 10.0.0.5');
    expect(nft.scripts).toHaveLength(1);
    vpc('10.0.0.0/16', '100.64.0.0/16');
    await expect.poll(() => nft.scripts.at(-1)?.script).toContain('ip daddr 100.64.0.0/16 return');
    expect(nft.scripts).toHaveLength(2);
  });

  test('puts back what somebody changed, within half a minute', async () => {
    const { nat, nft, clock, controller } = node(['10.0.0.5']);
    await nat.start();
    await nft.apply('/run/netns/h', 'flush ruleset');
    await expect
      .poll(async () => {
        await clock.advance(30_000);
        return nft.scripts.at(-1)?.script;
      })
      .toContain('snat to 10.0.0.5');
    const before = nft.scripts.length;
    await clock.advance(60_000);
    expect(nft.scripts).toHaveLength(before);
    controller.abort();
    await nat.close();
  });

  test('a kernel that refuses the rules fails the start', async () => {
    const { nat, nft } = node(['10.0.0.5']);
    nft.failNext(new NftError('invalid', 'no nat here'));
    await expect(nat.start()).rejects.toThrow('no nat here');
  });

  test('a node without IPv4 has no table', async () => {
    const { nat, nft } = node([]);
    await nat.start();
    expect(nft.scripts.at(-1)?.script).toBe('table ip aws-cni\ndelete table ip aws-cni\n');
  });
});

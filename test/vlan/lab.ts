import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Pod } from '../../src/api/core/pod.ts';
import type { NetworkInterface } from '../../src/api/vpc/network-interface.ts';
import type { SecurityGroupRuleSpec } from '../../src/api/vpc/security-group.ts';
import { must } from '../../src/base/assert.ts';
import {
  pluginInput,
  type TestWorld,
  type CniCall,
  type TestHost,
} from '../../src/node/agent/hosts.fake.ts';
import { runPlugin } from '../../src/node/cni/plugin.ts';
import { portLink } from '../../src/node/wiring/names.ts';
import { fetchText } from './sockets.ts';

/** A pod on a branch, wired. */
export interface WiredPod {
  readonly pod: Pod;
  readonly host: TestHost;
  readonly branch: NetworkInterface;
  readonly netns: string;
  readonly address: string;
  readonly mac: string;
  readonly vlanId: number;
  /** Its link in the fabric's namespace. */
  readonly port: string;
}

/** An allowed connection may take this long on an emulated machine. */
const ALLOWED_MS = 6_000;
/** A denied one is given time for a second try of the kernel, which comes after a second. */
const DENIED_MS = 1_400;

/** Everything to everyone. */
export const ALL_OUT: SecurityGroupRuleSpec = {
  ruleId: 'sgr-all-out',
  isEgress: true,
  ipProtocol: '-1',
  cidrIpv4: '0.0.0.0/0',
};

/** Admits a TCP port to wearers of a group. */
export function admits(peer: string, port: number): SecurityGroupRuleSpec {
  return {
    ruleId: `sgr-${port}`,
    isEgress: false,
    ipProtocol: 'tcp',
    fromPort: port,
    toPort: port,
    referencedGroupId: peer,
  };
}

/** A branch and a pod on it, wired by a CNI call; names are made from the VLAN id. */
export async function wirePod(
  world: TestWorld,
  host: TestHost,
  options: { readonly vlanId: number; readonly groups: readonly string[]; readonly name?: string },
): Promise<WiredPod> {
  const { vlanId, groups, name = `h${host.number}-${vlanId}` } = options;
  const branch = world.branch(host, vlanId, groups);
  const pod = world.pod(host, name, { branch });
  const netns = await world.podNetns(name);
  await cni(host, { command: 'ADD', pod, netns });
  const [address = ''] = branch.spec.privateIps;
  const { macAddress: mac } = branch.spec;
  return { pod, host, branch, netns, address, mac, vlanId, port: portLink(branch.metadata.name) };
}

/** A call of the plugin, in this process; fails when the plugin would. */
export async function cni(host: TestHost, call: CniCall): Promise<void> {
  const { stdout, exitCode } = await runPlugin({ ...pluginInput(host, call), exchange });
  assert.equal(exitCode, 0, `${call.command}: ${stdout}`);
}

function exchange(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const client = connect(socketPath, () => client.write(`${line}\n`));
    client.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    client.on('error', reject);
    client.on('close', () => resolve(answer));
  });
}

/** Asserts that a connection carries the greeting. */
export async function allowed(netns: string, address: string, port: number): Promise<void> {
  const text = await fetchText(netns, { address, port }, ALLOWED_MS);
  assert.equal(text, 'hello', `${address}:${port} should be reached`);
}

/** Asserts that a connection carries nothing. */
export async function denied(
  netns: string,
  address: string,
  port: number,
  from?: string,
): Promise<void> {
  const to = { address, port, ...(from !== undefined && { from }) };
  const text = await fetchText(netns, to, DENIED_MS);
  assert.equal(text, '', `${address}:${port} should not be reached`);
}

/** How many packets the filter has dropped at a port because their sender's address or MAC was not the port's. */
export async function pinDrops(world: TestWorld, pod: WiredPod): Promise<number> {
  const set = await world.nft.list(pod.host.fabricNetns, 'set inet trunkline pin_drops');
  const found = new RegExp(`"${pod.port}" counter packets (\\d+)`).exec(set)?.[1];
  return Number(must(found, () => `no counter for ${pod.port} in ${set}`));
}

/** Waits until `holds`, up to a limit that an emulated machine needs. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + ALLOWED_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

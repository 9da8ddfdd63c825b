/**
 * Wiring time of one pod inside the agent (DESIGN: D14; target p50 <= 3 ms), and the whole ADD as the
 * agent sees it. Run: tools/sandbox.sh node bench/wiring.ts [pods, at most 120]
 */
import { performance } from 'node:perf_hooks';
import { must } from '../src/base/assert.ts';
import { silentLog, type Log } from '../src/base/log.ts';
import { TestWorld } from '../src/node/agent/hosts.fake.ts';
import type { AgentRequest } from '../src/node/cni/wire.ts';
import { askSocket } from './ask-socket.ts';
import { percentile, summary } from './percentile.ts';

const TARGET_MS = 3;
const count = Number(process.argv[2] ?? 60);
const wiringMs: number[] = [];
const log: Log = {
  ...silentLog,
  info: (_, fields) => {
    if (typeof fields?.['wiringMs'] === 'number') wiringMs.push(fields['wiringMs']);
  },
};
const world = new TestWorld();
const [host] = await world.addHosts(1);
const node = must(host, () => 'a host');
const agent = await world.start(node, { log });
const group = world.group('bench', []);
const addMs: number[] = [];
for (let vlanId = 1; vlanId <= count; vlanId++) {
  const pod = world.pod(node, `bench-${vlanId}`, { branch: world.branch(node, vlanId, [group]) });
  const netns = await world.podNetns(`bench-${vlanId}`);
  // The controller writes the annotation well before the kubelet calls ADD.
  await new Promise((resolve) => setTimeout(resolve, 60));
  const request: AgentRequest = {
    command: 'ADD',
    containerId: `c-${vlanId}`,
    netns,
    ifName: 'eth0',
    args: {
      K8S_POD_NAMESPACE: 'default',
      K8S_POD_NAME: pod.metadata.name,
      K8S_POD_UID: pod.metadata.uid ?? '',
    },
    config: { cniVersion: '0.4.0', name: 'aws-cni', type: 'aws-cni', socketPath: node.socketPath },
  };
  const started = performance.now();
  const response = await askSocket(node.socketPath, request);
  addMs.push(performance.now() - started);
  if (!response.ok) throw new Error(response.error.msg + response.error.details);
}
console.log(`${count} pods, link driver ${agent.linkDriver}`);
console.table({ wiring: summary(wiringMs), 'ADD in the agent': summary(addMs) });
const p50 = percentile(wiringMs, 50);
console.log(
  `wiring p50 ${p50.toFixed(2)} ms, target ${TARGET_MS} ms: ${p50 <= TARGET_MS ? 'met' : 'MISSED'}`,
);
await world.close();
process.exit(p50 <= TARGET_MS ? 0 : 1);

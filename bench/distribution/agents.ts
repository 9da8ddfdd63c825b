/**
 * Some hundreds of agents in one process, for distribution.ts: the real fabric of the node agent with its
 * real watches over HTTPS, and a kernel that takes everything and keeps the last transactions only. Finds
 * when the filter of each agent was told of a text, such as an address.
 */
import { createInformers } from '../../src/io/informer.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createKubeClient } from '../../src/io/kube-client.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Network, Nft } from '../../src/base/network.ts';
import { Fabric } from '../../src/node/fabric/fabric.ts';
import type { AgentsReport, AgentsTask } from './messages.ts';

const NO_STATE = { links: [], addresses: [], routes: [], rules: [], neighbours: [], fdb: [] };
const STARTING_AT_ONCE = 8;

const KEPT = 20;

/** The last transactions of each agent, with their times in ms of the wall clock. */
const transactions = new Map<string, { readonly atMs: number; readonly script: string }[]>();
const network: Network = {
  apply: async () => {},
  links: async () => [],
  read: async () => NO_STATE,
  sysctl: async () => {},
  forgetFlows: async () => 0,
  createNamespace: async (name) => name,
  deleteNamespace: async () => {},
};

function nftOf(instanceId: string): Nft {
  return {
    list: async () => 'table inet trunkline',
    apply: async (_netns, script) => {
      const kept = transactions.get(instanceId) ?? [];
      transactions.set(instanceId, kept);
      // The first one is the whole program.
      const text = kept.length === 0 ? '' : script;
      kept.push({ atMs: performance.timeOrigin + performance.now(), script: text });
      if (kept.length > KEPT) kept.shift();
    },
  };
}

async function start({ server, instances }: Extract<AgentsTask, { kind: 'start' }>): Promise<void> {
  const kube = createKubeClient(server);
  const waiting = [...instances];
  const lane = async (): Promise<void> => {
    for (let instanceId = waiting.pop(); instanceId !== undefined; instanceId = waiting.pop()) {
      const { signal } = new AbortController();
      const common = { clock: systemClock, log: silentLog, signal };
      const fabric = new Fabric({
        ...common,
        instanceId,
        hostNetns: 'host',
        fabricNetns: 'fabric',
        underlay: { link: 'underlay0', address: '192.0.2.1' },
        informers: createInformers({ ...common, kube }),
        network,
        nft: nftOf(instanceId),
        wired: () => new Set(),
      });
      await fabric.start();
    }
  };
  await Promise.all(Array.from({ length: STARTING_AT_ONCE }, lane));
}

function find({ text, sinceMs }: Extract<AgentsTask, { kind: 'find' }>): readonly number[] {
  return [...transactions.values()].flatMap((kept) => {
    const first = kept.find(({ atMs, script }) => atMs >= sinceMs && script.includes(text));
    return first ? [first.atMs] : [];
  });
}

function report(foundMs: readonly number[] = []): void {
  const { user, system } = process.cpuUsage();
  const answer: AgentsReport = {
    rssMb: Math.round(process.memoryUsage().rss / 2 ** 20),
    cpuMs: Math.round((user + system) / 1000),
    foundMs,
  };
  process.send?.(answer);
}

process.on('message', (task: AgentsTask) => {
  if (task.kind === 'find') return report(find(task));
  start(task).then(
    () => {
      // A collection of gigabytes is no agent's business: it comes before what is measured.
      globalThis.gc?.();
      report();
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));

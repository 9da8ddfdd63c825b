/**
 * What the filter costs on the path of packets: throughput of 1 and 8 TCP streams, UDP packets and new TCP
 * connections, for no filter, connection tracking alone, Trunkline from 10 to 50,000 addresses and 10 to
 * 10,000 rules, and linear programs of the same 10,000 rules. All stand side by side, each in namespaces
 * of its own, and take turns in short slices; ratios are of medians of the same run. The last line is one
 * JSON object.
 *
 * Run: tools/sandbox.sh node bench/dataplane.ts [rounds, default 90]
 */
import { loadavg } from 'node:os';
import { closeBeds, createBed, type Variant } from './dataplane-bed.ts';
import type { Slice, Traffic } from './dataplane-traffic.ts';
import { OPEN } from './dataplane-world.ts';
import { percentile } from './percentile.ts';

const ROUNDS = Number(process.argv[2] ?? 90);
const SLICE_MS = 20;

const LARGEST = { addresses: 50_000, rules: 10_000 };
const VARIANTS: readonly Variant[] = [
  { name: 'no filter', filter: 'none', size: { addresses: 10, rules: 10 } },
  { name: 'conntrack only', filter: 'conntrack', size: { addresses: 10, rules: 10 } },
  { name: 'trunkline 10/10', filter: 'trunkline', size: { addresses: 10, rules: 10 } },
  { name: 'trunkline 1k/1k', filter: 'trunkline', size: { addresses: 1000, rules: 1000 } },
  { name: 'trunkline 10k/10k', filter: 'trunkline', size: { addresses: 10_000, rules: 10_000 } },
  { name: 'trunkline 50k/10k', filter: 'trunkline', size: LARGEST },
  { name: 'linear nft', filter: 'nft', size: LARGEST },
  { name: 'linear iptables', filter: 'iptables', size: LARGEST },
];

const METRICS = {
  'new connections': (traffic: Traffic) => traffic.connections(OPEN.last, SLICE_MS),
  'new connections, middle rule': (traffic: Traffic) => traffic.connections(OPEN.middle, SLICE_MS),
  'UDP packets': (traffic: Traffic) => traffic.datagrams(SLICE_MS),
  'TCP bytes, 1 stream': (traffic: Traffic) => traffic.bytes(OPEN.last, 1, SLICE_MS),
  'TCP bytes, 8 streams': (traffic: Traffic) => traffic.bytes(OPEN.last, 8, SLICE_MS),
} as const;
type Metric = keyof typeof METRICS;
const NAMES = Object.keys(METRICS) as Metric[];

const loadBefore = loadavg()[0] ?? 0;
const beds = new Map<string, Traffic>();
for (const variant of VARIANTS) {
  const startedMs = performance.now();
  beds.set(
    variant.name,
    await createBed({ ...variant, name: variant.name.replaceAll(/\W/g, '-') }),
  );
  console.error(`${variant.name}: loaded in ${Math.round(performance.now() - startedMs)} ms`);
}

/** By metric and variant. */
const slices = new Map<string, Slice[]>();
for (let round = -1; round < ROUNDS; round++) {
  // The first round warms up. Every round starts with another variant.
  for (const metric of NAMES)
    for (let n = 0; n < VARIANTS.length; n++) {
      const { name } = VARIANTS[(n + round + 1) % VARIANTS.length] as Variant;
      const slice = METRICS[metric](beds.get(name) as Traffic);
      const key = `${metric} ${name}`;
      if (round >= 0) slices.set(key, [...(slices.get(key) ?? []), slice]);
    }
  if (round % 30 === 29) console.error(`round ${round + 1} of ${ROUNDS}`);
}
for (const traffic of beds.values()) traffic.close();
closeBeds();

/** Per second of processor time; the other one is per second of the clock. */
const perCpuSecond = ({ count, cpuMs }: Slice): number => (count * 1000) / cpuMs;
const perSecond = ({ count, wallMs }: Slice): number => (count * 1000) / wallMs;

type Rate = (slice: Slice) => number;

function at(metric: Metric, name: string, percent: number, rate: Rate = perCpuSecond): number {
  return percentile((slices.get(`${metric} ${name}`) ?? []).map(rate), percent);
}

/** Ratio of the medians of two variants. */
function ratio(metric: Metric, name: string, to: string, rate: Rate = perCpuSecond): number {
  return round3(at(metric, name, 50, rate) / at(metric, to, 50, rate));
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

for (const metric of NAMES) {
  console.log(`\n${metric}, per second of processor time: median (quartiles)`);
  console.table(
    Object.fromEntries(
      VARIANTS.map(({ name }) => {
        const [q1, median, q3] = [25, 50, 75].map((percent) => at(metric, name, percent));
        return [
          name,
          {
            median: Math.round(median ?? 0),
            quartiles: `${Math.round(q1 ?? 0)} to ${Math.round(q3 ?? 0)}`,
            'ns each': round3(1e9 / (median ?? 0)),
            'vs no filter': ratio(metric, name, 'no filter'),
            'vs conntrack only': ratio(metric, name, 'conntrack only'),
            'same, by the clock': ratio(metric, name, 'conntrack only', perSecond),
          },
        ];
      }),
    ),
  );
}

/** What issue 4 asks for, of the ratios by processor time. */
const GOALS: readonly (readonly [
  what: string,
  of: keyof Ratios,
  ratio: keyof Against,
  least: number,
])[] = [
  ['throughput of conntrack only', 'throughput', 'vsConntrackOnly', 0.97],
  ['new connections of conntrack only', 'newConnections', 'vsConntrackOnly', 0.94],
  ['new connections, largest to smallest', 'newConnections', 'largestVsSmallest', 0.95],
  ['new connections of linear nftables', 'newConnections', 'vsLinearNft', 5],
  ['new connections of linear iptables', 'newConnections', 'vsLinearIptables', 2.5],
];
const LARGE = 'trunkline 50k/10k';
const SMALL = 'trunkline 10/10';
const against = (metric: Metric, rate: Rate = perCpuSecond) => ({
  vsNoFilter: ratio(metric, LARGE, 'no filter', rate),
  vsConntrackOnly: ratio(metric, LARGE, 'conntrack only', rate),
  largestVsSmallest: ratio(metric, LARGE, SMALL, rate),
  vsLinearNft: ratio(metric, LARGE, 'linear nft', rate),
  vsLinearIptables: ratio(metric, LARGE, 'linear iptables', rate),
});
const ratios = {
  newConnections: against('new connections'),
  throughput: against('TCP bytes, 1 stream'),
  throughput8: against('TCP bytes, 8 streams'),
  udpPackets: against('UDP packets'),
  newConnectionsMiddleRule: against('new connections, middle rule'),
};
type Ratios = typeof ratios;
type Against = ReturnType<typeof against>;
for (const [what, of, name, least] of GOALS) {
  const value = ratios[of][name];
  console.log(`${what}: ${value}, goal ${least}: ${value >= least ? 'met' : 'MISSED'}`);
}
console.log(
  JSON.stringify({
    ...ratios,
    byTheClock: {
      newConnections: against('new connections', perSecond),
      throughput: against('TCP bytes, 1 stream', perSecond),
      throughput8: against('TCP bytes, 8 streams', perSecond),
      udpPackets: against('UDP packets', perSecond),
    },
    rounds: ROUNDS,
    load: [loadBefore, loadavg()[0]],
  }),
);
process.exit(0);

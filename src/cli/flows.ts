/**
 * `trunkline flows`: asks the agents for their records, puts those of the past in the order of time, and goes
 * on with what comes. The agents filter.
 */
import {
  FLOW_HEADER,
  flowObject,
  formatFlowRecord,
  NO_VALUE,
  parseFlowRecord,
  type FlowFilter,
  type FlowRecord,
} from '../policy/flow-record.ts';
import type { CommandContext } from './command.ts';
import { LabProblem } from './lab-port.ts';

/** Formats of `trunkline flows`. */
export const FLOW_FORMATS = ['table', 'json', 'v5'] as const;
/** One of the formats. */
export type FlowFormat = (typeof FLOW_FORMATS)[number];

/** What is asked. */
export interface FlowsRequest {
  /** One per agent. */
  readonly sockets: readonly string[];
  readonly filter: FlowFilter;
  /** How far back; undefined: nothing of the past. */
  readonly sinceMs: number | undefined;
  readonly follow: boolean;
  readonly format: FlowFormat;
}

/**
 * The lines of `GET path` over an agent's socket, until the answer ends or the user presses Ctrl-C. Rejects
 * with LabProblem when nobody answers, and with FlowsOff when the agent records nothing.
 */
export type AskAgent = (socket: string, path: string) => AsyncIterable<string>;

/** An agent that records nothing. */
export class FlowsOff extends Error {
  override readonly name = 'FlowsOff';
}

const OFF = `Flow records are off: nothing on these hosts is covered by a flow log. To switch them on:
  vpc=$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId' --output text)
  aws ec2 create-flow-logs --resource-type VPC --resource-ids $vpc --traffic-type ALL \\
    --log-destination-type s3 --log-destination arn:aws:s3:::local
(or one --resource-type Subnet or NetworkInterface). Records stay on the hosts whatever the destination.`;

/** Prints records until there are no more or the user has enough. */
export async function runFlows(context: CommandContext, request: FlowsRequest): Promise<void> {
  const print = printer(context, request.format);
  if (request.sinceMs !== undefined) {
    const since = context.clock.nowMs() - request.sinceMs;
    const past = await ask(context, request, { since: String(since) });
    for (const record of past.toSorted((a, b) => Number(a.end) - Number(b.end))) print(record);
  }
  if (request.follow) await ask(context, request, { follow: '1' }, print);
}

/** Asks all agents at once; some may be off, but not all. Records go to `each`, or into the answer. */
async function ask(
  { askAgent }: CommandContext,
  { sockets, filter }: FlowsRequest,
  query: Readonly<Record<string, string>>,
  each?: (record: FlowRecord) => void,
): Promise<readonly FlowRecord[]> {
  const path = `/flows?${new URLSearchParams({ ...filter, ...query }).toString()}`;
  const gathered: FlowRecord[] = [];
  const take = each ?? ((record: FlowRecord) => void gathered.push(record));
  const outcomes = await Promise.allSettled(
    sockets.map(async (socket) => {
      for await (const line of askAgent(socket, path)) {
        const record = parseFlowRecord(line);
        if (record) take(record);
      }
    }),
  );
  const failures = outcomes.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as Error] : [],
  );
  const other = failures.find((error) => !(error instanceof FlowsOff));
  if (other) throw other;
  if (failures.length === sockets.length) throw new LabProblem(OFF);
  return gathered;
}

function printer({ write }: CommandContext, format: FlowFormat): (record: FlowRecord) => void {
  if (format === 'json') return (record) => write(`${JSON.stringify(flowObject(record))}\n`);
  const [head, text] =
    format === 'v5'
      ? ([FLOW_HEADER, (record: FlowRecord) => formatFlowRecord(record)] as const)
      : ([row(HEADER), (record: FlowRecord) => row(cells(record))] as const);
  let headed = false;
  return (record) => {
    write(headed ? `${text(record)}\n` : `${head}\n${text(record)}\n`);
    headed = true;
  };
}

/** Widths are fixed, because rows are printed as they come. */
const WIDTHS = [8, 6, 5, 28, 43, 14, 10] as const;
const HEADER = ['TIME', 'ACTION', 'EVENT', 'INTERFACE', 'FLOW', 'SERVICE', 'BYTES', 'BY'];

function row(texts: readonly string[]): string {
  return texts
    .map((text, i) => text.padEnd(WIDTHS[i] ?? 0))
    .join('  ')
    .trimEnd();
}

function cells(record: FlowRecord): readonly string[] {
  const time = new Date(Number(record.end) * 1000).toISOString().slice(11, 19);
  if (record['log-status'] === 'SKIPDATA')
    return [time, 'SKIP', NO_VALUE, record.node, 'some records of this moment are missing'];
  return [
    time,
    record.action,
    record.event,
    `${record.gate} ${whose(record)}`,
    `${record.srcaddr} > ${record.dstaddr}`,
    service(record),
    bytes(record),
    by(record),
  ];
}

function whose(record: FlowRecord): string {
  const pod = record['pod-name'];
  return pod === NO_VALUE ? record['interface-id'] : `${record['pod-namespace']}/${pod}`;
}

const NAMES: Readonly<Record<string, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' };

function service({ protocol, dstport }: FlowRecord): string {
  const name = NAMES[protocol] ?? `protocol ${protocol}`;
  return name === 'tcp' || name === 'udp' ? `${name}/${dstport}` : name;
}

function bytes(record: FlowRecord): string {
  const replied = record['reply-bytes'];
  return replied === NO_VALUE ? record.bytes : `${record.bytes}+${replied}`;
}

function by(record: FlowRecord): string {
  const rule = record['rule-id'];
  return rule === NO_VALUE ? record.reason : `${rule} of ${record['rule-group-id']}`;
}

/**
 * Flow records: what agents write down about traffic and what people read. A record is one line of words,
 * first the fields of VPC Flow Logs, all of versions 2 to 5 in AWS's order and by AWS's names, then ours.
 * Unknown is `-`. https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */

/** Fields of VPC Flow Logs. */
export const AWS_FIELDS = [
  'version',
  'account-id',
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
  'vpc-id',
  'subnet-id',
  'instance-id',
  'tcp-flags',
  'type',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'region',
  'az-id',
  'sublocation-type',
  'sublocation-id',
  'pkt-src-aws-service',
  'pkt-dst-aws-service',
  'flow-direction',
  'traffic-path',
] as const;

/**
 * Our fields. `event` is `open`, `close` or `drop`. `gate` is where a packet was dropped or admitted:
 * `egress`, `ingress`, or `pin` for what a port may not say at all. `rule-group-id` and `rule-id` name the
 * first rule that admits the flow, `security-group-ids` all groups that the interface wears. Answers of
 * a flow are counted in `reply-packets` and `reply-bytes`. `reason` says in words why there is no rule.
 */
export const OWN_FIELDS = [
  'event',
  'gate',
  'pod-namespace',
  'pod-name',
  'node',
  'rule-group-id',
  'rule-id',
  'security-group-ids',
  'policy',
  'enforcing-mode',
  'reply-packets',
  'reply-bytes',
  'reason',
] as const;

/** All fields, in the order of a line. */
export const FLOW_FIELDS = [...AWS_FIELDS, ...OWN_FIELDS] as const;

/** Name of a field. */
export type FlowField = (typeof FLOW_FIELDS)[number];

/** One record: the text of every field, `-` where there is none. */
export type FlowRecord = Readonly<Record<FlowField, string>>;

/** What stands for "none". */
export const NO_VALUE = '-';

/** A record of what is given; what is not is unknown. */
export function flowRecord(
  fields: Readonly<Partial<Record<FlowField, string | undefined>>>,
): FlowRecord {
  const record = { ...EMPTY };
  for (const name of FLOW_FIELDS) {
    const text = fields[name];
    if (text !== undefined && text !== '') record[name] = text;
  }
  return record;
}

const EMPTY = Object.fromEntries(FLOW_FIELDS.map((name) => [name, NO_VALUE])) as Record<
  FlowField,
  string
>;

/** The names of the fields as a line, as AWS puts them at the top of a file. */
export const FLOW_HEADER: string = FLOW_FIELDS.join(' ');

/** The line of a record, without its end. Spaces in the reason, the only text, are written `%20`. */
export function formatFlowRecord(
  record: FlowRecord,
  fields: readonly FlowField[] = FLOW_FIELDS,
): string {
  const words = fields.map((name) => (name === 'reason' ? escaped(record.reason) : record[name]));
  return words.join(' ');
}

/** Reads a line; undefined for a header and for a line that was cut off. */
export function parseFlowRecord(line: string): FlowRecord | undefined {
  const words = line.split(' ');
  if (words.length !== FLOW_FIELDS.length || words[0] === FLOW_FIELDS[0]) return undefined;
  return Object.fromEntries(
    FLOW_FIELDS.map((name, i) => {
      const word = words[i] ?? NO_VALUE;
      return [name, name === 'reason' ? unescaped(word) : word];
    }),
  ) as FlowRecord;
}

function escaped(text: string): string {
  return text.replace(/[\s%]/g, encodeURIComponent);
}

function unescaped(text: string): string {
  return text.replace(/%(?:20|25|0A|0D|09)/gi, decodeURIComponent);
}

/** What to show; an absent part lets everything pass. */
export interface FlowFilter {
  /** `name` or `namespace/name`; the pods of a workload match by its name as a prefix, with a hyphen. */
  readonly pod?: string;
  readonly verdict?: 'accept' | 'reject';
  /** A group that admitted the flow, or one that the interface wears. */
  readonly group?: string;
}

/** Whether the filter lets the record pass. Records about lost records pass unless a pod or group is asked for. */
export function matchesFlow(filter: FlowFilter, record: FlowRecord): boolean {
  return (
    (filter.pod === undefined || isOfPod(filter.pod, record)) &&
    (filter.verdict === undefined || isVerdict(filter.verdict, record)) &&
    (filter.group === undefined || isOfGroup(filter.group, record))
  );
}

function isOfPod(pod: string, record: FlowRecord): boolean {
  const slash = pod.indexOf('/');
  const name = pod.slice(slash + 1);
  if (slash >= 0 && pod.slice(0, slash) !== record['pod-namespace']) return false;
  return record['pod-name'] === name || record['pod-name'].startsWith(`${name}-`);
}

function isVerdict(verdict: 'accept' | 'reject', record: FlowRecord): boolean {
  return record.action === NO_VALUE || record.action === verdict.toUpperCase();
}

function isOfGroup(group: string, record: FlowRecord): boolean {
  return (
    record['rule-group-id'] === group || record['security-group-ids'].split(',').includes(group)
  );
}

const NUMBERS: ReadonlySet<FlowField> = new Set([
  'version',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'tcp-flags',
  'traffic-path',
  'reply-packets',
  'reply-bytes',
]);

/**
 * A record for programs: known fields only, numbers as numbers, and names with underscores as AWS has them
 * in Parquet files.
 */
export function flowObject(record: FlowRecord): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    FLOW_FIELDS.filter((name) => record[name] !== NO_VALUE).map((name) => [
      name.replaceAll('-', '_'),
      NUMBERS.has(name) ? Number(record[name]) : record[name],
    ]),
  );
}

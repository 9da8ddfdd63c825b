/**
 * Messages of the DNS (RFC 1035), as far as a server of a few kinds of records needs them. Names are
 * lower case without the last dot, and answers are not compressed.
 */

/** Numbers of record types (RFC 1035, 2782, 3596). */
export const RECORD_TYPES = { A: 1, CNAME: 5, PTR: 12, AAAA: 28, SRV: 33, ANY: 255 } as const;
/** Response codes. */
export const RESPONSE_CODES = { ok: 0, malformed: 1, noSuchName: 3, notImplemented: 4 } as const;

/** A record that is in an answer. */
export type DnsRecord =
  | { readonly type: 'A'; readonly name: string; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR'; readonly name: string; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly name: string;
      readonly port: number;
      readonly target: string;
    };

/** A question, and how long its answer may be. */
export interface DnsQuery {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** 0 is a standard query. */
  readonly opcode: number;
  readonly name: string;
  /** Number of the record type. */
  readonly type: number;
  /** The name as it came, which the answer repeats letter by letter. */
  readonly question: Uint8Array;
  /** Bytes that the client takes over UDP: 512, or what it says by EDNS (RFC 6891). */
  readonly bytesMax: number;
  readonly edns: boolean;
}

/** What is sent back. */
export interface DnsAnswer {
  readonly code: number;
  readonly records: readonly DnsRecord[];
}

const HEADER_BYTES = 12;
const CLASS_INTERNET = 1;
const PLAIN_BYTES = 512;
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;
const TYPE_OPT = 41;
/** What this server takes itself. */
const OUR_BYTES = 1232;
const TTL_SECONDS = 5;

/** Reads a query; undefined for what is none, or not well-formed. */
export function decodeQuery(message: Uint8Array): DnsQuery | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const flags = view.getUint16(2);
  const isResponse = (flags & 0x8000) !== 0;
  if (isResponse || view.getUint16(4) !== 1) return undefined;
  const name = readName(message, HEADER_BYTES);
  if (!name || name.end + 4 > message.length) return undefined;
  const edns = ednsBytes(view, name.end + 4);
  return {
    id: view.getUint16(0),
    recursionDesired: (flags & 0x0100) !== 0,
    opcode: (flags >> 11) & 15,
    name: name.text.toLowerCase(),
    type: view.getUint16(name.end),
    question: message.slice(HEADER_BYTES, name.end + 4),
    bytesMax: Math.max(PLAIN_BYTES, edns ?? 0),
    edns: edns !== undefined,
  };
}

/** Names in questions are whole: there is nothing before them to point to. */
function readName(message: Uint8Array, from: number): { text: string; end: number } | undefined {
  const labels: string[] = [];
  for (let at = from; at < message.length;) {
    const length = message[at] ?? 0;
    at += 1;
    if (length === 0) return { text: labels.join('.'), end: at };
    if (length > LONGEST_LABEL || at + length > message.length) return undefined;
    labels.push(String.fromCharCode(...message.subarray(at, at + length)));
    at += length;
    if (labels.join('.').length > LONGEST_NAME) return undefined;
  }
  return undefined;
}

/** The size in the client's OPT record, where that is the only record after the question. */
function ednsBytes(view: DataView, at: number): number | undefined {
  const others = view.getUint16(6) + view.getUint16(8);
  if (others > 0 || view.getUint16(10) === 0 || at + 5 > view.byteLength) return undefined;
  const isOpt = view.getUint8(at) === 0 && view.getUint16(at + 1) === TYPE_OPT;
  return isOpt ? view.getUint16(at + 3) : undefined;
}

/**
 * The message that answers a query. Where it would be longer than `bytesMax` it comes without records and
 * with the sign to ask again over TCP.
 */
export function encodeAnswer(query: DnsQuery, answer: DnsAnswer, bytesMax: number): Uint8Array {
  const whole = encode(query, answer, false);
  return whole.length <= bytesMax ? whole : encode(query, { ...answer, records: [] }, true);
}

function encode(query: DnsQuery, { code, records }: DnsAnswer, truncated: boolean): Uint8Array {
  const flags =
    0x8000 |
    (query.opcode << 11) |
    0x0400 |
    (truncated ? 0x0200 : 0) |
    (query.recursionDesired ? 0x0100 : 0) |
    0x0080 |
    code;
  return Uint8Array.from([
    ...[query.id, flags, 1, records.length, 0, query.edns ? 1 : 0].flatMap(short),
    ...query.question,
    ...records.flatMap(recordBytes),
    ...(query.edns ? [0, ...short(TYPE_OPT), ...short(OUR_BYTES), 0, 0, 0, 0, 0, 0] : []),
  ]);
}

function recordBytes(record: DnsRecord): readonly number[] {
  const data = dataBytes(record);
  return [
    ...nameBytes(record.name),
    ...short(RECORD_TYPES[record.type]),
    ...short(CLASS_INTERNET),
    ...short(0),
    ...short(TTL_SECONDS),
    ...short(data.length),
    ...data,
  ];
}

function dataBytes(record: DnsRecord): readonly number[] {
  switch (record.type) {
    case 'A':
      return record.address.split('.').map(Number);
    case 'SRV':
      // Priority 0 and weight 100, as CoreDNS has them.
      return [0, 0, 0, 100, ...short(record.port), ...nameBytes(record.target)];
    case 'CNAME':
    case 'PTR':
      return nameBytes(record.target);
  }
}

function nameBytes(name: string): readonly number[] {
  const labels = name === '' ? [] : name.split('.');
  return [
    ...labels.flatMap((label) => [label.length, ...Array.from(label, (c) => c.charCodeAt(0))]),
    0,
  ];
}

function short(value: number): readonly number[] {
  return [(value >> 8) & 255, value & 255];
}

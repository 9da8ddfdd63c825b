/**
 * A truth table: a small world, packets, and whether each must pass. Tables are data (conformance/*.json), so
 * that any implementation can be measured with them through a `Target`.
 */

/** The world of a table at one moment. */
export interface TableWorld {
  /** Group id to rules, such as `in tcp 80-90 sg-a`, `out all 0.0.0.0/0`, `in icmp 8/0 10.0.0.0/8`. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Interface to its addresses, prefixes and groups: `10.0.1.10 10.0.1.16/28 sg-a`. */
  readonly interfaces: Readonly<Record<string, string>>;
  /** Prefix list id to blocks. */
  readonly prefixLists?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Subnet id to its blocks and its ACL; interfaces with an address in it are its own. */
  readonly subnets?: Readonly<Record<string, string>> | undefined;
  /** ACL id to entries: `100 out allow tcp 80-90 0.0.0.0/0`. */
  readonly acls?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What a step changes: groups one by one, everything else as a whole. */
export type WorldChange = { readonly [K in keyof TableWorld]?: TableWorld[K] | undefined };

/** One step: at most one of `send`, `answer` and `again`, with what must come of it. */
export interface TableStep {
  /** `tcp/80 10.0.1.10 > 10.0.1.11`, `icmp/8/0 ...`; a bare number is a protocol. */
  readonly send?: string | undefined;
  /** The answer to the flow of that number, or another packet of it. */
  readonly answer?: number | undefined;
  readonly again?: number | undefined;
  /** Number of the flow that `send` begins; flows without a number are never spoken of again. */
  readonly flow?: number | undefined;
  /** Comes before the packet. */
  readonly change?: WorldChange | undefined;
  readonly expect?: 'pass' | 'drop' | undefined;
  readonly why?: string | undefined;
}

/** One table. */
export interface Table extends TableWorld {
  readonly table: string;
  readonly about: string;
  readonly steps: readonly TableStep[];
}

/** A packet as a table names it. */
export interface TablePacket {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly destinationPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
}

/** A packet of a flow, and which way it goes. */
export interface FlowPacket {
  readonly packet: TablePacket;
  /** Absent for a packet of no further interest. */
  readonly flow?: number;
  readonly way: 'first' | 'again' | 'answer';
}

/** An implementation that is measured. */
export interface Target {
  readonly name: string;
  open(world: TableWorld): Promise<OpenTarget>;
}

/** A target that holds the world of a table. */
export interface OpenTarget {
  /** Why it cannot send such a packet, if so: the step is skipped. */
  cannot(packet: FlowPacket): string | undefined;
  /** Whether the packet passes. */
  send(packet: FlowPacket): Promise<boolean>;
  change(world: TableWorld): Promise<void>;
  close(): Promise<void>;
}

const NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };

const FORM = /^(?<service>\S+) (?<source>\S+) > (?<destination>\S+)$/;

/** Reads the text of a packet. */
export function readPacket(text: string): TablePacket {
  const { service = '', source = '', destination = '' } = FORM.exec(text)?.groups ?? {};
  const [name = '', ...numbers] = service.split('/');
  const protocol = NUMBERS[name] ?? Number(name);
  if (service === '' || !Number.isInteger(protocol)) throw new Error(`'${text}' is no packet`);
  return { protocol, source, destination, ...numbersOf(name, numbers.map(Number)) };
}

function numbersOf(name: string, [first, second = 0]: readonly number[]): Partial<TablePacket> {
  if (name.startsWith('icmp')) return { icmpType: first ?? 0, icmpCode: second };
  return first === undefined ? {} : { destinationPort: first };
}

import { parseIp } from '../base/ip.ts';
import { err, ok, type Result } from '../base/result.ts';
import { PROTOCOL } from '../policy/rule.ts';

/** What a packet shall be asked about: whom it goes to, and for which service. */
export interface Target {
  /** A pod, interface id, address or instance name, not resolved yet. */
  readonly name: string;
  /** IANA number; undefined: tcp when there is a port, an echo request otherwise. */
  readonly protocol: number | undefined;
  /** Destination port; for icmp and icmpv6 the type. */
  readonly port: number | undefined;
}

/** Form of the argument, for messages. */
export const TARGET_FORM = 'PEER[:PORT][/PROTO]';

/**
 * Reads `PEER[:PORT][/PROTO]`. A slash is also part of a pod's `namespace/name`: the last part is a
 * protocol only when it is one (tcp, udp, icmp, icmpv6 or a number). IPv6 addresses with a port are
 * written in brackets.
 */
export function parseTarget(text: string): Result<Target, string> {
  const { rest, protocol } = splitProtocol(text);
  const { name, port } = splitPort(rest);
  if (name === '') return err(`"${text}" names no peer: give ${TARGET_FORM}`);
  const problem = port === undefined ? missingPort(protocol) : portProblem(port, protocol);
  return problem === undefined ? ok({ name, protocol, port }) : err(`"${text}": ${problem}`);
}

function missingPort(protocol: number | undefined): string | undefined {
  const needed = protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp;
  return needed ? 'tcp and udp need a port: give PEER:PORT/PROTO' : undefined;
}

function portProblem(port: number, protocol: number | undefined): string | undefined {
  const highest = protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmpv6 ? 255 : 65_535;
  if (port > highest) return `${port} is above ${highest}, the highest there is`;
  if (protocol !== undefined && !HAS_PORTS.has(protocol))
    return `protocol ${protocol} has no ports`;
  return undefined;
}

const HAS_PORTS = new Set<number>(Object.values(PROTOCOL));
const NAMED = new Map<string, number>(Object.entries(PROTOCOL));

function splitProtocol(text: string): { rest: string; protocol: number | undefined } {
  const found = /^(?<rest>.+)\/(?<word>[a-z]\w*|\d{1,3})$/.exec(text)?.groups;
  const word = found?.['word'] ?? '';
  const protocol = NAMED.get(word) ?? (/^\d+$/.test(word) ? Number(word) : undefined);
  if (found === undefined || protocol === undefined || protocol > 255)
    return { rest: text, protocol: undefined };
  return { rest: found['rest'] ?? '', protocol };
}

function splitPort(text: string): { name: string; port: number | undefined } {
  if (parseIp(text).ok) return { name: text, port: undefined };
  const bracketed = /^\[(?<name>[^\]]+)\](?::(?<port>\d{1,6}))?$/.exec(text)?.groups;
  const plain = /^(?<name>.*):(?<port>\d{1,6})$/.exec(text)?.groups;
  const found = bracketed ?? plain;
  if (found === undefined) return { name: text, port: undefined };
  const { name = '', port } = found;
  return { name, port: port === undefined ? undefined : Number(port) };
}

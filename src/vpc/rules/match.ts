import type { SecurityGroupRuleSpec } from '../../api/vpc/security-group.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { invalidValue } from '../own.ts';

/** Protocol and ports of a rule, in stored form: -1 is left out. */
export type RuleMatch = Pick<SecurityGroupRuleSpec, 'ipProtocol' | 'fromPort' | 'toPort'>;

interface Input {
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['6', 'tcp'],
  ['17', 'udp'],
  ['1', 'icmp'],
  ['58', 'icmpv6'],
  ['all', '-1'],
]);
const MAX_PORT = 65_535;
const MAX_ICMP = 255;

/**
 * Reads protocol and ports. With protocols other than tcp, udp, icmp and icmpv6 ports are ignored,
 * whatever the request says: all traffic of the protocol matches (spec: ec2-surface 3.3).
 */
export function parseMatch(input: Input): RuleMatch {
  const ipProtocol = parseProtocol(input.IpProtocol);
  if (ipProtocol === 'tcp' || ipProtocol === 'udp') return parsePorts(ipProtocol, input);
  if (ipProtocol === 'icmp' || ipProtocol === 'icmpv6') return parseIcmp(ipProtocol, input);
  return { ipProtocol };
}

function parseProtocol(text: string | undefined): string {
  if (text === undefined || text === '')
    throw invalidValue(
      "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
    );
  const protocol = NAMES.get(text.toLowerCase()) ?? text.toLowerCase();
  const isNumber = /^\d{1,3}$/.test(protocol) && Number(protocol) <= MAX_ICMP;
  if (protocol === '-1' || isNumber || [...NAMES.values()].includes(protocol)) return protocol;
  throw invalidValue(`Invalid value '${text}' for IP protocol. Unknown protocol.`);
}

function parsePorts(ipProtocol: string, { FromPort: from, ToPort: to }: Input): RuleMatch {
  if (from === undefined || to === undefined)
    throw invalidValue(
      'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.',
    );
  if (from === -1 && to === -1) return { ipProtocol, fromPort: 0, toPort: MAX_PORT };
  checkPort(from);
  checkPort(to);
  if (from > to)
    throw new Ec2Error('InvalidParameterValue', `Invalid TCP/UDP port range (${from}:${to})`);
  return { ipProtocol, fromPort: from, toPort: to };
}

function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    throw invalidValue(`Invalid value '${port}' for portRange. Port must be between 0 and 65535`);
}

/** FromPort is the type and ToPort the code; -1 is all. */
function parseIcmp(ipProtocol: string, input: Input): RuleMatch {
  const { FromPort: type = -1, ToPort: code = -1 } = input;
  const inRange = [type, code].every(
    (value) => Number.isInteger(value) && value >= -1 && value <= MAX_ICMP,
  );
  if (!inRange || (type === -1 && code !== -1))
    throw invalidValue(`ICMP code (${code}) out of range for type (${type})`);
  return compact<RuleMatch>({
    ipProtocol,
    fromPort: type === -1 ? undefined : type,
    toPort: code === -1 ? undefined : code,
  });
}

import type { CreateNetworkAclEntryRequest } from '@aws-sdk/client-ec2';
import type { NetworkAclEntrySpec } from '../../api/vpc/network-acl.ts';
import { formatCidr } from '../../base/cidr.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { compact } from '../compact.ts';
import { readBlock } from '../network/blocks.ts';
import { invalidValue, required } from '../own.ts';

const MAX_RULE_NUMBER = 32_766;
const MAX_PORT = 65_535;
const MAX_PROTOCOL = 255;

/** Protocols that may be given by name, and their numbers. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  all: '-1',
  icmp: '1',
  tcp: '6',
  udp: '17',
  icmpv6: '58',
};

/** Reads the entry of a request. */
export function readEntry(input: CreateNetworkAclEntryRequest): NetworkAclEntrySpec {
  const protocol = readProtocol(required(input.Protocol, 'protocol'));
  return compact<NetworkAclEntrySpec>({
    ruleNumber: readRuleNumber(input.RuleNumber),
    egress: required(input.Egress, 'egress'),
    protocol,
    ruleAction: readAction(required(input.RuleAction, 'ruleAction')),
    ...readBlocks(input),
    ...readMatch(input, protocol),
  });
}

/** Reads a number of a rule that may be changed. */
export function readRuleNumber(ruleNumber: number | undefined): number {
  const value = required(ruleNumber, 'ruleNumber');
  if (Number.isInteger(value) && value >= 1 && value <= MAX_RULE_NUMBER) return value;
  throw invalidValue(
    `Value (${value}) for parameter ruleNumber is invalid. Rule number must be between 1 and ${MAX_RULE_NUMBER}`,
  );
}

function readProtocol(text: string): string {
  const number = Object.hasOwn(PROTOCOLS, text.toLowerCase())
    ? (PROTOCOLS[text.toLowerCase()] ?? text)
    : text;
  const isNumber = /^\d{1,3}$/.test(number) && Number(number) <= MAX_PROTOCOL;
  if (number === '-1' || isNumber) return number;
  throw invalidValue(`Invalid value '${text}' for IP protocol. Unknown protocol.`);
}

function readAction(action: string): 'allow' | 'deny' {
  if (action === 'allow' || action === 'deny') return action;
  throw invalidValue(`Value (${action}) for parameter ruleAction is invalid.`);
}

function readBlocks({
  CidrBlock: ipv4,
  Ipv6CidrBlock: ipv6,
}: CreateNetworkAclEntryRequest): Pick<NetworkAclEntrySpec, 'cidrBlock' | 'ipv6CidrBlock'> {
  if (ipv4 !== undefined && ipv6 !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'Only one of cidrBlock, ipv6CidrBlock can be specified',
    );
  if (ipv4 !== undefined) return { cidrBlock: formatCidr(readBlock(ipv4, 'cidrBlock', 4)) };
  const text = required(ipv6, 'cidrBlock or ipv6CidrBlock');
  return { ipv6CidrBlock: formatCidr(readBlock(text, 'ipv6CidrBlock', 6)) };
}

/** Ports of TCP and UDP, type and code of ICMP; other protocols have neither. */
function readMatch(
  input: CreateNetworkAclEntryRequest,
  protocol: string,
): Pick<NetworkAclEntrySpec, 'portFirst' | 'portLast' | 'icmpType' | 'icmpCode'> {
  if (protocol === '6' || protocol === '17') return readPorts(input.PortRange);
  const isIcmp = protocol === '1' || protocol === '58';
  if (!isIcmp) return {};
  const icmpType = required(input.IcmpTypeCode?.Type, 'icmpTypeCode.type');
  const icmpCode = required(input.IcmpTypeCode?.Code, 'icmpTypeCode.code');
  return { icmpType, icmpCode };
}

function readPorts(
  range: CreateNetworkAclEntryRequest['PortRange'],
): Pick<NetworkAclEntrySpec, 'portFirst' | 'portLast'> {
  const portFirst = required(range?.From, 'portRange.from');
  const portLast = required(range?.To, 'portRange.to');
  const fits = [portFirst, portLast].every((port) => port >= 0 && port <= MAX_PORT);
  if (fits && portFirst <= portLast) return { portFirst, portLast };
  throw invalidValue(`Invalid TCP/UDP port range (${portFirst}:${portLast})`);
}

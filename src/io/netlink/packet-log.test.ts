import { describe, expect, test } from 'vitest';
import { attribute, textAttribute, type Message } from './message.ts';
import { decodeLoggedPacket } from './packet-log.ts';

/** A message of nfnetlink_log about a packet, as the kernel sends it. */
function logged(packet: string, type = 4 << 8): Message {
  const link = Buffer.from([0, 0, 0, 7]);
  const payload = Buffer.from(packet.replaceAll(' ', ''), 'hex');
  const body = Buffer.concat([
    Buffer.from([2, 0, 0, 7]),
    attribute(4, link),
    attribute(9, payload),
    textAttribute(10, 'ingress'),
  ]);
  return { type, flags: 0, sequence: 0, body };
}

const IPV4 = '4500003c 00004000 4006 0000 0a000004 0a000105';
const PORTS = 'e090 1538 00000000 00000000 a002 ffff 0000 0000';

describe('a logged packet', () => {
  test('is read with its ports, flags and length', () => {
    expect(decodeLoggedPacket(logged(`${IPV4} ${PORTS}`))).toEqual({
      kind: 'dropped',
      prefix: 'ingress',
      inLink: 7,
      outLink: 0,
      protocol: 6,
      source: '10.0.0.4',
      destination: '10.0.1.5',
      sourcePort: 57_488,
      destinationPort: 5432,
      icmpType: undefined,
      icmpCode: undefined,
      tcpFlags: 2,
      bytes: 60,
    });
  });

  test('of IPv6 is read with its ICMP type', () => {
    const head = `60000000 0008 3a 40 ${'00'.repeat(15)}01 ${'00'.repeat(15)}02`;
    expect(decodeLoggedPacket(logged(`${head} 8005 0000 0000 0000`))).toMatchObject({
      source: '::1',
      destination: '::2',
      protocol: 58,
      icmpType: 128,
      icmpCode: 5,
      bytes: 48,
      sourcePort: undefined,
    });
  });

  test.each([
    ['a later fragment', `45000028 00002010 4006 0000 0a000004 0a000105 ${PORTS}`],
    ['one cut off after its IP header', IPV4],
  ])('%s has no ports', (_what, packet) => {
    expect(decodeLoggedPacket(logged(packet))).toMatchObject({
      protocol: 6,
      sourcePort: undefined,
      destinationPort: undefined,
      tcpFlags: undefined,
    });
  });

  test.each([
    ['no IP', '0001 0800 06040001'],
    ['half a header', IPV4.slice(0, 20)],
    ['nothing', ''],
  ])('%s is left out', (_what, packet) => {
    expect(decodeLoggedPacket(logged(packet))).toBeUndefined();
  });

  test('is not any other message', () => {
    expect(decodeLoggedPacket(logged(IPV4, (4 << 8) | 1))).toBeUndefined();
  });
});

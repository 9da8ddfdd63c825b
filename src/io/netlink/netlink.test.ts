import { describe, expect, test } from 'vitest';
import type { NetworkStep } from '../../base/network.ts';
import { addressBytes, addressText, macBytes, macText, prefix } from './address.ts';
import { FLAG, TYPE } from './constants.ts';
import { decodeLink, decodeNeighbour, decodeRoute, decodeRule } from './dump.ts';
import {
  attribute,
  message,
  nested,
  parseAck,
  parseAttributes,
  parseMessages,
  stamp,
  textAttribute,
  u32Attribute,
  type Message,
} from './message.ts';
import { encodeStep } from './step.ts';

const CONTEXT = { linkIndex: () => 5, netnsFd: () => 9 };

function encoded(step: NetworkStep): Message {
  const [only] = parseMessages(encodeStep(step, CONTEXT));
  if (!only) throw new Error('no message');
  return only;
}

describe('messages', () => {
  test('carry attributes padded to four bytes, and give them back', () => {
    const bytes = stamp(message(TYPE.newLink, FLAG.create, [textAttribute(3, 'abcd')]), 77);
    expect(bytes.length).toBe(16 + 12);
    const [received] = parseMessages(bytes);
    expect(received).toMatchObject({ type: 16, flags: 0x405, sequence: 77 });
    expect(parseAttributes(received!.body, 0).get(3)?.toString()).toBe('abcd\0');
  });

  test('are split when several come in one datagram', () => {
    const one = stamp(message(1, 0, [u32Attribute(1, 1)]), 1);
    const two = stamp(message(2, 0, []), 2);
    expect(parseMessages(Buffer.concat([one, two])).map((m) => m.sequence)).toEqual([1, 2]);
  });

  test('that are cut off or impossible are left out', () => {
    const whole = message(1, 0, [u32Attribute(1, 1)]);
    expect(parseMessages(whole.subarray(0, 20))).toEqual([]);
    expect(parseMessages(Buffer.alloc(16))).toEqual([]);
    expect(parseMessages(Buffer.alloc(3))).toEqual([]);
  });

  test('nest attributes', () => {
    const inner = nested(18, textAttribute(1, 'veth'), nested(2, u32Attribute(1, 7)));
    const outer = parseAttributes(inner, 0).get(18)!;
    const data = parseAttributes(parseAttributes(outer, 0).get(2)!, 0);
    expect(data.get(1)?.readUInt32LE()).toBe(7);
  });

  test('a broken attribute ends the list', () => {
    const bad = attribute(1, Buffer.alloc(4));
    bad.writeUInt16LE(2, 0);
    expect(parseAttributes(bad, 0).size).toBe(0);
  });
});

describe('acknowledgements', () => {
  const body = (errno: number, ...rest: Buffer[]): Buffer => {
    const head = Buffer.alloc(4);
    head.writeInt32LE(-errno);
    return Buffer.concat([head, ...rest]);
  };
  const request = message(TYPE.newLink, 0, [textAttribute(3, 'abcd')]);
  const text = textAttribute(1, 'Unknown device type');

  test.each([
    ['success', { type: TYPE.error, flags: 0, body: body(0, request) }, 0, undefined],
    ['a bare errno', { type: TYPE.error, flags: 0, body: body(17, request) }, 17, undefined],
    [
      'a text after a capped request',
      { type: TYPE.error, flags: 0x300, body: body(95, request.subarray(0, 16), text) },
      95,
      'Unknown device type',
    ],
    [
      'a text after a whole request',
      { type: TYPE.error, flags: 0x200, body: body(95, request, text) },
      95,
      'Unknown device type',
    ],
    ['the end of a dump', { type: TYPE.done, flags: 2, body: body(0) }, 0, undefined],
  ])('are read: %s', (_, received, errno, why) => {
    expect(parseAck({ ...received, sequence: 1 })).toEqual({ errno, text: why });
  });

  test('data is no acknowledgement', () => {
    expect(parseAck({ type: 16, flags: 0, sequence: 1, body: body(0) })).toBeUndefined();
  });
});

describe('addresses', () => {
  test.each(['0.0.0.0', '10.0.1.9', '255.255.255.255', '::', 'fe80::1', '2001:db8::ff00'])(
    '%s survives a round trip',
    (text) => {
      expect(addressText(addressBytes(text).bytes)).toBe(text);
    },
  );

  test.each(['02:00:00:00:00:01', 'ff:ff:ff:ff:ff:ff'])('%s survives a round trip', (text) => {
    expect(macText(macBytes(text))).toBe(text);
  });

  test.each(['x', '02:00', ''])('%j is no MAC', (text) => {
    expect(() => macBytes(text)).toThrow(RangeError);
  });

  test('no address is refused, not sent as zero', () => {
    expect(() => addressBytes('10.0.0')).toThrow(RangeError);
  });

  test('default takes the family of its gateway', () => {
    expect(prefix('default', '10.0.0.1')).toMatchObject({ prefixBits: 0, address: { bits: 32 } });
    expect(prefix('default', 'fe80::1')).toMatchObject({ prefixBits: 0, address: { bits: 128 } });
  });
});

describe('steps', () => {
  const names = new Map([[5, 'x0']]);

  test('a route is read back as it was written', () => {
    const step = { destination: '10.2.0.0/16', gateway: '10.0.0.1', table: 1001 } as const;
    const made = encoded({ op: 'route-replace', ...step, link: 'x0', source: '10.0.0.2' });
    expect(decodeRoute(made, names)).toEqual({ ...step, link: 'x0', source: '10.0.0.2' });
  });

  test('a route without gateway has link scope', () => {
    const made = encoded({ op: 'route-replace', destination: '10.0.0.1/32', link: 'x0' });
    expect(made.body.readUInt8(6)).toBe(253);
  });

  test('a rule is read back as it was written', () => {
    const rule = { priority: 10, table: 101, inputLink: 'vlan.eth.1' };
    expect(decodeRule(encoded({ op: 'rule-add', ...rule }))).toEqual(rule);
    const from = { priority: 1536, table: 300, from: '10.0.0.1/32', to: '10.1.0.0/16' };
    expect(decodeRule(encoded({ op: 'rule-add', ...from }))).toEqual(from);
  });

  test('a link is read back as it was written', () => {
    const made = encoded({
      op: 'link-add-vlan',
      name: 'vlan.eth.7',
      parent: 'eth1',
      vlanId: 7,
      mac: '02:00:00:00:00:07',
      group: 3,
      up: true,
    });
    expect(decodeLink(made)).toMatchObject({
      name: 'vlan.eth.7',
      kind: 'vlan',
      vlanId: 7,
      mac: '02:00:00:00:00:07',
      group: 3,
      up: true,
    });
  });

  test('a neighbour is permanent, and needs a MAC', () => {
    const step = { op: 'neighbour-replace', link: 'x0', address: '10.0.0.1' } as const;
    const made = encoded({ ...step, mac: '02:00:00:00:00:01' });
    expect(decodeNeighbour(made, names)).toEqual({
      link: 'x0',
      address: '10.0.0.1',
      mac: '02:00:00:00:00:01',
    });
    expect(() => encoded(step)).toThrow(/needs a MAC/);
  });

  test('a veth peer goes to the namespace with its own MAC', () => {
    const made = encoded({
      op: 'link-add-veth',
      name: 'a',
      peer: { name: 'b', netns: '/run/netns/x', mac: '02:00:00:00:00:02' },
    });
    const info = parseAttributes(parseAttributes(made.body, 16).get(18)!, 0);
    const peer = parseAttributes(parseAttributes(info.get(2)!, 0).get(1)!, 16);
    expect(peer.get(28)?.readUInt32LE()).toBe(9);
    expect(macText(peer.get(1))).toBe('02:00:00:00:00:02');
  });

  test('only what the caller names is changed by link-set', () => {
    const made = encoded({ op: 'link-set', name: 'x0', group: 4 });
    expect([...parseAttributes(made.body, 16).keys()]).toEqual([27]);
    expect(made.body.readUInt32LE(12)).toBe(0);
  });
});

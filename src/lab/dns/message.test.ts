import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeQuery, encodeAnswer, RESPONSE_CODES, type DnsRecord } from './message.ts';

/** `dig +noedns A Web.example`, as it goes over the wire. */
const PLAIN = Buffer.from('1a2b0100000100000000000003576562076578616d706c650000010001', 'hex');
/** The OPT record of a client that takes 1232 bytes. */
const OPT = Buffer.from('00002904d0000000000000', 'hex');

function withEdns(): Buffer {
  const message = Buffer.concat([PLAIN, OPT]);
  message.writeUInt16BE(1, 10);
  return message;
}

describe('a query', () => {
  test('is read with its name in lower case', () => {
    expect(decodeQuery(PLAIN)).toMatchObject({
      id: 0x1a2b,
      name: 'web.example',
      type: 1,
      opcode: 0,
      recursionDesired: true,
      bytesMax: 512,
      edns: false,
    });
  });

  test('says by EDNS how much its sender takes, but never less than 512 bytes', () => {
    expect(decodeQuery(withEdns())).toMatchObject({ bytesMax: 1232, edns: true });
    const small = withEdns();
    small.writeUInt16BE(100, PLAIN.length + 3);
    expect(decodeQuery(small)).toMatchObject({ bytesMax: 512, edns: true });
  });

  test.each<[string, (message: Buffer) => Buffer]>([
    ['cut short', (message) => message.subarray(0, -1)],
    [
      'an answer',
      (message) => Buffer.concat([Buffer.from([0x1a, 0x2b, 0x81]), message.subarray(3)]),
    ],
    ['without a question', (message) => message.fill(0, 4, 6)],
    ['with a name that points elsewhere', (message) => message.fill(0xc0, 12, 13)],
    ['empty', () => Buffer.alloc(0)],
  ])('that is %s is none', (_, change) => {
    expect(decodeQuery(change(Buffer.from(PLAIN)))).toBeUndefined();
  });

  test('of any bytes does no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, begun) => {
        const message = begun ? Buffer.concat([PLAIN.subarray(0, 12), bytes]) : bytes;
        const query = decodeQuery(message);
        if (!query) return;
        const answer = encodeAnswer(query, { code: RESPONSE_CODES.ok, records: [] }, 65_535);
        expect([...answer.subarray(0, 2)]).toEqual([...message.subarray(0, 2)]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an answer', () => {
  const query = decodeQuery(PLAIN)!;
  const record: DnsRecord = { type: 'A', name: 'web.example', address: '10.0.0.7' };

  test('repeats the question as it came, and carries the records', () => {
    const answer = Buffer.from(encodeAnswer(query, { code: 0, records: [record] }, 512));
    const name = '03776562076578616d706c6500';
    expect(answer.toString('hex')).toBe(
      `1a2b85800001000100000000${PLAIN.subarray(12).toString('hex')}${name}00010001000000050004` +
        '0a000007',
    );
  });

  test('that is too long says so and carries none', () => {
    const records = Array.from({ length: 40 }, (_, i) => ({ ...record, address: `10.0.0.${i}` }));
    const cut = Buffer.from(encodeAnswer(query, { code: 0, records }, 512));
    expect(cut.readUInt16BE(2) & 0x0200).toBe(0x0200);
    expect(cut.readUInt16BE(6)).toBe(0);
    const whole = Buffer.from(encodeAnswer(query, { code: 0, records }, 65_535));
    expect([whole.readUInt16BE(2) & 0x0200, whole.readUInt16BE(6)]).toEqual([0, 40]);
  });

  test('speaks EDNS to those who do', () => {
    const asked = decodeQuery(withEdns())!;
    const answer = Buffer.from(encodeAnswer(asked, { code: 3, records: [] }, 1232));
    expect([answer.readUInt16BE(2) & 15, answer.readUInt16BE(10)]).toEqual([3, 1]);
    expect(answer.subarray(-11).toString('hex')).toBe(OPT.toString('hex'));
  });
});

import { expect, test } from 'vitest';
import { forge } from './frame.ts';

test('a forged frame has its tags before the packet, and a header checksum that holds', () => {
  const frame = forge({
    sourceMac: '02:00:00:00:00:01',
    targetMac: '02:00:00:00:00:02',
    source: '10.0.1.1',
    target: '10.0.1.2',
    port: 7000,
    tags: [5, 6],
  });
  expect(frame.toString('hex', 0, 22)).toBe('02000000000202000000000181000005810000060800');
  const header = frame.subarray(22, 42);
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff);
  expect(frame.subarray(42).length).toBe(header.readUInt16BE(2) - 20);
});

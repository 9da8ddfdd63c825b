import * as fc from 'fast-check';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ips } from '../../test/arbitrary/addresses.ts';
import { formatIp, parseIp } from './ip.ts';

describe('any address', () => {
  test('is the same after writing and reading', () => {
    fc.assert(
      fc.property(ips(), (ip) => {
        expect(parseIp(formatIp(ip))).toEqual({ ok: true, value: ip });
      }),
    );
  });

  test('is written as the URL parser writes it (RFC 5952)', () => {
    fc.assert(
      fc.property(ips(), (ip) => {
        const text = formatIp(ip);
        const host = ip.family === 6 ? `[${text}]` : text;
        expect(new URL(`http://${host}/`).hostname).toBe(host);
      }),
    );
  });
});

test('any text reads as an address exactly when Node takes it for one', () => {
  const nearMisses = fc
    .array(fc.constantFrom('1', '0', '25', 'f', ':', '::', '.', '10.0.0.1', '%', ' '), {
      maxLength: 12,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(nearMisses, fc.string()), (text) => {
      const zoned = text.includes('%');
      expect(parseIp(text).ok).toBe(isIPv4(text) || (isIPv6(text) && !zoned));
    }),
    { numRuns: 2000 },
  );
});

import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { checkListeners, checkSockets, type ListenOptions } from './listen-guard.ts';

const STRONG = {
  accountId: '111122223333',
  userName: 'admin',
  accessKeyId: 'AKIASTRONG',
  secretAccessKey: 'a0b1c2d3e4f5a6b7c8d9',
};
const WEAK = { ...STRONG, accessKeyId: 'AKIAWEAK', secretAccessKey: 'secret' };
const EXAMPLE = { ...WEAK, secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const TLS = { certPem: 'c', keyPem: 'k' };

function options(host: string, more: Partial<ListenOptions> = {}): ListenOptions {
  return { listeners: [{ host, port: 0 }], accounts: [STRONG], ...more };
}

describe('listening', () => {
  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('on %s needs nothing', (host) => {
    expect(() => checkListeners(options(host, { accounts: [WEAK] }))).not.toThrow();
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '1127.0.0.1'])(
    'on %s needs TLS and credentials of its own',
    (host) => {
      expect(() => checkListeners(options(host))).toThrow(/a certificate \(TLS\) is needed/);
      expect(() => checkListeners(options(host, { tls: TLS }))).not.toThrow();
      for (const accounts of [[WEAK], [STRONG, EXAMPLE]])
        expect(() => checkListeners(options(host, { tls: TLS, accounts }))).toThrow(
          /the secret of AKIAWEAK is a default/,
        );
    },
  );

  test('on an inherited socket is judged by its address, and ends when refused', async () => {
    for (const [host, refused] of [
      ['127.0.0.1', false],
      ['0.0.0.0', true],
    ] as const) {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, host, resolve));
      const check = checkSockets([server], { listeners: [{ fd: 3 }], accounts: [STRONG] });
      if (refused) await expect(check).rejects.toThrow(/Cannot listen on 0\.0\.0\.0/);
      else await check;
      expect(server.listening).toBe(!refused);
      server.close();
    }
  });
});

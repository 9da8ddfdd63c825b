import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { serverEnd } from './server-end.ts';

test('a server ends with connections that have said nothing yet', async () => {
  const server = createServer();
  const end = serverEnd(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const taken = once(server, 'connection');
  const client = connect({ host: '127.0.0.1', port });
  client.on('error', () => {});
  await taken;
  const closed = once(client, 'close');
  await end();
  await closed;
  expect(server.listening).toBe(false);
});

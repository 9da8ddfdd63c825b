import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import type { Network } from '../../base/network.ts';
import { createNetwork } from '../../io/network.ts';
import { createHosts, type LabHosts } from './hosts.ts';

const run = promisify(execFile);
const network = createNetwork();
const RECEIVE = `
  const socket = require('dgram').createSocket('udp4');
  socket.on('message', (text, from) => {
    console.log(text.length + ' bytes from ' + from.address);
    socket.send('thanks', from.port, from.address, () => process.exit());
  });
  socket.bind(9999);`;
const SEND = `
  const socket = require('dgram').createSocket('udp4');
  socket.on('message', () => process.exit());
  setInterval(() => socket.send(Buffer.alloc(9100), 9999, '192.0.2.12'), 50);`;
let hosts: LabHosts | undefined;

afterEach(async () => {
  await hosts?.close();
  hosts = undefined;
});

describe('hosts of the lab', () => {
  test('reach one another over the underlay with jumbo frames, and only there', async () => {
    hosts = await createHosts({ network, prefix: 'hk', names: ['node-1', 'rds'] });
    const from = hosts.get('node-1');
    expect(from?.underlay).toEqual({ link: 'underlay0', address: '192.0.2.11' });
    const to = hosts.get('rds');
    // One datagram as large as the MTU leaves room for: it would not fit a smaller one unfragmented.
    const receiver = run('nsenter', [`--net=${to?.fabricNetns}`, process.execPath, '-e', RECEIVE]);
    const sender = run('nsenter', [`--net=${from?.fabricNetns}`, process.execPath, '-e', SEND]);
    expect((await receiver).stdout).toBe('9100 bytes from 192.0.2.11\n');
    await sender;
    const links = await network.links(from?.fabricNetns);
    const underlay = links.find(({ kind }) => kind === 'veth');
    expect(underlay).toMatchObject({ name: 'underlay0', mtu: 9216, up: true });
    expect(await network.links(from?.hostNetns)).toMatchObject([{ name: 'lo', up: true }]);
  });

  test('leave no namespace behind', async () => {
    const before = await readdir('/run/netns');
    const made = await createHosts({ network, prefix: 'hk', names: ['node-1', 'node-2'] });
    expect(await readdir('/run/netns')).toHaveLength(before.length + 5);
    await made.close();
    expect(await readdir('/run/netns')).toEqual(before);
  });

  test('leave no namespace behind when a step fails', async () => {
    const before = await readdir('/run/netns');
    const failing: Network = {
      ...network,
      apply: (netns, steps) =>
        netns?.endsWith('rds-fabric') === true
          ? Promise.reject(new Error('no more links'))
          : network.apply(netns, steps),
    };
    const making = createHosts({ network: failing, prefix: 'hk', names: ['node-1', 'rds'] });
    await expect(making).rejects.toThrow('no more links');
    expect(await readdir('/run/netns')).toEqual(before);
  });

  test('must have different names', async () => {
    const making = createHosts({ network, prefix: 'hk', names: ['a', 'a'] });
    await expect(making).rejects.toThrow('each name once');
  });
});

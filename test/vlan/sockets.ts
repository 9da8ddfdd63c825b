import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type * as Koffi from 'koffi';
import { must } from '../../src/base/assert.ts';
import { createNetwork } from '../../src/io/network.ts';
import { send, socket } from '../../src/io/netlink/libc.ts';
import { inNetns } from '../../src/io/netns.ts';

/**
 * Clients inside namespaces without a process each: an emulated machine starts few processes per
 * second, but runs those it has well.
 */

const AF_INET = 2;
const AF_PACKET = 17;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;

const libc = (createRequire(import.meta.url)('koffi') as typeof Koffi).load('libc.so.6');
const bind = libc.func('int bind(int, const void *, uint32_t)') as (
  fd: number,
  address: Buffer,
  length: number,
) => number;

/** What a TCP client in a namespace reads until the other side hangs up; '' when it cannot in time. */
export function fetchText(
  netns: string,
  to: { readonly address: string; readonly port: number; readonly from?: string },
  timeoutMs: number,
): Promise<string> {
  const fd = inNetns(netns, () => socket(AF_INET, SOCK_STREAM, 0));
  // Without `manualStart` it would read before it is connected.
  const client = new Socket({ fd, manualStart: true } as SocketConstructorOpts);
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.destroy(), timeoutMs);
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.on('error', () => {});
    client.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString());
    });
    const { address: host, port, from: localAddress } = to;
    client.connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
  });
}

/** Sends a frame as it is from a link of a namespace. */
export async function sendFrame(netns: string, link: string, frame: Buffer): Promise<void> {
  const links = await createNetwork().links(netns);
  const { index } = must(
    links.find((one) => one.name === link),
    () => `no link ${link}`,
  );
  const fd = inNetns(netns, () => socket(AF_PACKET, SOCK_RAW, 0));
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeInt32LE(index, 4);
  const bound = bind(fd, address, address.length);
  const sent = bound === 0 ? send(fd, frame) : -1;
  closeSync(fd);
  if (sent !== frame.length) throw new Error(`cannot send ${frame.length} bytes from ${link}`);
}

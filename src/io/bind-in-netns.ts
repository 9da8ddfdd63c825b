import { closeSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { NetworkError, type NetnsPath } from '../base/network.ts';
import {
  bindSocket,
  errnoName,
  lastErrno,
  setSocketFlag,
  socket as openSocket,
} from './netlink/libc.ts';
import { inNetns } from './netns.ts';

const AF_INET = 2;
const SOCK_STREAM_CLOEXEC = 0x1 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SOL_IP = 0;
/** The address need not exist yet, and may go and come back. */
const IP_FREEBIND = 15;
const SOCKADDR_IN_BYTES = 16;

/**
 * A TCP socket bound to an IPv4 address and port inside a network namespace, where it stays for good.
 * `server.listen({ fd })` serves it and closes it. Node's own `listen` with an address resolves it
 * first and would bind later, in the wrong namespace. Fails with NetworkError, such as EADDRINUSE.
 */
export function bindInNetns(netns: NetnsPath, at: { address: string; port: number }): number {
  const fd = inNetns(netns, () => openSocket(AF_INET, SOCK_STREAM_CLOEXEC, 0));
  if (fd < 0) throw failure(at);
  setSocketFlag(fd, SOL_SOCKET, SO_REUSEADDR);
  setSocketFlag(fd, SOL_IP, IP_FREEBIND);
  if (bindSocket(fd, socketAddress(at)) === 0) return fd;
  const error = failure(at);
  closeSync(fd);
  throw error;
}

function socketAddress({ address, port }: { address: string; port: number }): Buffer {
  if (!isIPv4(address)) throw new NetworkError('EINVAL', `${address} is no IPv4 address`);
  const bytes = Buffer.alloc(SOCKADDR_IN_BYTES);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

function failure({ address, port }: { address: string; port: number }): NetworkError {
  const code = errnoName(lastErrno());
  return new NetworkError(code, `Cannot bind ${address}:${port}: ${code}`);
}

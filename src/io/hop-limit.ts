import type { Socket } from 'node:net';
import { errnoName, lastErrno, setSocketNumber } from './netlink/libc.ts';
import { NetworkError } from '../base/network.ts';

const SOL_IP = 0;
const IP_TTL = 2;

/**
 * Lets the packets that a TCP socket sends from now on, repeated ones too, travel this many hops
 * (1 to 255). Node sets it for UDP only. Fails with NetworkError when it cannot: the caller must not
 * send what was meant to stay near.
 */
export function limitHops(socket: Socket, hops: number): void {
  const fd = descriptorOf(socket);
  if (fd === undefined) throw new NetworkError('EBADF', 'Cannot limit the hops of a closed socket');
  if (setSocketNumber(fd, { level: SOL_IP, option: IP_TTL, value: hops }) === 0) return;
  const code = errnoName(lastErrno());
  throw new NetworkError(code, `Cannot limit the hops of a socket to ${hops}: ${code}`);
}

/** Node has no public way to it; undefined when the socket has ended. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}

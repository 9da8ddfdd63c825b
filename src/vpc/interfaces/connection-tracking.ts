import type { ConnectionTrackingSpecificationRequest } from '@aws-sdk/client-ec2';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { compact } from '../compact.ts';
import { invalidValue } from '../own.ts';

/** Idle timeouts of an interface, in seconds; absent ones are AWS's defaults. */
export type ConnectionTracking = NonNullable<NetworkInterface['spec']['connectionTracking']>;

/** Least and most seconds of each timeout (spec: ec2-surface 3.6). */
const RANGES = {
  TcpEstablishedTimeout: [60, 432_000],
  UdpStreamTimeout: [60, 180],
  UdpTimeout: [30, 60],
} as const;

/** Reads the timeouts of a request; undefined when it names none. */
export function connectionTracking(
  request: ConnectionTrackingSpecificationRequest | undefined,
): ConnectionTracking | undefined {
  if (request === undefined) return undefined;
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const seconds = request[name as keyof typeof RANGES];
    if (seconds === undefined) continue;
    if (!Number.isInteger(seconds) || seconds < least || seconds > most)
      throw invalidValue(
        `Value (${seconds}) for parameter ${name} is invalid. It must be between ${least} and ${most}.`,
      );
  }
  const tracking = compact<ConnectionTracking>({
    tcpEstablishedTimeout: request.TcpEstablishedTimeout,
    udpStreamTimeout: request.UdpStreamTimeout,
    udpTimeout: request.UdpTimeout,
  });
  return Object.keys(tracking).length === 0 ? undefined : tracking;
}

/** The timeouts as EC2 shows them. */
export function connectionTrackingView({
  connectionTracking: tracking,
}: NetworkInterface['spec']): ConnectionTrackingSpecificationRequest | undefined {
  return (
    tracking && {
      TcpEstablishedTimeout: tracking.tcpEstablishedTimeout,
      UdpStreamTimeout: tracking.udpStreamTimeout,
      UdpTimeout: tracking.udpTimeout,
    }
  );
}

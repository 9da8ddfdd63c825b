import type { Call } from '../context.ts';

/**
 * "Public" addresses are taken from the range for benchmarks (RFC 2544), since the fabric owns none:
 * 198.18.0.0/16.
 */
const FIRST_OCTETS = '198.18';

/** Whether anybody has the public address, of any account. */
export function isTaken({ store }: Call, publicIp: string): boolean {
  return (
    store.elasticIps.table.count('publicIp', publicIp) > 0 ||
    store.interfaces.table.count('publicIp', publicIp) > 0
  );
}

/** Runs the task with a public address that nobody has; nobody else gets it meanwhile. */
export async function withPublicIp<T>(call: Call, task: (ip: string) => Promise<T>): Promise<T> {
  for (;;) {
    const [third = 0, fourth = 0] = call.random.bytes(2);
    const ip = `${FIRST_OCTETS}.${third}.${fourth}`;
    const done = await call.store.locks.hold({ exclusive: [`public-ip:${ip}`] }, async () =>
      isTaken(call, ip) ? undefined : { value: await task(ip) },
    );
    if (done !== undefined) return done.value;
  }
}

/** `ec2-198-18-0-1.compute-1.amazonaws.com`; other regions than us-east-1 have their name in it. */
export function publicDnsName(publicIp: string, region: string): string {
  const domain = region === 'us-east-1' ? 'compute-1' : `${region}.compute`;
  return `ec2-${publicIp.replaceAll('.', '-')}.${domain}.amazonaws.com`;
}

import { connect, createServer } from 'node:net';
import { bindInNetns } from '../../io/bind-in-netns.ts';
import { limitHops } from '../../io/hop-limit.ts';
import { METADATA_ADDRESS } from '../../node/wiring/names.ts';
import { serveImds } from '../../vpc/imds/serve.ts';
import type { LabHost } from '../hosts/hosts.ts';
import type { Running } from './component.ts';
import type { ControlPlane } from './control-plane.ts';

/** Ports on the loopback address of every host that lead to the Kubernetes API and the VPC API. */
export const HOST_API_PORTS = { kube: 6443, ec2: 4566 } as const;
const METADATA_PORT = 80;
const LOOPBACK = '127.0.0.1';

/**
 * What an instance finds around it: its metadata service, which the fabric answers like the card of an
 * EC2 instance, and the two APIs, for programs that know nothing of the lab. On loopback, because pods
 * have no business there.
 */
export async function serveHost(
  plane: Pick<ControlPlane, 'api' | 'ec2Port' | 'metadataOf'>,
  instanceId: string,
  { hostNetns, fabricNetns }: LabHost,
): Promise<Running> {
  const imdsFd = bindInNetns(fabricNetns, { address: METADATA_ADDRESS, port: METADATA_PORT });
  const running: Running[] = [
    await serveImds(plane.metadataOf(instanceId), { fd: imdsFd }, limitHops),
    await relay({ netns: hostNetns, port: HOST_API_PORTS.kube }, plane.api.port),
    await relay({ netns: hostNetns, port: HOST_API_PORTS.ec2 }, plane.ec2Port),
  ];
  return {
    close: async () => {
      await Promise.all(running.map((each) => each.close()));
    },
  };
}

/** Hands connections to a port of another namespace's loopback on to a port of ours. */
async function relay(from: { netns: string; port: number }, toPort: number): Promise<Running> {
  const fd = bindInNetns(from.netns, { address: LOOPBACK, port: from.port });
  const open = new Set<{ destroy(): unknown }>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: LOOPBACK, port: toPort, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, () => resolve());
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

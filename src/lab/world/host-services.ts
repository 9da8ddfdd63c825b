import { connect, createServer } from 'node:net';
import { bindInNetns } from '../../io/bind-in-netns.ts';
import { limitHops } from '../../io/hop-limit.ts';
import { METADATA_ADDRESS } from '../../node/wiring/names.ts';
import { serveImds } from '../../vpc/imds/serve.ts';
import type { LabHost } from '../hosts/hosts.ts';
import type { Running } from './component.ts';
import type { ControlPlane } from './control-plane.ts';
import { HOST_API_PORTS } from './host-ports.ts';
import type { SeededInstance } from './seed-vpc.ts';

const METADATA_PORT = 80;
const LOOPBACK = '127.0.0.1';

/**
 * What an instance finds around it: its metadata service, which the fabric answers like the card of an
 * EC2 instance, and the two APIs, for programs that know nothing of the lab. On loopback, because pods
 * have no business there; nodes also have the Kubernetes API at their own address, as one of the endpoints
 * of `kubernetes.default`. The groups of the node say who may come.
 */
export async function serveHost(
  plane: Pick<ControlPlane, 'api' | 'ec2Port' | 'metadataOf'>,
  { instanceId, privateIp, isNode }: Pick<SeededInstance, 'instanceId' | 'privateIp' | 'isNode'>,
  { hostNetns, fabricNetns }: LabHost,
): Promise<Running> {
  const imdsFd = bindInNetns(fabricNetns, { address: METADATA_ADDRESS, port: METADATA_PORT });
  const running: Running[] = [
    await serveImds(plane.metadataOf(instanceId), { fd: imdsFd }, limitHops),
    await relay({ netns: hostNetns, address: LOOPBACK, port: HOST_API_PORTS.kube }, plane.api.port),
    await relay({ netns: hostNetns, address: LOOPBACK, port: HOST_API_PORTS.ec2 }, plane.ec2Port),
  ];
  if (isNode) {
    const here = { netns: hostNetns, address: privateIp, port: HOST_API_PORTS.kube };
    running.push(await relay(here, plane.api.port));
  }
  return {
    close: async () => {
      await Promise.all(running.map((each) => each.close()));
    },
  };
}

/** Hands connections to a port of another namespace on to a port of our loopback. */
async function relay(
  from: { netns: string; address: string; port: number },
  toPort: number,
): Promise<Running> {
  const fd = bindInNetns(from.netns, from);
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

import type { Informers } from '../../../api/informer.ts';
import { ENDPOINT_SLICES } from '../../../api/core/endpoints.ts';
import { SERVICES } from '../../../api/core/service.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Network, Nft } from '../../../base/network.ts';
import { createWorkQueue } from '../../../base/work-queue.ts';
import { safeHash } from '../workloads/hash.ts';
import { PROXY_TABLE, proxyProgram, type ProxyProgram } from './program.ts';
import { proxyPorts, type ProxyPort } from './service-ports.ts';

/** What the proxy of a node needs. */
export interface ProxyOptions {
  readonly nodeName: string;
  readonly hostNetns: string;
  readonly informers: Informers;
  readonly network: Pick<Network, 'forgetFlows'>;
  readonly nft: Nft;
  readonly clock: Clock;
  readonly log: Log;
}

const KEY = 'program';

/**
 * Keeps the rules of Services in the namespace of a node, as kube-proxy does. Resolves when the Services
 * known so far are served. What it wrote stays when it is closed.
 */
export async function startProxy(options: ProxyOptions): Promise<{ close(): Promise<void> }> {
  const services = options.informers.informer(SERVICES);
  const slices = options.informers.informer(ENDPOINT_SLICES);
  const loader = new ProxyLoader(options);
  const pass = async (): Promise<undefined> => {
    await Promise.all([services.synced, slices.synced]);
    const { nodeName } = options;
    await loader.load(proxyPorts({ nodeName, services: services.list(), slices: slices.list() }));
    return undefined;
  };
  await pass();
  const queue = createWorkQueue({
    name: 'kube-proxy',
    clock: options.clock,
    log: options.log,
    run: pass,
  });
  const unsubscribe = [
    services.subscribe(() => queue.add(KEY)),
    slices.subscribe(() => queue.add(KEY)),
  ];
  return {
    async close() {
      for (const each of unsubscribe) each();
      await queue.close();
    },
  };
}

/** What the kernel has, and the way from there. */
class ProxyLoader {
  readonly #options: ProxyOptions;
  #loaded: { readonly program: ProxyProgram; readonly ports: readonly ProxyPort[] } | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  async load(ports: readonly ProxyPort[]): Promise<void> {
    const before = this.#loaded;
    const program = proxyProgram(ports, (text) => safeHash(text).slice(0, 8));
    if (before?.program.whole === program.whole) return;
    this.#loaded = undefined;
    await this.#apply(program, before?.program);
    this.#loaded = { program, ports };
    await this.#forget(before?.ports ?? [], ports);
  }

  async #apply(program: ProxyProgram, before: ProxyProgram | undefined): Promise<void> {
    const { nft, hostNetns, log } = this.#options;
    if (before) {
      try {
        await nft.apply(hostNetns, program.after(before.names));
        return;
      } catch (error) {
        log.warn('Rules of Services are not what was loaded', { error, table: PROXY_TABLE });
      }
    }
    await nft.apply(hostNetns, program.whole);
  }

  /**
   * A UDP client that never pauses would be led to its old endpoint for ever: flows are translated as
   * their first packet was. Those to ports of nodes are left to time out.
   */
  async #forget(before: readonly ProxyPort[], now: readonly ProxyPort[]): Promise<void> {
    const present = new Map(now.map((port) => [port.name, new Set(targetsOf(port))]));
    const moved = before.filter(
      (port) =>
        port.protocol === 'udp' &&
        targetsOf(port).some((target) => present.get(port.name)?.has(target) !== true),
    );
    if (moved.length === 0) return;
    const addresses = new Set(moved.flatMap((port) => [port.clusterIp, ...port.externalIps]));
    await this.#options.network.forgetFlows(this.#options.hostNetns, [...addresses], 'udp');
  }
}

/** Where its flows were led to; without an endpoint they went nowhere, which must end too. */
function targetsOf({ cluster: { endpoints } }: ProxyPort): readonly string[] {
  return endpoints.length === 0 ? [''] : endpoints.map(({ address, port }) => `${address} ${port}`);
}

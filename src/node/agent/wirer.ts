import type { Log } from '../../base/log.ts';
import { NetworkError, type LinkInfo, type Network, type NetworkStep } from '../../base/network.ts';
import type { Random } from '../../base/random.ts';
import type { Clock } from '../../base/clock.ts';
import type { DesiredPort } from '../fabric/desired.ts';
import type { Fabric } from '../fabric/fabric.ts';
import { branchLink, DOOMED_GROUP, isPortLink } from '../wiring/names.ts';
import {
  plainTeardown,
  plainWiring,
  branchTeardown,
  standardWiring,
  strictWiring,
  type LinkDriver,
  type PodEnd,
  type WiringSteps,
} from '../wiring/steps.ts';
import type { Sandbox, SandboxStore } from './sandbox.ts';

/** What the wirer needs. */
export interface WirerOptions {
  readonly network: Network;
  readonly fabric: Fabric;
  readonly store: SandboxStore;
  readonly driver: LinkDriver;
  readonly hostNetns: string;
  readonly fabricNetns: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Deletes gather for this long, because fifty links together cost as much as one. */
const DOOM_GATHER_MS = 20;
/** How long the address of a plain pod stays unused (IP_COOLDOWN_PERIOD of the AWS CNI). */
const COOL_DOWN_MS = 30_000;

/** Makes and removes the links, routes and rules of pods, and records them. */
export class Wirer {
  readonly #options: WirerOptions;
  #flushing: Promise<void> | undefined;
  #doomed = false;
  /** Addresses whose tracked flows must not survive them. */
  readonly #gone = new Set<string>();

  constructor(options: WirerOptions) {
    this.#options = options;
  }

  /**
   * Wires a sandbox to its port. The port's filter must be in force. Whatever an earlier sandbox of
   * the same pod or branch left is removed first; on failure, so is what this call made.
   */
  async wire(sandbox: Sandbox, port: DesiredPort): Promise<void> {
    const { fabric, store } = this.#options;
    const steps = this.#steps(sandbox, port);
    await this.#removeEarlier(sandbox);
    await fabric.exclusive(async () => {
      store.put(sandbox);
      try {
        await this.#apply(sandbox, steps);
      } catch (error) {
        if (!(error instanceof NetworkError) || error.code !== 'EEXIST') {
          await this.#undo(sandbox);
          throw error;
        }
        // Something of an unknown sandbox is in the way.
        await this.#clear(sandbox, port);
        await this.#applyOrUndo(sandbox, steps);
      }
    });
  }

  /** Removes a sandbox: rules and routes now, links with the next common delete. */
  async unwire(sandbox: Sandbox): Promise<void> {
    const { fabric } = this.#options;
    await fabric.exclusive(() => this.#undo(sandbox));
    this.#flushSoon();
  }

  /** Removes what a prevResult names, for a sandbox that is not on record. */
  async unwireUnknown(teardown: readonly NetworkStep[]): Promise<void> {
    const { fabric, network, hostNetns } = this.#options;
    await fabric.exclusive(() => network.apply(hostNetns, teardown));
    this.#flushSoon();
  }

  /** Waits until all is gone that is doomed now: the delete under way may have missed it, not the next. */
  async flushed(): Promise<void> {
    await this.#flushing;
    await this.#flushing;
  }

  #steps(sandbox: Sandbox, port: DesiredPort): WiringSteps {
    const { driver, hostNetns, fabric } = this.#options;
    const pod: PodEnd = {
      netns: sandbox.netns,
      ifName: sandbox.ifName,
      address: sandbox.address,
      hostLink: sandbox.hostLink,
      hostMac: this.#randomMac(),
      mtu: fabric.mtu,
    };
    if (!port.branch) return plainWiring(pod);
    const { mac, link } = port;
    const branch = { ...port.branch, mac, gateway: sandbox.gateway, port: link };
    const wiring = { pod, branch, driver, hostNetns };
    return sandbox.mode === 'standard' ? standardWiring(wiring) : strictWiring(wiring);
  }

  async #apply(sandbox: Sandbox, steps: WiringSteps): Promise<void> {
    const { network, fabricNetns, hostNetns } = this.#options;
    await network.apply(fabricNetns, steps.fabric);
    await network.apply(hostNetns, steps.host);
    await network.apply(sandbox.netns, steps.pod);
  }

  async #applyOrUndo(sandbox: Sandbox, steps: WiringSteps): Promise<void> {
    try {
      await this.#apply(sandbox, steps);
    } catch (error) {
      await this.#undo(sandbox);
      throw error;
    }
  }

  async #removeEarlier(sandbox: Sandbox): Promise<void> {
    const earlier = this.#options.store
      .list()
      .filter((one) => one.hostLink === sandbox.hostLink || sameBranch(one, sandbox));
    if (earlier.length === 0) return;
    for (const one of earlier) await this.unwire(one);
    await this.flushed();
  }

  async #undo(sandbox: Sandbox): Promise<void> {
    const { network, hostNetns, store, clock } = this.#options;
    await network.apply(hostNetns, teardownSteps(sandbox));
    store.remove(sandbox, clock.nowMs() + COOL_DOWN_MS);
    this.#gone.add(sandbox.address);
    this.#flushSoon();
  }

  /** Deletes by name what stands in the way of a new sandbox, and waits for it. */
  async #clear(sandbox: Sandbox, port: DesiredPort): Promise<void> {
    const { network, hostNetns, fabricNetns } = this.#options;
    await network.apply(hostNetns, teardownSteps(sandbox));
    const { hostLink, vlanId } = sandbox;
    if (vlanId !== undefined) {
      const present = await network.links(fabricNetns);
      await network.apply(fabricNetns, deletions(portsInTheWay(present, port.link, vlanId)));
    }
    const branch = vlanId === undefined ? [] : [branchLink(vlanId)];
    await network.apply(hostNetns, deletions([hostLink, ...branch]));
  }

  #flushSoon(): void {
    this.#doomed = true;
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
      // What was doomed while the delete was under way has missed it.
      if (this.#doomed) this.#flushSoon();
    });
  }

  async #flush(): Promise<void> {
    const { clock, signal, fabric, network, hostNetns, fabricNetns, log } = this.#options;
    await clock.sleep(DOOM_GATHER_MS, signal).catch(() => {});
    this.#doomed = false;
    try {
      const steps = [{ op: 'link-delete-group', group: DOOMED_GROUP }] as const;
      await fabric.exclusive(() => network.apply(hostNetns, steps));
      const gone = [...this.#gone];
      this.#gone.clear();
      await network.forgetFlows(fabricNetns, gone);
    } catch (error) {
      log.error('Cannot clean up after pods', { error });
    }
    // A cycle would delete one by one what still awaits the common delete.
    if (!this.#doomed) fabric.kick();
  }

  /** Locally administered and unicast. */
  #randomMac(): string {
    const bytes = [...this.#options.random.bytes(6)];
    bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
    return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  }
}

/** Steps that remove a sandbox from the host namespace. */
export function teardownSteps(sandbox: Sandbox): readonly NetworkStep[] {
  const { vlanId } = sandbox;
  return vlanId === undefined ? plainTeardown(sandbox) : branchTeardown({ ...sandbox, vlanId });
}

/** Ports of the same name, or of the same VLAN: a trunk carries an id once. */
function portsInTheWay(present: readonly LinkInfo[], name: string, vlanId: number): string[] {
  return present
    .filter((link) => link.name === name || (isPortLink(link.name) && link.vlanId === vlanId))
    .map((link) => link.name);
}

function deletions(names: readonly string[]): NetworkStep[] {
  return names.map((name) => ({ op: 'link-delete', name, ignoreMissing: true }));
}

function sameBranch(a: Sandbox, b: Sandbox): boolean {
  return a.vlanId !== undefined && (a.vlanId === b.vlanId || a.eniId === b.eniId);
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What the agent has wired for one container. The container's id protects a newer sandbox. */
export interface Sandbox {
  readonly containerId: string;
  readonly ifName: string;
  readonly netns: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly hostLink: string;
  readonly address: string;
  readonly gateway: string;
  readonly eniId: string;
  /** Set for pods on a branch; absent for plain pods. */
  readonly vlanId?: number;
  /** How a branch is wired; changing the mode leaves running pods as they are (spec 5.4). */
  readonly mode?: EnforcingMode;
}

/** POD_SECURITY_GROUP_ENFORCING_MODE. */
export type EnforcingMode = 'strict' | 'standard';

/** An address that a plain pod gave back, and until when nobody may get it. */
export interface CoolingAddress {
  readonly address: string;
  readonly untilMs: number;
}

interface Stored {
  readonly version: 1;
  readonly sandboxes: readonly Sandbox[];
  readonly cooling: readonly CoolingAddress[];
}

/**
 * The agent's only state, kept in one file next to its socket, as the AWS CNI keeps its own. Each
 * change is written before the CNI call is answered; a rename makes it all or nothing. What is in the file and no
 * longer in the kernel does no harm: a delete of missing things succeeds.
 */
export class SandboxStore {
  readonly #path: string;
  readonly #sandboxes = new Map<string, Sandbox>();
  #cooling: readonly CoolingAddress[] = [];

  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const stored = JSON.parse(readFileSync(path, 'utf8')) as Stored;
    for (const one of stored.sandboxes) this.#sandboxes.set(keyOf(one), one);
    this.#cooling = stored.cooling;
  }

  get(containerId: string, ifName: string): Sandbox | undefined {
    return this.#sandboxes.get(keyOf({ containerId, ifName }));
  }

  list(): readonly Sandbox[] {
    return [...this.#sandboxes.values()];
  }

  put(sandbox: Sandbox): void {
    this.#sandboxes.set(keyOf(sandbox), sandbox);
    this.#write();
  }

  /** Forgets a sandbox; the address of a plain pod cools down first. */
  remove(sandbox: Sandbox, coolUntilMs: number): void {
    this.#sandboxes.delete(keyOf(sandbox));
    if (sandbox.vlanId === undefined)
      this.#cooling = [...this.#cooling, { address: sandbox.address, untilMs: coolUntilMs }];
    this.#write();
  }

  /** Addresses that must not be handed out at `nowMs`. */
  busy(nowMs: number): ReadonlySet<string> {
    this.#cooling = this.#cooling.filter((one) => one.untilMs > nowMs);
    return new Set([
      ...this.list().map((one) => one.address),
      ...this.#cooling.map((one) => one.address),
    ]);
  }

  /** Ids of the branches that pods are wired to. */
  wiredBranches(): ReadonlySet<string> {
    return new Set(
      this.list()
        .filter((one) => one.vlanId !== undefined)
        .map((one) => one.eniId),
    );
  }

  #write(): void {
    const stored: Stored = { version: 1, sandboxes: this.list(), cooling: this.#cooling };
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.new`, JSON.stringify(stored), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function keyOf(one: { readonly containerId: string; readonly ifName: string }): string {
  return `${one.containerId}/${one.ifName}`;
}

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { must } from '../../base/assert.ts';

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

/** A line of the journal. */
type Entry =
  | { readonly op: 'put'; readonly sandbox: Sandbox }
  | { readonly op: 'remove'; readonly key: string }
  | { readonly op: 'cool'; readonly cooling: CoolingAddress };

/** The journal is written afresh after this many lines. */
const LONGEST_JOURNAL_LINES = 1_000;

/**
 * The agent's only state, kept in a journal next to its socket, as the AWS CNI keeps its own. A change
 * is one appended line, 20 us, written before the CNI call is answered; a line that a crash cut off belongs to a
 * call that nobody heard the answer of. What is in the journal and no longer in the kernel does no
 * harm: a delete of missing things succeeds.
 */
export class SandboxStore {
  readonly #path: string;
  readonly #sandboxes = new Map<string, Sandbox>();
  #cooling: readonly CoolingAddress[] = [];
  #journal: number | undefined;
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    if (existsSync(path))
      for (const line of readFileSync(path, 'utf8').split('\n')) this.#replay(line);
    this.#compact();
  }

  /** Closes the journal; the store must not be changed any more. */
  close(): void {
    if (this.#journal !== undefined) closeSync(this.#journal);
    this.#journal = undefined;
  }

  get(containerId: string, ifName: string): Sandbox | undefined {
    return this.#sandboxes.get(keyOf({ containerId, ifName }));
  }

  list(): readonly Sandbox[] {
    return [...this.#sandboxes.values()];
  }

  put(sandbox: Sandbox): void {
    this.#record({ op: 'put', sandbox });
  }

  /** Forgets a sandbox; the address of a plain pod cools down first. */
  remove(sandbox: Sandbox, coolUntilMs: number): void {
    const { address, vlanId } = sandbox;
    this.#record({ op: 'remove', key: keyOf(sandbox) });
    if (vlanId !== undefined) return;
    this.#record({ op: 'cool', cooling: { address, untilMs: coolUntilMs } });
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

  #record(entry: Entry): void {
    const journal = must(this.#journal, () => 'the sandbox store is closed');
    writeSync(journal, `${JSON.stringify(entry)}\n`);
    this.#apply(entry);
    this.#lines += 1;
    if (this.#lines > LONGEST_JOURNAL_LINES) this.#compact();
  }

  #apply(entry: Entry): void {
    if (entry.op === 'put') this.#sandboxes.set(keyOf(entry.sandbox), entry.sandbox);
    else if (entry.op === 'remove') this.#sandboxes.delete(entry.key);
    else this.#cooling = [...this.#cooling, entry.cooling];
  }

  #replay(line: string): void {
    const entry = parseEntry(line);
    if (entry) this.#apply(entry);
  }

  /** Replaces the journal by the shortest one with the same meaning, in one step. */
  #compact(): void {
    const entries: Entry[] = [
      ...this.list().map((sandbox) => ({ op: 'put', sandbox }) as const),
      ...this.#cooling.map((cooling) => ({ op: 'cool', cooling }) as const),
    ];
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
    this.close();
    this.#journal = openSync(this.#path, 'a');
    this.#lines = entries.length;
  }
}

/** Undefined for a line that was cut off. */
function parseEntry(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

function keyOf(one: { readonly containerId: string; readonly ifName: string }): string {
  return `${one.containerId}/${one.ifName}`;
}

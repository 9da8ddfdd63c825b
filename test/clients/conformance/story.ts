/** A value of a request or an expectation; `{name}` in texts is what an earlier step saved. */
export type Params = Readonly<Record<string, unknown>>;

/** Keys to sign a call with. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface Step {
  /** A sentence: what the API does. */
  readonly name: string;
  /** Whose keys sign; default: the administrator's. */
  readonly as?: Keys;
  /** Clients that do not play it, because they add to the request what it should lack. */
  readonly not?: readonly string[];
  /** What the answer has is up to ids, so clients need not agree on it. */
  readonly varies?: boolean;
  /** The region; default: the client's own. */
  readonly region?: string;
  /** Variable -> dotted path into the answer. */
  readonly save?: Readonly<Record<string, string>>;
  /** What the answer has at least (`mismatches`). */
  readonly answers?: unknown;
  /** The error that is expected: its code, and what its text says. */
  readonly refused?: readonly [code: string, text?: string | RegExp];
  /** HTTP status of the error; default 400. */
  readonly status?: number;
}

/** One call with all clients. The action may name its service: `sts:GetCallerIdentity`. */
export interface CallStep extends Step {
  readonly call: readonly [action: string, params?: Params];
}

/** A command line of the aws CLI as people write it, without `aws`. */
export interface CommandStep extends Step {
  readonly aws: string;
}

/** A waiter of the clients, such as `VpcAvailable`; `answers: true` when what it waits for came. */
export interface WaitStep extends Step {
  readonly wait: readonly [waiter: string, params: Params];
}

/** All pages of a list as the clients' own paginators walk them. */
export interface PagesStep extends Step {
  readonly pages: readonly [action: string, params: Params, pageSize: number];
}

/** One case of the suite. */
export type AnyStep = CallStep | CommandStep | WaitStep | PagesStep;

/** The servers that stories run against. */
export type ServerName = 'standard' | 'small quotas' | 'two accounts';

/**
 * Steps that build on each other. Each client plays the story in a region of its own, so that all of
 * them make the same calls, and their answers must agree but for ids, names of regions and times.
 */
export interface Story {
  readonly title: string;
  /** Default: `standard`, a real `trunkline vpc serve` with default VPCs. */
  readonly server?: ServerName;
  readonly steps: readonly AnyStep[];
}

/** Filters of a describe request, one value or several for each name. */
export function where(filters: Readonly<Record<string, string | readonly string[]>>): Params {
  return {
    Filters: Object.entries(filters).map(([Name, values]) => ({ Name, Values: [values].flat() })),
  };
}

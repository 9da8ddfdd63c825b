import type { Keys, Params } from './story.ts';

/** What came of a call, as the client's own parser understood it. */
export type Outcome =
  | { readonly ok: true; readonly data: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      /** Undefined when the client does not tell. */
      readonly status: number | undefined;
    };

/** Where and as whom a call is made. */
export interface CallPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly keys: Keys;
}

/** One of the programs that users have. */
export interface ConformanceClient {
  readonly name: 'boto3' | 'sdk' | 'aws';
  /** Lists and structures as the client hands them to its user, times as texts. */
  call(
    place: CallPlace,
    request: { service: string; action: string; params: Params },
  ): Promise<Outcome>;
  wait(place: CallPlace, request: { waiter: string; params: Params }): Promise<Outcome>;
  pages(
    place: CallPlace,
    request: { action: string; params: Params; pageSize: number },
  ): Promise<Outcome>;
  close(): Promise<void>;
}

/** Bytes in a request: the text of `blob('...')`. */
interface Blob {
  readonly $blob: string;
}

/** Bytes in a request; each client has a type of its own for them. */
export function blob(text: string): Blob {
  return { $blob: text };
}

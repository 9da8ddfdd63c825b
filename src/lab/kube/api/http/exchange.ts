import type { IncomingMessage, ServerResponse } from 'node:http';
import type { User } from '../authn/user.ts';

/** One authenticated request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: User;
  /** Aborts when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

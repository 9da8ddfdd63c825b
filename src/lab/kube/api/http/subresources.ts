import type { Api, Call } from '../api.ts';
import type { Exchange } from './exchange.ts';

/** A request for a resource, with all that answering it needs. */
export interface ResourceRequest {
  readonly api: Api;
  readonly call: Call;
  readonly exchange: Exchange;
}

/** How subresources other than status are answered, by name. */
export const SUBRESOURCES: Readonly<Record<string, (request: ResourceRequest) => Promise<void>>> =
  {};

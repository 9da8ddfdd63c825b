/** A JSON request to a server of ours. */
export interface JsonRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Parsed body; undefined when it was empty or not JSON. */
  readonly body: unknown;
}

/** The answer; `body` is sent as JSON. */
export interface JsonResponse {
  readonly status: number;
  readonly body: unknown;
}

/** What a JSON server needs. */
export interface ServeJsonOptions {
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: { readonly certPem: string; readonly keyPem: string };
  /** A rejected promise is answered with status 500 and its message. */
  readonly handle: (request: JsonRequest) => Promise<JsonResponse>;
}

/** Serves JSON over HTTPS; real in `io/webhook-server.ts`. `close` drops open connections. */
export type ServeJson = (
  options: ServeJsonOptions,
) => Promise<{ readonly port: number; close(): Promise<void> }>;

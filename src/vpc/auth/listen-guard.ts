import type { Server } from 'node:http';
import type { Account } from './principal.ts';

/** What decides whether listening is safe. */
export interface ListenOptions {
  readonly listeners: readonly (
    | { readonly fd: number }
    | { readonly host: string; readonly port: number }
  )[];
  readonly accounts: readonly Account[];
  readonly tls?: { readonly certPem: string; readonly keyPem: string } | undefined;
}

/** Shorter secrets can be guessed; AWS's have 40 characters. */
const SHORTEST_SECRET = 16;
/** Secrets that examples and other emulators use: as good as none. */
const KNOWN_SECRETS: ReadonlySet<string> = new Set(['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY']);

/**
 * Refuses to listen beyond loopback without TLS or with credentials that everybody knows: whoever
 * reaches the port could do everything. Inherited sockets are judged by `checkSockets`.
 */
export function checkListeners(options: ListenOptions): void {
  for (const listener of options.listeners)
    if ('host' in listener && !isLoopback(listener.host)) refuseUnsafe(listener.host, options);
}

/** The same for sockets that listen already; closes all of them before it refuses. */
export async function checkSockets(
  servers: readonly Server[],
  options: ListenOptions,
): Promise<void> {
  try {
    for (const server of servers) {
      const address = server.address();
      if (address === null || typeof address === 'string') continue;
      if (!isLoopback(address.address)) refuseUnsafe(address.address, options);
    }
  } catch (error) {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    throw error;
  }
}

function refuseUnsafe(host: string, { accounts, tls }: ListenOptions): void {
  if (tls === undefined)
    throw new Error(`Cannot listen on ${host}: beyond loopback a certificate (TLS) is needed`);
  const weak = accounts.find(({ secretAccessKey }) => isDefault(secretAccessKey));
  if (weak !== undefined)
    throw new Error(
      `Cannot listen on ${host}: the secret of ${weak.accessKeyId} is a default or shorter than ${SHORTEST_SECRET} characters`,
    );
}

function isDefault(secret: string): boolean {
  return secret.length < SHORTEST_SECRET || KNOWN_SECRETS.has(secret);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(host);
}

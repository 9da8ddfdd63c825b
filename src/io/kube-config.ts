import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { KubeTransportOptions } from './kube-http.ts';

/** A kubeconfig that cannot be used, and what to do about it. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
}

interface Named<K extends string, T> {
  readonly name: string;
  readonly fields: Readonly<Record<K, T>>;
}
type Fields = Readonly<Record<string, string | undefined>>;

/**
 * Connection options from a kubeconfig file (its current context, unless one is named). Reads
 * certificates and tokens, inline or from files; not exec or auth-provider plugins: those need
 * `@kubernetes/client-node`, which costs 90 MB of memory.
 */
export async function readKubeConfig(
  path: string,
  contextName?: string,
): Promise<KubeTransportOptions> {
  const config = parseConfig(await readFile(path, 'utf8'), path);
  const wanted = contextName ?? config.current;
  const context = find(config.contexts, wanted, 'context', path);
  const cluster = find(config.clusters, context['cluster'] ?? '', 'cluster', path);
  const user = find(config.users, context['user'] ?? '', 'user', path);
  if (user['exec'] !== undefined || user['auth-provider'] !== undefined) {
    throw new KubeConfigError(`Cannot use ${path}: user "${context['user']}" needs a plugin`);
  }
  const server = cluster['server'];
  if (server === undefined) throw new KubeConfigError(`Cannot use ${path}: no server`);
  const read = (fields: Fields, name: string): Promise<string | undefined> =>
    pemOf(fields, name, dirname(path));
  return withoutUndefined({
    server,
    serverName: cluster['tls-server-name'],
    caPem: await read(cluster, 'certificate-authority'),
    certPem: await read(user, 'client-certificate'),
    keyPem: await read(user, 'client-key'),
    token: user['token'] ?? (await tokenFile(user['tokenFile'], dirname(path))),
  });
}

interface Config {
  readonly current: string;
  readonly contexts: readonly Named<string, string>[];
  readonly clusters: readonly Named<string, string>[];
  readonly users: readonly Named<string, string>[];
}

function parseConfig(text: string, path: string): Config {
  const raw = parse(text) as Record<string, unknown> | null;
  if (typeof raw !== 'object' || raw === null) {
    throw new KubeConfigError(`Cannot read ${path}: it is not a kubeconfig`);
  }
  const list = (field: string, inner: string): Named<string, string>[] => {
    const items = Array.isArray(raw[field]) ? (raw[field] as Record<string, unknown>[]) : [];
    return items.map((item) => ({
      name: String(item['name']),
      fields: (item[inner] ?? {}) as Record<string, string>,
    }));
  };
  return {
    current: typeof raw['current-context'] === 'string' ? raw['current-context'] : '',
    contexts: list('contexts', 'context'),
    clusters: list('clusters', 'cluster'),
    users: list('users', 'user'),
  };
}

function find(
  items: readonly Named<string, string>[],
  name: string,
  what: string,
  path: string,
): Fields {
  const found = items.find((item) => item.name === name);
  if (found) return found.fields;
  const known = items.map((item) => item.name).join(', ');
  throw new KubeConfigError(`Cannot use ${path}: there is no ${what} "${name}", only: ${known}`);
}

async function pemOf(fields: Fields, name: string, folder: string): Promise<string | undefined> {
  const inline = fields[`${name}-data`];
  if (inline !== undefined) return Buffer.from(inline, 'base64').toString('utf8');
  const file = fields[name];
  return file === undefined ? undefined : readFile(resolve(folder, file), 'utf8');
}

async function tokenFile(file: string | undefined, folder: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return (await readFile(resolve(folder, file), 'utf8')).trim();
}

function withoutUndefined(
  options: { [K in keyof KubeTransportOptions]: KubeTransportOptions[K] | undefined } & {
    readonly server: string;
  },
): KubeTransportOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as KubeTransportOptions;
}

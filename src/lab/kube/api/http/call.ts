import { badRequest, noSuchPath } from '../status.ts';
import type { Api, Call, FieldValidation } from '../api.ts';
import type { Exchange } from './exchange.ts';
import type { ResourcePath } from './request-info.ts';

/** The operation that a resource request asks for; 404 when nothing serves its path. */
export function callOf(api: Api, path: ResourcePath, exchange: Exchange): Call {
  const kind = api.registry.find(path.group, path.version, path.plural);
  if (kind === undefined || (path.namespace !== '' && !kind.namespaced)) throw noSuchPath();
  if (kind.namespaced && path.namespace === '' && path.name !== '') throw noSuchPath();
  const query = exchange.url.searchParams;
  return {
    kind,
    namespace: path.namespace,
    name: path.name,
    subresource: path.subresource,
    user: exchange.user,
    dryRun: dryRunOf(query),
    fieldValidation: validationOf(query),
    fieldManager: query.get('fieldManager') ?? managerOf(exchange),
    warnings: [],
  };
}

function dryRunOf(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  if (values.length === 0) return false;
  if (values.every((value) => value === 'All')) return true;
  throw badRequest(
    `Invalid value: "${values.join(',')}": dryRun: Unsupported value: supported values: "All"`,
  );
}

function validationOf(query: URLSearchParams): FieldValidation {
  const text = query.get('fieldValidation') ?? '';
  if (text === '') return 'Warn';
  if (text === 'Ignore' || text === 'Warn' || text === 'Strict') return text;
  throw badRequest(
    `fieldValidation: Unsupported value: "${text}": supported values: "Ignore", "Strict", "Warn"`,
  );
}

function managerOf(exchange: Exchange): string {
  return (exchange.request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown';
}

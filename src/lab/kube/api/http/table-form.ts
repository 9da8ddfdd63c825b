import type { Api, Call } from '../api.ts';
import type { ApiObject } from '../object.ts';
import { tableMetadata, tableOf } from '../table/table.ts';
import { listMetadata, type Page } from '../verbs/read.ts';
import type { WatchEvent } from '../verbs/watch.ts';
import type { Exchange } from './exchange.ts';

/** Turns answers into meta/v1 Tables, which `kubectl get` prints. */
export interface TableForm {
  readonly type: string;
  ofPage(page: Page): unknown;
  ofObject(object: unknown): unknown;
  ofEvent(event: WatchEvent): WatchEvent;
}

/** The table form when the client prefers it (Accept: application/json;as=Table;...). */
export function tableForm(api: Api, call: Call, exchange: Exchange): TableForm | undefined {
  const version = tableVersion(exchange.request.headers.accept ?? '');
  if (version === undefined) return undefined;
  const include = exchange.url.searchParams.get('includeObject') ?? 'Metadata';
  const table = (objects: readonly ApiObject[], metadata: Record<string, unknown>): unknown =>
    tableOf(call.kind, objects, { metadata, include, version, nowMs: api.clock.nowMs() });
  let first = true;
  return {
    type: 'application/json',
    ofPage: (page) => table(page.items, listMetadata(page)),
    ofObject: (object) => table([object as ApiObject], tableMetadata(object as ApiObject)),
    ofEvent: (event) => {
      if (event.type === 'ERROR') return event;
      const object = event.object as ApiObject;
      const body = table(event.type === 'BOOKMARK' ? [] : [object], tableMetadata(object));
      const shown = first ? body : { ...(body as object), columnDefinitions: null };
      first = false;
      return { type: event.type, object: shown as ApiObject };
    },
  };
}

/** The version of the Table that is asked for, when a table comes before plain JSON. */
function tableVersion(accept: string): string | undefined {
  for (const choice of accept.split(',').map((part) => part.replaceAll(' ', ''))) {
    const [type, ...parameters] = choice.split(';');
    if (type !== 'application/json' && type !== '*/*') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='));
    if (as === undefined) return undefined;
    const version = parameters.find((parameter) => parameter.startsWith('v='))?.slice(2);
    if (as === 'as=Table' && (version === 'v1' || version === 'v1beta1')) return version;
  }
  return undefined;
}

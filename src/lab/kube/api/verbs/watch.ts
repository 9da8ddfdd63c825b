import type { Api, Call } from '../api.ts';
import type { Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { apiVersionOf } from '../registry/kind.ts';
import type { ObjectMatch } from '../selector/field.ts';
import { expired, statusOf } from '../status.ts';
import type { Change } from '../store/history.ts';
import { served } from './forms.ts';
import { parseSelection, parseWatchVersion } from './read.ts';

/** One event of a watch, in the served form of its object. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Fields;
}

/** Where a watch sends its events. Must not throw. */
export type WatchSink = (event: WatchEvent) => void;

/** A running watch. */
export interface Watch {
  /** Sends a bookmark with the present version, if the client wants bookmarks. */
  bookmark(): void;
  stop(): void;
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Starts a watch: what is there or what was missed first, then each change as it happens. */
export function startWatch(api: Api, call: Call, query: URLSearchParams, sink: WatchSink): Watch {
  const { kind } = call;
  const matches = parseSelection(call, query);
  const version = parseWatchVersion(api, query);
  const wantsInitial = query.get('sendInitialEvents') === 'true';
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  const send = (change: Change): void => {
    const event = eventOf(call, change, matches);
    if (event !== undefined) sink(event);
  };
  if (version === undefined || wantsInitial) {
    sendCurrent(api, call, matches, sink);
    if (wantsInitial && bookmarks) sink(bookmarkOf(api, call, { [INITIAL_EVENTS_END]: 'true' }));
  } else if (!replay(api, call, version, send)) {
    const error = expired(`too old resource version: ${version} (${api.store.version})`);
    sink({ type: 'ERROR', object: statusOf(error) });
    return { bookmark: () => {}, stop: () => {} };
  }
  const stop = api.store.subscribe((storage, change) => {
    if (storage === kind.storage) send(change);
  });
  return {
    bookmark: () => {
      if (bookmarks) sink(bookmarkOf(api, call));
    },
    stop,
  };
}

function sendCurrent(api: Api, call: Call, matches: ObjectMatch, sink: WatchSink): void {
  const namespace = call.namespace === '' ? undefined : call.namespace;
  for (const object of api.store.list(call.kind.storage, namespace)) {
    const form = served(call.kind, object);
    if (matches(form)) sink({ type: 'ADDED', object: form });
  }
}

function replay(api: Api, call: Call, version: number, send: (change: Change) => void): boolean {
  const missed = api.store.changesAfter(call.kind.storage, version);
  if (missed === undefined) return false;
  for (const change of missed) send(change);
  return true;
}

/**
 * The event of a change for one watch: an object that begins to match is added, one that stops
 * matching is deleted.
 */
function eventOf(call: Call, change: Change, matches: ObjectMatch): WatchEvent | undefined {
  if (call.namespace !== '' && change.object.metadata.namespace !== call.namespace) {
    return undefined;
  }
  const selected = (object: ApiObject | undefined): boolean =>
    object !== undefined && matches(served(call.kind, object));
  const was = selected(change.before);
  const is = change.type !== 'DELETED' && selected(change.object);
  if (!was && !is) return undefined;
  const object = served(call.kind, change.object);
  if (was && is) return { type: 'MODIFIED', object };
  return { type: is ? 'ADDED' : 'DELETED', object };
}

function bookmarkOf(api: Api, call: Call, annotations?: Record<string, string>): WatchEvent {
  return {
    type: 'BOOKMARK',
    object: {
      kind: call.kind.kind,
      apiVersion: apiVersionOf(call.kind),
      metadata: {
        resourceVersion: String(api.store.version),
        creationTimestamp: null,
        ...(annotations && { annotations }),
      },
    },
  };
}

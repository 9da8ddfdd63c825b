import type { ListOptions, WatchEvent } from '../../api/client.ts';
import { KubeError } from '../../api/kube-error.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import type { ApiObject } from '../kube/api/object.ts';
import { parseFieldSelector } from '../kube/api/selector/field.ts';
import { parseLabelSelector } from '../kube/api/selector/label.ts';
import type { Change } from '../kube/api/store/history.ts';
import type { Store } from '../kube/api/store/store.ts';

/** Whether a list or a watch is about an object. */
export type Selected = (object: ApiObject) => boolean;

/** Selection by namespace, labels and fields. */
export function selectionOf(target: Resource<KubeObject>, options: ListOptions): Selected {
  const { namespace, labelSelector, fieldSelector } = options;
  if (namespace === undefined && !labelSelector && !fieldSelector) return () => true;
  const labels = parseLabelSelector(labelSelector ?? '');
  const fields = parseFieldSelector(fieldSelector ?? '', target.plural);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels(object.metadata.labels ?? {}) &&
    fields(object);
}

/**
 * Changes of one storage after a version, until the signal aborts. The queue between the store and
 * the reader has no limit: the reader is the informer of this process, which only files objects.
 */
export async function* watchStore(
  store: Store,
  options: { readonly storage: string; readonly from: number; readonly selected: Selected },
  signal: AbortSignal,
): AsyncIterable<WatchEvent<KubeObject>> {
  const missed = store.changesAfter(options.storage, options.from);
  if (missed === undefined)
    throw new KubeError('Expired', `Version ${options.from} is too old`, { status: 410 });
  let queue: Change[] = [...missed];
  let wake = (): void => {};
  const rouse = (): void => wake();
  const stop = store.subscribe((storage, change) => {
    if (storage !== options.storage) return;
    queue.push(change);
    wake();
  });
  signal.addEventListener('abort', rouse);
  try {
    while (!signal.aborted) {
      if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const batch = queue;
      queue = [];
      yield* eventsOf(batch, options.selected);
    }
  } finally {
    stop();
    signal.removeEventListener('abort', rouse);
  }
}

function* eventsOf(
  changes: readonly Change[],
  selected: Selected,
): Iterable<WatchEvent<KubeObject>> {
  for (const { type, object, before } of changes) {
    const was = before !== undefined && selected(before);
    const is = type !== 'DELETED' && selected(object);
    if (is) yield { type: was ? 'MODIFIED' : 'ADDED', object };
    else if (was) yield { type: 'DELETED', object };
  }
}

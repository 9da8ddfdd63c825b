import type { KubeClient } from '../../api/client.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import type { IdKind } from '../../ec2/id-kinds.ts';
import { Collection, type CollectionOptions } from './collection.ts';
import type { IndexKeys } from './table.ts';

/** Makes a collection of one kind. */
export type MakeCollection = <T extends KubeObject>(
  resource: Resource<T>,
  idKind: IdKind,
  indexes: Readonly<Record<string, IndexKeys<T>>>,
  labels?: CollectionOptions<T>['labels'],
) => Collection<T>;

/** Makes collections that write through the same client. */
export function collectionsOver(kube: KubeClient): MakeCollection {
  return (resource, idKind, indexes, labels) =>
    new Collection({ kube, resource, idKind, indexes, ...(labels && { labels }) });
}

import type { KubeClient } from '../../api/client.ts';
import { VPC_OBJECT_CRDS } from '../../api/vpc/all.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { Journal } from '../kube/api/store/journal.ts';
import { Store } from '../kube/api/store/store.ts';
import { EmbeddedKube } from './kube.ts';

/** An open embedded store. */
export interface OpenedKube {
  readonly kube: KubeClient;
  /** Folds the log into the file. No call may be under way. */
  close(): void;
}

/**
 * Opens the store at a path, or one in memory. The file belongs to one process at a time: its
 * objects are held in memory, so a second opener fails with "database is locked".
 */
export function openEmbeddedKube(options: {
  /** A file, made when absent; undefined keeps nothing. */
  readonly path: string | undefined;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly random: Random;
}): OpenedKube {
  const journal = new Journal(options.path ?? ':memory:', { exclusive: true });
  const withStatus = VPC_OBJECT_CRDS.filter((crd) => crd.statusSubresource);
  return {
    kube: new EmbeddedKube({
      store: new Store(journal),
      clock: options.clock,
      random: options.random,
      statusSubresources: ['nodes', ...withStatus.map(({ resource }) => resource.plural)],
    }),
    close: () => journal.close(),
  };
}

import type { KubeClient } from '../../api/client.ts';
import { VPC_OBJECT_CRDS, VPC_STATE_FORMAT } from '../../api/vpc/all.ts';
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

/** A file that a newer program wrote, or no store at all. */
export class StoreUnreadable extends Error {
  override readonly name = 'StoreUnreadable';
}

/** Name of the journal's setting. */
const FORMAT = 'vpc-format';

/**
 * Opens the store at a path, or one in memory. The file belongs to one process at a time: its
 * objects are held in memory, so a second opener fails with "database is locked". Throws
 * StoreUnreadable for what cannot be opened.
 */
export function openEmbeddedKube(options: {
  /** A file, made when absent; undefined keeps nothing. */
  readonly path: string | undefined;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly random: Random;
}): OpenedKube {
  const journal = openJournal(options.path ?? ':memory:');
  // At the end of this turn of the event loop: whatever came over all connections is written at once.
  const store = new Store(journal, { defer: (commit) => void setImmediate(commit) });
  const withStatus = VPC_OBJECT_CRDS.filter((crd) => crd.statusSubresource);
  return {
    kube: new EmbeddedKube({
      store,
      clock: options.clock,
      random: options.random,
      statusSubresources: ['nodes', ...withStatus.map(({ resource }) => resource.plural)],
    }),
    close: () => {
      store.commit();
      journal.close();
    },
  };
}

function openJournal(path: string): Journal {
  let journal: Journal;
  try {
    journal = new Journal(path, { exclusive: true });
  } catch (error) {
    throw new StoreUnreadable(error instanceof Error ? error.message : String(error));
  }
  const format = Number(journal.setting(FORMAT) ?? VPC_STATE_FORMAT);
  if (format > VPC_STATE_FORMAT) {
    journal.close();
    throw new StoreUnreadable(
      `it has format ${format} of a newer Trunkline, this one reads up to ${VPC_STATE_FORMAT}`,
    );
  }
  journal.setSetting(FORMAT, String(VPC_STATE_FORMAT));
  return journal;
}

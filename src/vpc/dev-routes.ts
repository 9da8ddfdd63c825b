import type { WireRequest } from './auth/sigv4.ts';
import type { Dispatch, WireResponse } from './dispatch.ts';
import { collectionsOf, type Store } from './store/store.ts';

/** What the routes work on. */
export interface DevRoutes {
  readonly store: Store;
  /** Brings the seeded state about. */
  readonly seed: () => Promise<void>;
}

/**
 * `GET /_trunkline/health` and `POST /_trunkline/reset` (back to the seeded state), without a
 * signature: for tests, never for a server that others reach. During a reset requests wait.
 */
export function withDevRoutes(dispatch: Dispatch, routes: DevRoutes): Dispatch {
  const barrier = new Barrier();
  const reset = (): Promise<void> =>
    barrier.alone(async () => {
      await emptyStore(routes.store);
      await routes.seed();
    });
  return async (request, requestId) => {
    if (!request.path.startsWith('/_trunkline/')) {
      return barrier.among(() => dispatch(request, requestId));
    }
    return devAnswer(request, requestId, { store: routes.store, reset });
  };
}

async function devAnswer(
  { method, path }: WireRequest,
  requestId: string,
  { store, reset }: { readonly store: Store; readonly reset: () => Promise<void> },
): Promise<WireResponse> {
  const answer = (status: number, value: unknown): WireResponse => ({
    status,
    body: JSON.stringify(value),
    requestId,
    contentType: 'application/json',
  });
  switch (`${method} ${path}`) {
    case 'GET /_trunkline/health':
      return answer(200, { status: 'ok', objects: countObjects(store) });
    case 'POST /_trunkline/reset':
      await reset();
      return answer(200, { status: 'ok', objects: countObjects(store) });
    default:
      return answer(404, { message: `There is no ${method} ${path}` });
  }
}

function countObjects(store: Store): number {
  return collectionsOf(store).reduce((sum, { table }) => sum + table.size, 0);
}

async function emptyStore(store: Store): Promise<void> {
  for (const collection of collectionsOf(store))
    // Entries may be removed while a map is walked.
    for (const { metadata } of collection.table.values()) await collection.remove(metadata.name);
}

/** Lets many tasks run at a time, or one that waits for them and holds the others up. */
class Barrier {
  #running = 0;
  #idle = Promise.withResolvers<void>();
  #alone: Promise<void> = Promise.resolve();
  #waiting = 0;

  async among<T>(task: () => Promise<T>): Promise<T> {
    while (this.#waiting > 0) await this.#alone;
    this.#running += 1;
    try {
      return await task();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#idle.resolve();
    }
  }

  alone(task: () => Promise<void>): Promise<void> {
    this.#waiting += 1;
    const turn = this.#alone.then(async () => {
      this.#idle = Promise.withResolvers();
      if (this.#running > 0) await this.#idle.promise;
      try {
        await task();
      } finally {
        this.#waiting -= 1;
      }
    });
    this.#alone = turn.catch(() => {});
    return turn;
  }
}

import type { KubeObject } from '../../api/meta.ts';
import { isAmbiguous, type Collection } from './collection.ts';

/** One object that is still to be written. */
export interface Creation {
  readonly create: () => Promise<unknown>;
  readonly remove: () => Promise<void>;
}

/** An object and where it goes. */
export function creation<T extends KubeObject>(collection: Collection<T>, object: T): Creation {
  return {
    create: () => collection.create(object),
    remove: () => collection.remove(object.metadata.name),
  };
}

/**
 * Writes parts and then the whole that they belong to. Parts are worth nothing without the whole:
 * nobody sees them before it is there, and the sweep removes those that a crash left alone. When
 * the process lives on, they are removed here, unless the whole may have been stored after all.
 */
export async function createWhole<T>(
  parts: readonly Creation[],
  whole: () => Promise<T>,
): Promise<T> {
  try {
    await settle(parts.map((part) => part.create()));
  } catch (error) {
    await Promise.allSettled(parts.map((part) => part.remove()));
    throw error;
  }
  try {
    return await whole();
  } catch (error) {
    if (!isAmbiguous(error)) await Promise.allSettled(parts.map((part) => part.remove()));
    throw error;
  }
}

/** Waits for all, then throws the first failure: no write is still under way after it. */
async function settle(writes: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes))
    if (result.status === 'rejected') throw result.reason;
}

/** A broken invariant: a bug in Trunkline, never bad input. Not caught except at the process edge. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Throws when an invariant does not hold. The message is a function so that the happy path
 * formats nothing.
 */
export function assert(condition: unknown, message: () => string): asserts condition {
  if (!condition) throw new InvariantError(message());
}

/** Returns the value, or throws when it is absent although the caller knows it must be there. */
export function must<T>(value: T | undefined | null, message: () => string): T {
  if (value === undefined || value === null) throw new InvariantError(message());
  return value;
}

/** Marks a switch as exhaustive: a new union member breaks the build here. */
export function unreachable(value: never): never {
  throw new InvariantError(`Unreachable case: ${JSON.stringify(value)}`);
}

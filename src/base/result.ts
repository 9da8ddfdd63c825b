/**
 * Expected outcomes as values. Pure layers return a `Result` instead of throwing: a wrong input is
 * an answer, not an accident. See docs/STYLE.md, section 4.
 */
export type Result<T, E> = Ok<T> | Err<E>;

/** A successful outcome. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

/** A failed outcome that the caller is expected to handle. */
export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

/** Wraps a value as a success. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** Wraps a problem as a failure. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}

/** Reasons of the Kubernetes API (meta/v1 StatusReason) that callers branch on. */
export type KubeReason =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Invalid'
  | 'BadRequest'
  | 'Forbidden'
  | 'Unauthorized'
  | 'Expired'
  | 'Timeout'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'Unreachable'
  | 'Unknown';

/** A failed call to the Kubernetes API. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly reason: KubeReason;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly retry: 'no' | 'backoff';

  constructor(reason: KubeReason, message: string, details: { status: number; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.status = details.status;
    this.retry = RETRYABLE.has(reason) ? 'backoff' : 'no';
  }
}

const RETRYABLE: ReadonlySet<KubeReason> = new Set([
  'Conflict',
  'Timeout',
  'TooManyRequests',
  'InternalError',
  'ServiceUnavailable',
  'Unreachable',
]);

/** Whether the error is a KubeError with this reason. */
export function isKubeError(error: unknown, reason: KubeReason): error is KubeError {
  return error instanceof KubeError && error.reason === reason;
}

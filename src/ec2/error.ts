/** A failed EC2 call, with the AWS error code. Raised by the client, answered by the server. */
export class Ec2Error extends Error {
  override readonly name = 'Ec2Error';
  /** AWS code, such as `InvalidGroup.NotFound`; `Unreachable` when there was no answer. */
  readonly code: string;
  readonly retry: 'no' | 'backoff';

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, { cause: options?.cause });
    this.code = code;
    this.retry = RETRYABLE.has(code) ? 'backoff' : 'no';
  }
}

const RETRYABLE: ReadonlySet<string> = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'InternalError',
  'InternalFailure',
  'ServiceUnavailable',
  'Unavailable',
  'Unreachable',
]);

/** Whether the error is an Ec2Error with one of these codes. */
export function isEc2Error(error: unknown, ...codes: readonly string[]): error is Ec2Error {
  return error instanceof Ec2Error && codes.includes(error.code);
}

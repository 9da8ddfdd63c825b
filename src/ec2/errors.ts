/** HTTP statuses of EC2 error codes that are not 400 (spec: ec2-surface 1.3). */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ['AuthFailure', 401],
  ['UnauthorizedOperation', 403],
  ['AccessDenied', 403],
  ['InvalidClientTokenId', 403],
  ['SignatureDoesNotMatch', 403],
  ['MissingAuthenticationToken', 403],
  ['OptInRequired', 403],
  ['Blocked', 403],
  ['ExpiredToken', 403],
  ['NoSuchEntity', 404],
  ['EntityAlreadyExists', 409],
  ['DeleteConflict', 409],
  ['LimitExceeded', 409],
  ['DryRunOperation', 412],
  ['RequestEntityTooLarge', 413],
  ['InternalError', 500],
  ['InternalFailure', 500],
  ['InsufficientInstanceCapacity', 500],
  ['RequestLimitExceeded', 503],
  ['Unavailable', 503],
  ['ServiceUnavailable', 503],
]);

/** HTTP status with which AWS sends this code; client errors are 400 unless listed. */
export function httpStatusOf(code: string): number {
  return STATUSES.get(code) ?? 400;
}

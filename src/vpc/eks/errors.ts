import { Ec2Error } from '../../ec2/error.ts';

const STATUSES: ReadonlyMap<string, number> = new Map([
  ['ResourceNotFoundException', 404],
  ['NotFoundException', 404],
  ['ResourceInUseException', 409],
  ['UnrecognizedClientException', 403],
  ['InvalidSignatureException', 403],
  ['MissingAuthenticationTokenException', 403],
  ['AccessDeniedException', 403],
  ['ThrottlingException', 429],
  ['ServerException', 500],
  ['ServiceUnavailableException', 503],
]);

/** What EKS calls the failures that all services share. */
const EKS_NAMES: ReadonlyMap<string, string> = new Map([
  ['MissingAuthenticationToken', 'MissingAuthenticationTokenException'],
  ['InvalidClientTokenId', 'UnrecognizedClientException'],
  ['SignatureDoesNotMatch', 'InvalidSignatureException'],
  ['ExpiredToken', 'ExpiredTokenException'],
  ['AccessDenied', 'AccessDeniedException'],
  ['UnauthorizedOperation', 'AccessDeniedException'],
  ['RequestLimitExceeded', 'ThrottlingException'],
  ['InternalError', 'ServerException'],
  ['Unavailable', 'ServiceUnavailableException'],
]);

/** The code under which EKS answers an error of the server. */
export function eksCode(code: string): string {
  return EKS_NAMES.get(code) ?? code;
}

/** HTTP status of a code of EKS. */
export function eksStatus(code: string): number {
  return STATUSES.get(code) ?? 400;
}

/** `ResourceNotFoundException`. */
export function notFound(message: string): Ec2Error {
  return new Ec2Error('ResourceNotFoundException', message);
}

/** `InvalidParameterException`. */
export function invalidParameter(message: string): Ec2Error {
  return new Ec2Error('InvalidParameterException', message);
}

/** `ResourceInUseException`. */
export function inUse(message: string): Ec2Error {
  return new Ec2Error('ResourceInUseException', message);
}

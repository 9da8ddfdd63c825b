/**
 * The error codes of the CNI specification (1.1.0, section "Error") and ours above 100, with the
 * text that a user sees. The only place that knows the numbers.
 */
export const CNI_ERRORS = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidConfig: 7,
  /** The runtime should try the same call again later. */
  tryAgainLater: 11,
  /** STATUS: no ADD can succeed at present. */
  notAvailable: 50,
  /** Ours: the pod must not run like this; a retry cannot help. */
  refused: 100,
  /** Ours: wiring or its check failed. */
  wiringFailed: 101,
  internal: 999,
} as const;

/** Name of an error in the table. */
export type CniErrorName = keyof typeof CNI_ERRORS;

/** The error object of the specification, without the version. */
export interface CniErrorBody {
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** A failed CNI call. `details` may be empty. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: number;
  readonly details: string;

  constructor(name: CniErrorName, message: string, details = '') {
    super(message);
    this.code = CNI_ERRORS[name];
    this.details = details;
  }
}

/** What the kubelet shows while a pod has no address yet; the text is EKS's (spec 5.4). */
export const NO_ADDRESS = 'add cmd: failed to assign an IP address to container';

/** The body to print for any failure. */
export function cniErrorBody(error: unknown): CniErrorBody {
  if (error instanceof CniError)
    return { code: error.code, msg: error.message, details: error.details };
  const msg = error instanceof Error ? error.message : String(error);
  return { code: CNI_ERRORS.internal, msg, details: '' };
}

import { KubeError } from '../api/kube-error.ts';
import { Ec2Error } from '../ec2/error.ts';
import { httpStatusOf } from '../ec2/errors.ts';
import type { Services } from './context.ts';

/** An error as it is answered. */
export interface ErrorAnswer {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/** Turns what a handler threw into an answer; bugs are logged and answered without their text. */
export function errorAnswer(
  error: unknown,
  { log }: Pick<Services, 'log'>,
  requestId: string,
): ErrorAnswer {
  if (error instanceof Ec2Error)
    return { code: error.code, message: error.message, status: httpStatusOf(error.code) };
  log.error('Request failed', { requestId, error });
  const code =
    error instanceof KubeError && error.retry === 'backoff' ? 'Unavailable' : 'InternalError';
  const message =
    code === 'Unavailable'
      ? 'The server is overloaded and cannot handle the request.'
      : 'An internal error has occurred';
  return { code, message, status: httpStatusOf(code) };
}

import { KubeError, type KubeReason } from '../api/kube-error.ts';

/** meta/v1 StatusReason to our reason; what is missing is decided by the HTTP status. */
const BY_REASON: Readonly<Record<string, KubeReason>> = {
  NotFound: 'NotFound',
  AlreadyExists: 'AlreadyExists',
  Conflict: 'Conflict',
  Invalid: 'Invalid',
  BadRequest: 'BadRequest',
  Forbidden: 'Forbidden',
  Unauthorized: 'Unauthorized',
  Expired: 'Expired',
  Gone: 'Expired',
  Timeout: 'Timeout',
  ServerTimeout: 'Timeout',
  TooManyRequests: 'TooManyRequests',
  InternalError: 'InternalError',
  ServiceUnavailable: 'ServiceUnavailable',
};

const BY_STATUS: Readonly<Record<number, KubeReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'ServiceUnavailable',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The error of a failed call: from a meta/v1 Status when the body is one, else from the status. */
export function kubeErrorOf(httpStatus: number, body: string): KubeError {
  const status = parseStatus(body);
  const code = status?.code ?? httpStatus;
  const reason = BY_REASON[status?.reason ?? ''] ?? BY_STATUS[code] ?? 'Unknown';
  const message = status?.message ?? `HTTP ${httpStatus}: ${body.slice(0, 500)}`;
  return new KubeError(reason, message, { status: code });
}

/** The error of a call that got no answer. */
export function unreachable(cause: unknown): KubeError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new KubeError('Unreachable', `Cannot reach the Kubernetes API: ${text}`, {
    status: 0,
    cause,
  });
}

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
}

function parseStatus(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as { kind?: unknown } & Status;
    return value.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

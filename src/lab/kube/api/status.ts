import { KubeError } from '../../../api/kube-error.ts';
import type { Fields } from '../../../base/json.ts';

/** One wrong field of an object, as the API server words it. */
export interface FieldProblem {
  /** Such as `spec.containers[0].name`. */
  readonly path: string;
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany';
  /** `Required value: name is needed`, without the path. */
  readonly text: string;
}

/** What an error is about. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** A failed request; answered as a meta/v1 Status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: Fields | undefined;

  constructor(code: number, reason: string, message: string, details?: Fields) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** `pods`, or `deployments.apps` with a group. */
export function qualified(resource: Pick<ResourceName, 'group' | 'plural'>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function detailsOf(resource: ResourceName, name: string): Fields {
  return { name, ...(resource.group !== '' && { group: resource.group }), kind: resource.plural };
}

/** 404 for one object. */
export function notFound(resource: ResourceName, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" not found`;
  return new ApiError(404, 'NotFound', message, detailsOf(resource, name));
}

/** 404 for a path that nothing serves. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409 on create. */
export function alreadyExists(resource: ResourceName, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, detailsOf(resource, name));
}

/** 409 on a stale write. */
export function conflict(resource: ResourceName, name: string, why?: string): ApiError {
  const text =
    why ??
    'the object has been modified; please apply your changes to the latest version and try again';
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${text}`;
  return new ApiError(409, 'Conflict', message, detailsOf(resource, name));
}

/** 403 for one object. */
export function forbidden(resource: ResourceName, name: string, why: string): ApiError {
  const message = `${qualified(resource)} "${name}" is forbidden: ${why}`;
  return new ApiError(403, 'Forbidden', message, detailsOf(resource, name));
}

/** 422 with every wrong field. */
export function invalid(
  resource: ResourceName,
  name: string,
  problems: readonly FieldProblem[],
): ApiError {
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  const texts = [...new Set(problems.map(({ path, text }) => `${path}: ${text}`))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, {
    name,
    ...(resource.group !== '' && { group: resource.group }),
    kind: resource.kind,
    causes: problems.map(({ path, reason, text }) => ({ reason, message: text, field: path })),
  });
}

/** 400. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** 405. */
export function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** 410: the resourceVersion is no longer in the history. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

/** 500. */
export function internal(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

const HTTP_REASONS: ReadonlySet<string> = new Set(['Unreachable', 'Unknown']);

/** Any thrown value as an ApiError; what nobody foresaw becomes a 500. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof KubeError && error.status >= 400 && !HTTP_REASONS.has(error.reason)) {
    return new ApiError(error.status, error.reason, error.message);
  }
  return internal(error instanceof Error ? error.message : String(error));
}

/** The meta/v1 Status of an error. */
export function statusOf(error: ApiError): Fields {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    ...(error.details && { details: error.details }),
    code: error.code,
  };
}

/** A problem: the field is needed. */
export function required(path: string, detail = ''): FieldProblem {
  const text = detail === '' ? 'Required value' : `Required value: ${detail}`;
  return { path, reason: 'FieldValueRequired', text };
}

/** A problem: the value is wrong. */
export function invalidValue(path: string, value: unknown, detail: string): FieldProblem {
  const text = `Invalid value: ${valueText(value)}: ${detail}`;
  return { path, reason: 'FieldValueInvalid', text };
}

/** A problem: the value is none of the choices. */
export function notSupported(
  path: string,
  value: unknown,
  choices: readonly unknown[],
): FieldProblem {
  const list = choices.map((choice) => JSON.stringify(choice)).join(', ');
  const text = `Unsupported value: ${valueText(value)}: supported values: ${list}`;
  return { path, reason: 'FieldValueNotSupported', text };
}

/** A problem: the field must not be set or changed. */
export function forbiddenField(path: string, detail: string): FieldProblem {
  return { path, reason: 'FieldValueForbidden', text: `Forbidden: ${detail}` };
}

/** A problem: the value is there twice. */
export function duplicate(path: string, value: unknown): FieldProblem {
  return { path, reason: 'FieldValueDuplicate', text: `Duplicate value: ${valueText(value)}` };
}

function valueText(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

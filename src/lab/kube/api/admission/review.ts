import { randomUid } from '../random-names.ts';
import type { Random } from '../../../../base/random.ts';
import { apiVersionOf } from '../registry/kind.ts';
import {
  at,
  fieldsOf,
  isFields,
  listOf,
  numberAt,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { jsonPatch } from '../patch/json.ts';
import type { AdmissionRequest } from './admission.ts';

const REVIEW_VERSION = 'admission.k8s.io/v1';

/** What a webhook decided. */
export interface Verdict {
  readonly allowed: boolean;
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  /** The object after the webhook's patch, if it sent one. */
  readonly patched?: ApiObject;
  readonly warnings: readonly string[];
}

/** The AdmissionReview that is sent to webhooks. */
export function reviewOf(request: AdmissionRequest, random: Random): Fields {
  const { kind, subresource, user } = request;
  const gvk = { group: kind.group, version: kind.version, kind: kind.kind };
  const gvr = { group: kind.group, version: kind.version, resource: kind.plural };
  return {
    kind: 'AdmissionReview',
    apiVersion: REVIEW_VERSION,
    request: {
      uid: randomUid(random),
      kind: gvk,
      resource: gvr,
      ...(subresource !== '' && { subResource: subresource, requestSubResource: subresource }),
      requestKind: gvk,
      requestResource: gvr,
      name: request.name,
      ...(request.namespace !== '' && { namespace: request.namespace }),
      operation: request.operation,
      userInfo: { username: user.name, groups: user.groups },
      object: typed(request.object, request),
      oldObject: typed(request.oldObject, request),
      dryRun: request.dryRun,
      options: request.options,
    },
  };
}

function typed(object: ApiObject | undefined, { kind }: AdmissionRequest): ApiObject | null {
  return object ? { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind } : null;
}

/** Reads a webhook's answer; throws an Error when it is not a proper AdmissionReview. */
export function verdictOf(answer: unknown, sent: Fields, request: AdmissionRequest): Verdict {
  const response = at(answer, 'response');
  if (textAt(answer, 'kind') !== 'AdmissionReview' || !isFields(response)) {
    throw new Error('expected webhook response of AdmissionReview with a response');
  }
  if (textAt(response, 'uid') !== textAt(sent, 'request', 'uid')) {
    throw new Error('expected response.uid to be that of the request');
  }
  const status = fieldsOf(response['status']);
  const patched = patchedObject(response, request);
  return {
    allowed: response['allowed'] === true,
    message: textAt(status, 'message'),
    reason: textAt(status, 'reason'),
    code: numberAt(status, 'code') ?? 0,
    ...(patched && { patched }),
    warnings: listOf(response['warnings']).map(String),
  };
}

function patchedObject(response: Fields, request: AdmissionRequest): ApiObject | undefined {
  const patch = textAt(response, 'patch');
  if (patch === '' || request.object === undefined) return undefined;
  const type = textAt(response, 'patchType');
  if (type !== 'JSONPatch') throw new Error(`expected patchType JSONPatch, got "${type}"`);
  const steps = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as unknown;
  return jsonPatch(request.object, steps) as ApiObject;
}

import type { Api, Call } from '../api.ts';
import { clone } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { jsonPatch } from '../patch/json.ts';
import { applyMergePatch } from '../../../../api/patch.ts';
import { strategicPatch } from '../patch/strategic.ts';
import { ApiError } from '../status.ts';
import { applyPatchRequest } from './apply.ts';
import { updateObject } from './update.ts';

/** The body of a PATCH request. */
export interface PatchRequest {
  /** The media type, which says what kind of patch it is. */
  readonly type: string;
  readonly body: unknown;
  /** Server-side apply: take over fields of other managers. */
  readonly force: boolean;
}

/** A patched object; `created` when an apply made it. */
export interface PatchOutcome {
  readonly object: ApiObject;
  readonly created: boolean;
}

/** Patches the object (or its status) that the call names. */
export async function patchObject(
  api: Api,
  call: Call,
  request: PatchRequest,
): Promise<PatchOutcome> {
  const { type, body } = request;
  if (type === 'application/apply-patch+yaml') return applyPatchRequest(api, call, request);
  const object = await updateObject(api, call, (current) => applyPatch(call, current, type, body));
  return { object, created: false };
}

function applyPatch(call: Call, current: ApiObject, type: string, body: unknown): unknown {
  switch (type) {
    case 'application/json-patch+json':
      return jsonPatch(current, body);
    case 'application/merge-patch+json':
      return applyMergePatch(current, body);
    case 'application/strategic-merge-patch+json':
      if (call.kind.custom === undefined) {
        return strategicPatch(current, clone(body), call.kind.schema);
      }
      throw unsupported(CUSTOM_TYPES);
    default:
      throw unsupported(call.kind.custom === undefined ? BUILTIN_TYPES : CUSTOM_TYPES);
  }
}

const CUSTOM_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];
const BUILTIN_TYPES = [...CUSTOM_TYPES, 'application/strategic-merge-patch+json'];

function unsupported(types: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

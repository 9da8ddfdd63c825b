import type { Api, Call } from '../api.ts';
import { at, isFields, type Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { applyObject, type Applied } from '../patch/apply.ts';
import { apiVersionOf } from '../registry/kind.ts';
import { ApiError, badRequest } from '../status.ts';
import { timestampOf } from '../time.ts';
import { createObject } from './create.ts';
import type { PatchOutcome, PatchRequest } from './patch.ts';
import { updateObject } from './update.ts';

/** Server-side apply: creates the object or merges the applied fields into it. */
export async function applyPatchRequest(
  api: Api,
  call: Call,
  { body, force }: PatchRequest,
): Promise<PatchOutcome> {
  const applied = checkedBody(call, body);
  if (api.store.get(call.kind.storage, call) === undefined && call.subresource === '') {
    const { object } = merge(api, call, { metadata: { name: call.name } }, applied);
    return { object: await createObject(api, call, object), created: true };
  }
  const object = await updateObject(api, call, (current) => {
    const outcome = merge(api, call, current, applied);
    if (!force && outcome.conflicts.length > 0) throw conflictsError(outcome);
    return outcome.object;
  });
  return { object, created: false };
}

function merge(api: Api, call: Call, current: Fields | ApiObject, applied: Fields): Applied {
  return applyObject(current, applied, {
    manager: call.fieldManager,
    apiVersion: apiVersionOf(call.kind),
    now: timestampOf(api.clock.nowMs()),
    schema: call.kind.schema,
  });
}

function checkedBody(call: Call, body: unknown): Fields {
  if (!isFields(body)) throw badRequest('the body of an apply must be an object');
  if (body['apiVersion'] === undefined || body['kind'] === undefined) {
    throw badRequest(`apiVersion and kind are needed to apply ${call.kind.kind}`);
  }
  if (at(body, 'metadata', 'managedFields') !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const name = at(body, 'metadata', 'name') ?? call.name;
  if (name !== call.name) {
    throw badRequest(
      `the name of the object (${JSON.stringify(name)}) does not match the name on the URL (${call.name})`,
    );
  }
  return body;
}

function conflictsError({ conflicts }: Applied): ApiError {
  const texts = conflicts.map(({ manager, path }) => `conflict with "${manager}": ${path}`);
  const count = `${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}`;
  return new ApiError(409, 'Conflict', `Apply failed with ${count}: ${texts.join('\n')}`, {
    causes: conflicts.map(({ manager, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${manager}"`,
      field: path,
    })),
  });
}

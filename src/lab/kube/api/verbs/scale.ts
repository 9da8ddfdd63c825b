import type { Api, Call } from '../api.ts';
import { at, clone, fieldsOf, isFields, type Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { ScalePaths } from '../registry/kind.ts';
import { applyMergePatch } from '../../../../api/patch.ts';
import { jsonPatch } from '../patch/json.ts';
import { badRequest, conflict, invalid, invalidValue } from '../status.ts';
import { selectorText } from '../table/workload.ts';
import { getObject } from './read.ts';
import { updateObject } from './update.ts';

/** The autoscaling/v1 Scale of an object. */
export function scaleOf(object: ApiObject, paths: ScalePaths): Fields {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector === undefined ? undefined : at(object, ...paths.selector);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, ...paths.specReplicas) ?? 0 },
    status: {
      replicas: at(object, ...paths.statusReplicas) ?? 0,
      ...(selector !== undefined && {
        selector: isFields(selector) ? selectorText(selector) : selector,
      }),
    },
  };
}

/** Reads the scale of the object that the call names. */
export function getScale(api: Api, call: Call, paths: ScalePaths): Fields {
  return scaleOf(getObject(api, call), paths);
}

/** Sets the scale by a whole Scale (PUT) or by a patch of one. */
export async function setScale(
  api: Api,
  call: Call,
  {
    paths,
    type,
    body,
  }: { readonly paths: ScalePaths; readonly type: string; readonly body: unknown },
): Promise<Fields> {
  const main: Call = { ...call, subresource: '' };
  const updated = await updateObject(api, main, (current) => {
    const before = scaleOf(current, paths);
    const scale = changed(before, type, body);
    const version = at(scale, 'metadata', 'resourceVersion');
    if (version !== undefined && version !== current.metadata.resourceVersion) {
      throw conflict(call.kind, call.name);
    }
    return withReplicas(call, current, paths, at(scale, 'spec', 'replicas') ?? 0);
  });
  return scaleOf(updated, paths);
}

function changed(before: Fields, type: string, body: unknown): unknown {
  if (type.includes('json-patch')) return jsonPatch(before, body);
  if (type.includes('merge-patch')) return applyMergePatch(before, body);
  return body;
}

function withReplicas(
  call: Call,
  object: ApiObject,
  paths: ScalePaths,
  replicas: unknown,
): ApiObject {
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    throw badRequest(
      'Scale in version "v1" cannot be handled as a Scale: spec.replicas is no number',
    );
  }
  if (replicas < 0) {
    const detail = 'must be greater than or equal to 0';
    throw invalid({ group: 'autoscaling', plural: 'scales', kind: 'Scale' }, call.name, [
      invalidValue('spec.replicas', replicas, detail),
    ]);
  }
  const copy = clone(object);
  let parent: Fields = copy;
  for (const key of paths.specReplicas.slice(0, -1)) {
    parent[key] = fieldsOf(parent[key]);
    parent = parent[key] as Fields;
  }
  parent[paths.specReplicas.at(-1) ?? 'replicas'] = replicas;
  return copy;
}

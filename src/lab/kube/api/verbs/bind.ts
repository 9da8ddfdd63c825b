import type { Api, Call } from '../api.ts';
import { checkObject } from './check.ts';
import { at, fieldsOf, isFields, listOf, textAt, type Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { badRequest, conflict, notFound } from '../status.ts';
import { timestampOf } from '../time.ts';

/** Assigns a pod to a node (core/v1 Binding), once. */
export function bindPod(api: Api, call: Call, body: unknown): Fields {
  const nodeName = textAt(body, 'target', 'name');
  if (nodeName === '') throw badRequest('target.name is required in a Binding');
  const pod = api.store.get('pods', call);
  if (pod === undefined) throw notFound(call.kind, call.name);
  refuse(call, pod, body);
  const bound: ApiObject = {
    ...pod,
    metadata: { ...pod.metadata, ...annotations(pod, body) },
    spec: { ...fieldsOf(pod['spec']), nodeName },
    status: scheduledStatus(fieldsOf(pod['status']), timestampOf(api.clock.nowMs())),
  };
  // The rule that a pod's spec is fixed does not hold for this one field.
  checkObject(call.kind, bound);
  if (!call.dryRun) api.store.put('pods', bound);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

function refuse(call: Call, pod: ApiObject, body: unknown): void {
  const assigned = textAt(pod, 'spec', 'nodeName');
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw conflict(
      call.kind,
      call.name,
      `pod ${call.name} is being deleted, cannot be assigned to a host`,
    );
  }
  if (assigned !== '') {
    const why = `pod ${call.name} is already assigned to node "${assigned}"`;
    throw conflict(call.kind, call.name, why);
  }
  const uid = textAt(body, 'metadata', 'uid');
  if (uid !== '' && uid !== pod.metadata.uid) {
    throw conflict(call.kind, call.name, `uid ${uid} is not that of the pod`);
  }
}

function annotations(pod: ApiObject, body: unknown): Fields {
  const given = at(body, 'metadata', 'annotations');
  if (!isFields(given)) return {};
  return { annotations: { ...pod.metadata.annotations, ...given } };
}

function scheduledStatus(status: Fields, now: string): Fields {
  const others = listOf(status['conditions']).filter(
    (condition) => textAt(condition, 'type') !== 'PodScheduled',
  );
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: now,
  };
  return { ...status, conditions: [...others, scheduled] };
}

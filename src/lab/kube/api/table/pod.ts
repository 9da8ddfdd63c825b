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
import { AGE_COLUMN, ageText, NAME_COLUMN, text, wide, type Column } from './column.ts';

/** Columns of pods (printPod in pkg/printers/internalversion/printers.go). */
export const POD_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  text('Ready', readyText),
  text('Status', podStatusText),
  text('Restarts', (pod, { nowMs }) => restartsText(pod, nowMs)),
  AGE_COLUMN,
  wide('IP', (pod) => textAt(pod, 'status', 'podIP') || '<none>'),
  wide('Node', (pod) => textAt(pod, 'spec', 'nodeName') || '<none>'),
  wide('Nominated Node', (pod) => textAt(pod, 'status', 'nominatedNodeName') || '<none>'),
  wide('Readiness Gates', gatesText),
];

function statuses(pod: ApiObject, list = 'containerStatuses'): Fields[] {
  return listOf(at(pod, 'status', list)).filter(isFields);
}

function readyText(pod: ApiObject): string {
  const ready = statuses(pod).filter(
    (status) => status['ready'] === true && at(status, 'state', 'running') !== undefined,
  ).length;
  return `${ready}/${listOf(at(pod, 'spec', 'containers')).length}`;
}

function restartsText(pod: ApiObject, nowMs: number): string {
  const all = statuses(pod);
  const restarts = all.reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0);
  const last = all
    .map((status) => textAt(status, 'lastState', 'terminated', 'finishedAt'))
    .sort()
    .at(-1);
  if (restarts === 0 || last === undefined || last === '') return String(restarts);
  return `${restarts} (${ageText(last, nowMs)} ago)`;
}

function gatesText(pod: ApiObject): string {
  const gates = listOf(at(pod, 'spec', 'readinessGates'));
  if (gates.length === 0) return '<none>';
  const conditions = listOf(at(pod, 'status', 'conditions'));
  const met = gates.filter((gate) =>
    conditions.some(
      (condition) =>
        textAt(condition, 'type') === textAt(gate, 'conditionType') &&
        textAt(condition, 'status') === 'True',
    ),
  );
  return `${met.length}/${gates.length}`;
}

/** The word for a pod's state: `Running`, `ContainerCreating`, `CrashLoopBackOff`, `Terminating`. */
export function podStatusText(pod: ApiObject): string {
  const reason = textAt(pod, 'status', 'reason');
  const base = reason || textAt(pod, 'status', 'phase') || 'Unknown';
  const shown = initText(pod) ?? containersText(pod, gatedText(pod) ?? base);
  if (pod.metadata.deletionTimestamp === undefined) return shown;
  if (reason === 'NodeLost') return 'Unknown';
  const phase = textAt(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed' ? shown : 'Terminating';
}

function gatedText(pod: ApiObject): string | undefined {
  const gated = listOf(at(pod, 'status', 'conditions')).some(
    (condition) =>
      textAt(condition, 'type') === 'PodScheduled' &&
      textAt(condition, 'reason') === 'SchedulingGated',
  );
  return gated ? 'SchedulingGated' : undefined;
}

function initText(pod: ApiObject): string | undefined {
  const all = statuses(pod, 'initContainerStatuses');
  const total = listOf(at(pod, 'spec', 'initContainers')).length;
  for (const [index, status] of all.entries()) {
    const terminated = at(status, 'state', 'terminated');
    if (isFields(terminated) && (numberAt(terminated, 'exitCode') ?? 0) === 0) continue;
    if (isFields(terminated)) return `Init:${terminatedText(terminated)}`;
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function terminatedText(terminated: Fields): string {
  const reason = textAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal') ?? 0;
  if (signal !== 0) return `Signal:${signal}`;
  return `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}`;
}

function containersText(pod: ApiObject, base: string): string {
  let shown = base;
  let running = false;
  for (const status of statuses(pod).toReversed()) {
    const state = fieldsOf(status['state']);
    const waiting = textAt(state, 'waiting', 'reason');
    if (waiting !== '') shown = waiting;
    else if (isFields(state['terminated'])) shown = terminatedText(state['terminated']);
    else if (status['ready'] === true && isFields(state['running'])) running = true;
  }
  if (shown !== 'Completed' || !running) return shown;
  return isReady(pod) ? 'Running' : 'NotReady';
}

function isReady(pod: ApiObject): boolean {
  return listOf(at(pod, 'status', 'conditions')).some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
}

import {
  at,
  childOf,
  fieldsOf,
  isFields,
  setDefault,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { Behaviour } from '../registry/kind.ts';
import { matchLabelSelector } from '../selector/label.ts';
import { invalidValue, notSupported, required, type FieldProblem } from '../status.ts';
import { immutableProblem } from './metadata.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { podSpecProblems } from './pod-rules.ts';

/** Rules of Deployments (k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go). */
export const DEPLOYMENT: Behaviour = {
  defaults: (object) => {
    const spec = childOf(object, 'spec');
    setDefault(spec, 'replicas', 1);
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'progressDeadlineSeconds', 600);
    const strategy = childOf(spec, 'strategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = childOf(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', '25%');
      setDefault(rolling, 'maxSurge', '25%');
    }
    defaultTemplate(spec);
  },
  prepareCreate: clearStatus,
  validate: (object, before) => [
    ...workloadProblems(object, before),
    ...replicaProblems(object),
    ...strategyProblems(fieldsOf(at(object, 'spec', 'strategy'))),
  ],
};

/** Rules of ReplicaSets. */
export const REPLICA_SET: Behaviour = {
  defaults: (object) => {
    const spec = childOf(object, 'spec');
    setDefault(spec, 'replicas', 1);
    defaultTemplate(spec);
  },
  prepareCreate: (object) => {
    object['status'] = { replicas: 0 };
  },
  validate: (object, before) => [...workloadProblems(object, before), ...replicaProblems(object)],
};

/** Rules of DaemonSets. */
export const DAEMON_SET: Behaviour = {
  defaults: (object) => {
    const spec = childOf(object, 'spec');
    setDefault(spec, 'revisionHistoryLimit', 10);
    const strategy = childOf(spec, 'updateStrategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = childOf(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', 1);
      setDefault(rolling, 'maxSurge', 0);
    }
    defaultTemplate(spec);
  },
  prepareCreate: (object) => {
    object['status'] = {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    };
  },
  validate: (object, before) => workloadProblems(object, before),
};

/** Forgets a status that a client sends with a new object. */
export function clearStatus(object: ApiObject): void {
  object['status'] = {};
}

function defaultTemplate(spec: Fields): void {
  const template = spec['template'];
  if (!isFields(template)) return;
  childOf(template, 'metadata');
  const podSpec = template['spec'];
  if (isFields(podSpec)) defaultPodSpec(podSpec);
}

function workloadProblems(object: ApiObject, before: ApiObject | undefined): FieldProblem[] {
  const spec = fieldsOf(object['spec']);
  const selector = spec['selector'];
  const template = fieldsOf(spec['template']);
  const policy = textAt(template, 'spec', 'restartPolicy');
  return [
    ...selectorProblems(selector, template),
    ...(before === undefined
      ? []
      : immutableProblem('spec.selector', selector, at(before, 'spec', 'selector'))),
    ...podSpecProblems(fieldsOf(template['spec']), 'spec.template.spec'),
    ...(policy !== '' && policy !== 'Always'
      ? [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])]
      : []),
  ];
}

function selectorProblems(selector: unknown, template: Fields): FieldProblem[] {
  if (!isFields(selector)) return [required('spec.selector')];
  if (Object.keys(selector).length === 0) {
    const detail = 'empty selector is invalid for deployment';
    return [invalidValue('spec.selector', selector, detail)];
  }
  const labels = fieldsOf(at(template, 'metadata', 'labels')) as Record<string, string>;
  if (matchLabelSelector(selector)(labels)) return [];
  const detail = '`selector` does not match template `labels`';
  return [invalidValue('spec.template.metadata.labels', labels, detail)];
}

function replicaProblems(object: ApiObject): FieldProblem[] {
  const replicas = at(object, 'spec', 'replicas');
  if (typeof replicas !== 'number' || replicas >= 0) return [];
  return [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')];
}

function strategyProblems(strategy: Fields): FieldProblem[] {
  const choices = ['Recreate', 'RollingUpdate'];
  const type = textAt(strategy, 'type');
  if (!choices.includes(type)) return [notSupported('spec.strategy.type', type, choices)];
  if (type !== 'Recreate' || strategy['rollingUpdate'] === undefined) return [];
  const text = "Forbidden: may not be specified when strategy `type` is 'Recreate'";
  return [{ path: 'spec.strategy.rollingUpdate', reason: 'FieldValueForbidden', text }];
}

import { childOf, fieldsOf, isFields, setDefault } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { Behaviour } from '../registry/kind.ts';
import { defaultPodSpec, qosClassOf } from './pod-defaults.ts';
import { podSpecProblems, podUpdateProblems } from './pod-rules.ts';

const NOT_READY_TOLERATIONS = ['not-ready', 'unreachable'].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** Rules of pods. */
export const POD: Behaviour = {
  defaults: (pod) => {
    const spec = childOf(pod, 'spec');
    defaultPodSpec(spec);
    setDefault(spec, 'enableServiceLinks', true);
  },
  prepareCreate: (pod) => {
    pod['status'] = { phase: 'Pending', qosClass: qosClassOf(fieldsOf(pod['spec'])) };
  },
  validate: (pod, before) => {
    const spec = fieldsOf(pod['spec']);
    if (before === undefined) return podSpecProblems(spec, 'spec');
    const problems = podUpdateProblems(spec, fieldsOf(before['spec']));
    return problems.length > 0 ? problems : podSpecProblems(spec, 'spec');
  },
};

/**
 * What the ServiceAccount and DefaultTolerationSeconds admission plug-ins do to a new pod. It runs
 * before webhooks, which therefore see the account's name. No token is mounted in the lab.
 */
export function admitPod(pod: ApiObject): void {
  const spec = childOf(pod, 'spec');
  setDefault(spec, 'serviceAccountName', 'default');
  setDefault(spec, 'serviceAccount', spec['serviceAccountName']);
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  setDefault(spec, 'priority', 0);
  const tolerations = Array.isArray(spec['tolerations']) ? spec['tolerations'] : [];
  const tolerated = (key: string): boolean =>
    tolerations.some(
      (each) =>
        isFields(each) &&
        (each['key'] === key || (each['key'] === undefined && each['operator'] === 'Exists')) &&
        (each['effect'] === undefined || each['effect'] === 'NoExecute'),
    );
  const missing = NOT_READY_TOLERATIONS.filter(({ key }) => !tolerated(key));
  if (missing.length > 0) spec['tolerations'] = [...tolerations, ...missing.map((t) => ({ ...t }))];
}

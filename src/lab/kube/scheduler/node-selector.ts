import type { Node } from '../../../api/core/node.ts';
import type { NodeSelectorTerm, Pod } from '../../../api/core/pod.ts';
import type { LabelSelectorRequirement } from '../../../api/meta.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether the node satisfies the pod's nodeSelector and its required node affinity. */
export function nodeIsSelected(pod: Pick<Pod, 'spec'>, node: Node): boolean {
  const { nodeSelector, affinity } = pod.spec;
  const terms =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    labelsInclude(node.metadata.labels ?? {}, nodeSelector ?? {}) &&
    (terms === undefined || terms.some((term) => termHolds(term, node)))
  );
}

/** Whether every wanted label is there with the same value. */
export function labelsInclude(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** A term without requirements selects nothing. */
function termHolds({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node) {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const fields = { 'metadata.name': node.metadata.name };
  return (
    matchExpressions.every((requirement) => requirementHolds(requirement, labels)) &&
    matchFields.every((requirement) => requirementHolds(requirement, fields))
  );
}

type Test = (value: string | undefined, values: readonly string[]) => boolean;

/** Node selectors add Gt and Lt to the four operators of label selectors. */
const OPERATORS: Readonly<Record<string, Test>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
  Gt: (value, [limit]) => value !== undefined && Number(value) > Number(limit),
  Lt: (value, [limit]) => value !== undefined && Number(value) < Number(limit),
};

/** An operator that is none of the six never holds. */
function requirementHolds(requirement: LabelSelectorRequirement, labels: Labels): boolean {
  const { key, operator, values = [] } = requirement;
  // No name is special, though every JavaScript object inherits some.
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  return OPERATORS[operator]?.(value, values) ?? false;
}

import type { Admission, AdmissionRequest } from '../../api/admission.ts';
import type { KubeObject } from '../../api/meta.ts';
import { HAS_TRUNK_LABEL } from '../../api/names.ts';
import { sameJson } from '../../base/json.ts';

/** The only user that `vnode.vpc.k8s.aws` restricts. */
export const AGENT_USER = 'system:serviceaccount:kube-system:aws-node';

/** Labels that the agent may write on its node (spec: eks-behaviour 2.4). */
const AGENT_LABELS: readonly string[] = [HAS_TRUNK_LABEL, 'vpc.amazonaws.com/eniConfig'];
/** Fields that the API server itself changes on every write. */
const SERVER_FIELDS: readonly string[] = [
  'managedFields',
  'selfLink',
  'resourceVersion',
  'generation',
];
const FORBIDDEN = 403;

/** Lets the agent change two labels of a node and nothing else; everybody else passes. */
export function validateNode(request: AdmissionRequest): Admission {
  if (request.operation !== 'UPDATE' || request.userInfo?.username !== AGENT_USER) {
    return { allowed: true };
  }
  if (sameJson(guarded(request.oldObject), guarded(request.object))) return { allowed: true };
  const message = 'aws-node can only update limited fields on the Node Object';
  return { allowed: false, code: FORBIDDEN, message };
}

function guarded(node: KubeObject | null | undefined): unknown {
  const { labels, ...metadata } = node?.metadata ?? { name: '' };
  return {
    ...node,
    metadata: {
      ...without(metadata, SERVER_FIELDS),
      labels: without(labels ?? {}, AGENT_LABELS),
    },
  };
}

function without(fields: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

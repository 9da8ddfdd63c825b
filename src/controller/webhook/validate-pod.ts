import type { Admission, AdmissionRequest } from '../../api/admission.ts';
import type { KubeObject } from '../../api/meta.ts';
import { FARGATE_POD_SG, POD_ENI } from '../../api/names.ts';

/** Users that may write the branch annotation (spec: eks-behaviour 2.3). */
const CONTROLLER_USERS: ReadonlySet<string> = new Set([
  'system:serviceaccount:kube-system:vpc-resource-controller',
  'system:serviceaccount:kube-system:eks-vpc-resource-controller',
  'eks:vpc-resource-controller',
]);
const FORBIDDEN = 403;

/** The decision table of `vpod.vpc.k8s.aws`: who may write which annotation of a pod. */
export function validatePod(request: AdmissionRequest): Admission {
  if (request.operation === 'CREATE') return validateCreate(request);
  if (request.operation === 'UPDATE') return validateUpdate(request);
  return { allowed: true };
}

function validateCreate({ object }: AdmissionRequest): Admission {
  if (!Object.hasOwn(object?.metadata.annotations ?? {}, POD_ENI)) return { allowed: true };
  return denied(`pod cannot be created with ${POD_ENI} annotation`);
}

function validateUpdate({ object, oldObject, userInfo }: AdmissionRequest): Admission {
  const changed = (key: string): boolean => valueOf(object, key) !== valueOf(oldObject, key);
  if (changed(FARGATE_POD_SG)) return denied('annotation is not set by mutating webhook');
  const trusted = CONTROLLER_USERS.has(userInfo?.username ?? '');
  if (changed(POD_ENI) && !trusted) {
    return denied('annotation is not set by vpc-resource-controller');
  }
  return { allowed: true };
}

/** Absent and empty count as equal. */
function valueOf(object: KubeObject | null | undefined, key: string): string {
  return object?.metadata.annotations?.[key] ?? '';
}

function denied(message: string): Admission {
  return { allowed: false, code: FORBIDDEN, message };
}

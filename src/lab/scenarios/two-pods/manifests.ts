import type { Deployment } from '../../../api/apps/deployment.ts';
import type { Pod, PodSpec } from '../../../api/core/pod.ts';
import type { Service } from '../../../api/core/service.ts';
import type { SecurityGroupPolicy } from '../../../api/security-group-policy.ts';

/** Namespace of the demo's pods. */
export const DEMO_NAMESPACE = 'default';
/** Port on which `catalog` and `checkout` answer. */
export const APP_PORT = 8080;
/** The policy of the demo: pods with role=payments wear the group. */
export function paymentsPolicy(groupId: string): SecurityGroupPolicy {
  return {
    apiVersion: 'vpcresources.k8s.aws/v1beta1',
    kind: 'SecurityGroupPolicy',
    metadata: { name: 'payments', namespace: DEMO_NAMESPACE },
    spec: {
      podSelector: { matchLabels: { role: 'payments' } },
      securityGroups: { groupIds: [groupId] },
    },
  };
}

/** What distinguishes the demo's workloads. */
export interface WorkloadPlan {
  readonly name: string;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Address of the database, for the pod's PGHOST. */
  readonly databaseHost: string;
}

/** A Deployment with one pod pinned to a node. */
export function deployment(plan: WorkloadPlan): Deployment {
  const template = podTemplate(plan);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: plan.name, namespace: DEMO_NAMESPACE, labels: { app: plan.name } },
    spec: { replicas: 1, selector: { matchLabels: { app: plan.name } }, template },
  };
}

/** The Service of a workload. */
export function service(name: string): Service {
  return {
    metadata: { name, namespace: DEMO_NAMESPACE, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: APP_PORT }] },
  };
}

/** A single pod pinned to a node. */
export function pod(plan: WorkloadPlan): Pod {
  const { metadata, spec } = podTemplate(plan);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: plan.name, namespace: DEMO_NAMESPACE, ...metadata },
    spec,
  };
}

function podTemplate(plan: WorkloadPlan): {
  metadata: { labels: Record<string, string> };
  spec: PodSpec;
} {
  return {
    metadata: { labels: { app: plan.name, ...plan.labels } },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': plan.node },
      terminationGracePeriodSeconds: 2,
      containers: [
        {
          name: plan.name,
          image: `example.com/shop/${plan.name}:1.0`,
          env: [
            { name: 'PGHOST', value: plan.databaseHost },
            { name: 'PGUSER', value: 'postgres' },
            { name: 'PGDATABASE', value: 'postgres' },
            { name: 'PGCONNECT_TIMEOUT', value: '1' },
          ],
          ports: [{ containerPort: APP_PORT }],
          readinessProbe: {
            httpGet: { path: '/', port: APP_PORT },
            periodSeconds: 1,
            failureThreshold: 30,
          },
        },
      ],
    },
  };
}

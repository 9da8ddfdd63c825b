import { DEPLOYMENTS, type Deployment } from '../../api/apps/deployment.ts';
import { ENDPOINT_SLICES, SERVICE_NAME_LABEL } from '../../api/core/endpoints.ts';
import { SERVICES, type Service } from '../../api/core/service.ts';
import { CLUSTER_DOMAIN } from '../dns/zone.ts';
import { serveZone } from '../dns/serve-zone.ts';
import type { LabRuntime } from '../launch/runtime.ts';
import type { Running } from './component.ts';
import { LAB_REGION, type ControlPlane } from './control-plane.ts';
import { ensure } from './ensure.ts';
import type { SeededInstance, SeededVpc } from './seed-vpc.ts';

const NAMESPACE = 'kube-system';
const NAME = 'kube-dns';
const LABELS = { 'k8s-app': NAME, 'eks.amazonaws.com/component': 'coredns' };
/** Domain of the private names of instances in us-east-1. */
const PRIVATE_DOMAIN = 'ec2.internal';
/** The tenth address of 10.100.0.0/16, as on EKS. */
const ADDRESS = '10.100.0.10';
const ZONE_SOCKET = 'zone.sock';

/** What kubelets of the lab tell pods. */
export const CLUSTER_DNS = {
  address: ADDRESS,
  domain: CLUSTER_DOMAIN,
  nodeSearches: [PRIVATE_DOMAIN],
} as const;

/** Tells name servers what names mean; deploy them with `deployClusterDns`. */
export function startZone(
  runtime: LabRuntime,
  { informers }: Pick<ControlPlane, 'informers'>,
  seeded: SeededVpc,
): Promise<Running> {
  return serveZone({
    socketPath: `${runtime.runDir}/${ZONE_SOCKET}`,
    hosts: Object.fromEntries(seeded.instances.flatMap(namesOf)),
    informers,
    clock: runtime.clock,
    log: runtime.log.child({ component: 'zone' }),
  });
}

/** The private name that EC2 gives an instance, its own name, and what RDS would call a database. */
function namesOf({
  name,
  privateIp,
  isNode,
}: SeededInstance): readonly (readonly [string, string])[] {
  const names = [
    `ip-${privateIp.replaceAll('.', '-')}.${PRIVATE_DOMAIN}`,
    `${name}.${PRIVATE_DOMAIN}`,
  ];
  const database = isNode ? [] : [`${name}.trunkline-lab.${LAB_REGION}.rds.amazonaws.com`];
  return [...names, ...database].map((each) => [each, privateIp]);
}

/** Creates CoreDNS and its Service as EKS has them; answers when the Service has a ready endpoint. */
export async function deployClusterDns(
  runtime: LabRuntime,
  { kube, informers }: Pick<ControlPlane, 'kube' | 'informers'>,
): Promise<void> {
  await ensure(kube, SERVICES, service());
  const wanted = deployment(`${runtime.runDir}/${ZONE_SOCKET}`);
  await ensure(kube, DEPLOYMENTS, wanted);
  // A lab that was kept knows the socket of an earlier run.
  await kube.patch(DEPLOYMENTS, wanted.metadata, { type: 'merge', body: { spec: wanted.spec } });
  const slices = informers.informer(ENDPOINT_SLICES);
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = slices.subscribe(({ object: { metadata, endpoints } }) => {
    const isOurs =
      metadata.namespace === NAMESPACE && metadata.labels?.[SERVICE_NAME_LABEL] === NAME;
    if (isOurs && endpoints.some(({ conditions }) => conditions?.ready === true)) resolve();
  });
  const onStop = (): void => resolve();
  runtime.signal.addEventListener('abort', onStop, { once: true });
  await promise;
  runtime.signal.removeEventListener('abort', onStop);
  unsubscribe();
}

function service(): Service {
  return {
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      clusterIP: ADDRESS,
      selector: { 'k8s-app': NAME },
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
    },
  };
}

/** One replica where EKS has two: the lab's name server keeps nothing. */
function deployment(zoneSocket: string): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: NAMESPACE, labels: LABELS },
    spec: {
      replicas: 1,
      selector: { matchLabels: { 'k8s-app': NAME } },
      template: {
        metadata: { labels: LABELS },
        spec: {
          dnsPolicy: 'Default',
          terminationGracePeriodSeconds: 2,
          containers: [
            {
              name: 'coredns',
              image: `602401143452.dkr.ecr.${LAB_REGION}.amazonaws.com/eks/coredns:v1.11.4-eksbuild.2`,
              env: [{ name: 'TRUNKLINE_ZONE_SOCKET', value: zoneSocket }],
              ports: [
                { name: 'dns', containerPort: 53, protocol: 'UDP' },
                { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
              ],
              readinessProbe: {
                httpGet: { path: '/ready', port: 8181 },
                periodSeconds: 1,
                failureThreshold: 30,
              },
            },
          ],
        },
      },
    },
  };
}

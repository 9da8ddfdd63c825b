import {
  AuthorizeSecurityGroupIngressCommand,
  RevokeSecurityGroupIngressCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { DEPLOYMENTS } from '../../../api/apps/deployment.ts';
import type { KubeClient } from '../../../api/client.ts';
import { PODS } from '../../../api/core/pod.ts';
import { SECURITY_GROUP_POLICIES } from '../../../api/security-group-policy.ts';
import { must } from '../../../base/assert.ts';
import type { LabRuntime } from '../../launch/runtime.ts';
import { tcpFrom, type SeededInstance, type SeededVpc } from '../../world/seed-vpc.ts';
import { ensure } from '../../world/ensure.ts';
import { branchOf, waitUntilGone, type BranchEnd } from './branch-end.ts';
import { APP_PORT, deployment, paymentsPolicy, pod } from './manifests.ts';
import { runProbe, type DemoPod, type Probe, type ProbeDeps } from './probe.ts';
import { readyPod } from './ready-pod.ts';
import { rowHolds, verdictTable, type VerdictRow } from './verdict-table.ts';

const POSTGRES_PORT = 5432;
const QUERY = ['psql', '-t', '-A', '-c', 'select count(*) from orders'];

/** What the scenario needs of a lab that is up. */
export interface DemoLab extends ProbeDeps {
  readonly kube: KubeClient;
  readonly sdk: EC2Client;
  readonly seeded: SeededVpc;
  readonly report: LabRuntime['report'];
}

/** How the scenario went. */
export interface DemoResult {
  readonly ok: boolean;
  readonly rows: readonly VerdictRow[];
  readonly branchEnd: BranchEnd;
  /** The verdict table and the lines under it. */
  readonly text: string;
}

/** Applies the policy and the two deployments; answers when both pods are ready. */
export async function deployTwoPods(
  lab: Pick<DemoLab, 'kube' | 'seeded' | 'clock' | 'signal'>,
): Promise<{ checkout: DemoPod; catalog: DemoPod }> {
  const databaseHost = database(lab.seeded).privateIp;
  const plan = { node: 'node-1', databaseHost };
  const labels = { role: 'payments' };
  await ensure(lab.kube, SECURITY_GROUP_POLICIES, paymentsPolicy(lab.seeded.groups.payments));
  await ensure(lab.kube, DEPLOYMENTS, deployment({ ...plan, name: 'checkout', labels }));
  await ensure(lab.kube, DEPLOYMENTS, deployment({ ...plan, name: 'catalog', labels: {} }));
  const [checkout, catalog] = await Promise.all([
    readyPod(lab, 'checkout'),
    readyPod(lab, 'catalog'),
  ]);
  return { checkout, catalog };
}

/** Plays the five steps of the two-pods scenario on a lab that is up. */
export async function playTwoPods(lab: DemoLab): Promise<DemoResult> {
  const rows: VerdictRow[] = [];
  const probe = async (plan: Probe): Promise<void> => {
    rows.push(await runProbe(lab, plan));
  };
  step(lab, 'Deploying checkout (role=payments) and catalog on node-1');
  const { checkout, catalog } = await deployTwoPods(lab);
  await queryDatabase(lab, { checkout, catalog }, probe);
  await revokeAndAuthorise(lab, checkout, probe);
  const second = await secondNode(lab, probe);
  await sameNode(lab, { checkout, catalog }, probe);
  step(lab, `5. Deleting ${second.label}: its branch cools down and goes away`);
  const branch = await branchOf(lab, second);
  await lab.kube.delete(PODS, { name: second.name, namespace: second.namespace });
  const branchEnd = await waitUntilGone(lab, branch);
  const ok = rows.every(rowHolds) && branchEnd.gone;
  return { ok, rows, branchEnd, text: `${verdictTable(rows)}\n\n${branchEnd.text}` };
}

type Try = (probe: Probe) => Promise<void>;

async function queryDatabase(
  lab: DemoLab,
  pods: { checkout: DemoPod; catalog: DemoPod },
  probe: Try,
): Promise<void> {
  step(lab, '1. Both pods ask the database for its orders');
  await probe({ ...query(lab, pods.checkout), step: 1, expected: 'admitted' });
  await probe({ ...query(lab, pods.catalog), step: 1, expected: 'dropped' });
}

async function revokeAndAuthorise(lab: DemoLab, checkout: DemoPod, probe: Try): Promise<void> {
  step(lab, '2. Revoking the rule of rds, then authorising it again');
  const { rds, payments } = lab.seeded.groups;
  const change = { GroupId: rds, IpPermissions: [tcpFrom(POSTGRES_PORT, payments)] };
  await lab.sdk.send(new RevokeSecurityGroupIngressCommand(change));
  await probe({ ...query(lab, checkout), step: 2, expected: 'dropped' });
  await lab.sdk.send(new AuthorizeSecurityGroupIngressCommand(change));
  await probe({ ...query(lab, checkout), step: 2, expected: 'admitted' });
}

async function secondNode(lab: DemoLab, probe: Try): Promise<DemoPod> {
  step(lab, '3. A pod of the policy on node-2');
  const name = 'checkout-2';
  const databaseHost = database(lab.seeded).privateIp;
  await ensure(
    lab.kube,
    PODS,
    pod({ name, node: 'node-2', labels: { role: 'payments' }, databaseHost }),
  );
  const second = await readyPod(lab, name);
  await probe({ ...query(lab, second), step: 3, expected: 'admitted' });
  return second;
}

async function sameNode(
  lab: DemoLab,
  pods: { checkout: DemoPod; catalog: DemoPod },
  probe: Try,
): Promise<void> {
  step(lab, '4. checkout calls catalog on the same node, without and with a rule');
  const { node, payments } = lab.seeded.groups;
  const call = {
    step: 4,
    from: pods.checkout,
    to: { label: 'catalog', ip: pods.catalog.ip, port: APP_PORT },
    command: ['tcp-probe', pods.catalog.ip, String(APP_PORT), '1'],
  };
  const change = { GroupId: node, IpPermissions: [tcpFrom(APP_PORT, payments)] };
  await probe({ ...call, expected: 'dropped' });
  await lab.sdk.send(new AuthorizeSecurityGroupIngressCommand(change));
  await probe({ ...call, expected: 'admitted' });
  await lab.sdk.send(new RevokeSecurityGroupIngressCommand(change));
}

function query(lab: DemoLab, from: DemoPod): Pick<Probe, 'from' | 'to' | 'command'> {
  const to = { label: 'rds', ip: database(lab.seeded).privateIp, port: POSTGRES_PORT };
  return { from, to, command: QUERY };
}

function database(seeded: SeededVpc): SeededInstance {
  return must(
    seeded.instances.find((instance) => instance.name === 'rds'),
    () => 'The lab has no database host',
  );
}

function step(lab: DemoLab, text: string): void {
  lab.report({ kind: 'step', text });
}

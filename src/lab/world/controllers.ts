import { MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS } from '../../api/admission.ts';
import { startController } from '../../controller/controller.ts';
import { webhookConfigurations } from '../../controller/webhook/configurations.ts';
import { startWebhook } from '../../controller/webhook/webhook.ts';
import { cryptoRandom } from '../../io/random.ts';
import { serveJson } from '../../io/webhook-server.ts';
import type { LabRuntime } from '../launch/runtime.ts';
import { Component, type Running } from './component.ts';
import { LAB_ACCOUNT, LAB_CLUSTER, type ControlPlane } from './control-plane.ts';
import type { SeededVpc } from './seed-vpc.ts';

/** Port of the webhook inside the lab's namespace, as upstream (spec: eks-behaviour 2.1). */
const WEBHOOK_PORT = 9443;
const WEBHOOK_HOST = '127.0.0.1';
/** One of the users that may write the branch annotation (spec: eks-behaviour 2.3). */
const CONTROLLER_USER = 'system:serviceaccount:kube-system:vpc-resource-controller';
/** Cool-down of the demo, so that step 5 can be watched; `lab up` keeps EKS's 60 s. */
const DEMO_COOL_DOWN_MS = 2_000;

/** The parts that `trunkline lab stop|start` knows: what the cluster does without them matters. */
export function controllerComponents(
  runtime: LabRuntime,
  plane: ControlPlane,
  seeded: SeededVpc,
): readonly Component[] {
  return [
    new Component('webhook', () => launchWebhook(runtime, plane, seeded)),
    new Component('controller', () => launchController(runtime, plane, seeded)),
  ];
}

async function launchWebhook(
  runtime: LabRuntime,
  plane: ControlPlane,
  seeded: SeededVpc,
): Promise<Running> {
  const { kube, ec2, pki } = plane;
  const webhook = await startWebhook({
    serve: serveJson,
    listen: { host: WEBHOOK_HOST, port: WEBHOOK_PORT },
    tls: await pki.serverCertificate([WEBHOOK_HOST]),
    kube,
    ec2,
    vpcId: seeded.vpcId,
    log: runtime.log.child({ component: 'webhook' }),
  });
  await registerWebhook(plane);
  return webhook;
}

/** Registers once; it stays registered while the webhook is stopped, and fails closed. */
async function registerWebhook({ kube, pki }: ControlPlane): Promise<void> {
  const url = `https://${WEBHOOK_HOST}:${WEBHOOK_PORT}`;
  for (const configuration of webhookConfigurations({ url, caPem: pki.caPem })) {
    const mutating = configuration.kind === MUTATING_WEBHOOKS.kind;
    const resource = mutating ? MUTATING_WEBHOOKS : VALIDATING_WEBHOOKS;
    const { name } = configuration.metadata;
    const present = await kube.get(resource, { name });
    if (!present) await kube.create(resource, configuration);
    else await kube.patch(resource, { name }, { type: 'merge', body: configuration });
  }
}

async function launchController(
  runtime: LabRuntime,
  plane: ControlPlane,
  seeded: SeededVpc,
): Promise<Running> {
  return startController({
    kube: await plane.signIn(CONTROLLER_USER),
    informers: plane.informers,
    ec2: plane.ec2,
    clock: runtime.clock,
    random: cryptoRandom,
    log: runtime.log.child({ component: 'controller' }),
    clusterName: LAB_CLUSTER,
    vpcId: seeded.vpcId,
    accountId: LAB_ACCOUNT,
    ...(runtime.mode === 'demo' && {
      coolDownMs: DEMO_COOL_DOWN_MS,
      minimumCoolDownMs: DEMO_COOL_DOWN_MS,
    }),
  });
}
